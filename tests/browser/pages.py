"""What the tests of every page do in a browser: sign in, and ask axe what is wrong with what they see."""

import re
import time
from collections.abc import Callable

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests import cast


def sign_in(page: Page, username: str) -> None:
    """Through the form, and on to wherever that leads."""
    page.goto("/login/")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.keyboard.press("Enter")
    expect(page).not_to_have_url(re.compile("/login/"))


def findings(page: Page) -> list[str]:
    """What is not accessible on the page as it is now: rule and element."""
    violations = Axe().run(page).response["violations"]
    return [f"{found['id']}: {node['target']}" for found in violations for node in found["nodes"]]


def until(page: Page, holds: Callable[[], bool], *, seconds: float = 15) -> None:
    """Wait for what a page does not show, while the page goes on."""
    gives_up = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < gives_up, f"not within {seconds} s: {holds}"
        page.wait_for_timeout(50)
