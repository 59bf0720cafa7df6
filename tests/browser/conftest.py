"""A real browser in front of a real web process (the fixture `site`)."""

import threading
from collections.abc import Iterator
from typing import Any

import psutil
import pytest
from django.conf import settings

from tests.browser import crawl
from tools import chromium

PATIENCE_SECONDS = 300  # for one test, on a machine that is busy


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The machine's Chromium, or one sentence: a browser test is never skipped."""
    try:
        return browser_type_launch_args | chromium.launch_options()
    except chromium.Missing as missing:
        raise pytest.fail.Exception(str(missing), pytrace=False) from None


@pytest.fixture(scope="session")
def base_url() -> str:
    """Where `page.goto("/")` leads. (The plugin's own fixture of this name is of a kind that pytest warns about.)"""
    return f"http://127.0.0.1:{settings.PORT}"


@pytest.fixture(scope="session", autouse=True)
def _orm_beside_playwright() -> Iterator[None]:
    """Playwright's loop runs in the test's thread, so Django takes every query of a test for one inside a coroutine."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        yield


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    crawl.summarize(terminalreporter, config)


@pytest.fixture(autouse=True)
def _a_browser_that_stands_still_is_ended() -> Iterator[None]:
    """Playwright waits without end for a tab to open or close. The test then fails, and the run comes to its end."""
    watch = threading.Timer(PATIENCE_SECONDS, _end_the_browser)
    watch.start()
    yield
    watch.cancel()


def _end_the_browser() -> None:
    for process in psutil.Process().children(recursive=True):
        if "chrom" in process.name():
            process.kill()
