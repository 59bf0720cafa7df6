"""A pytest plugin: PostgreSQL and Redis of their own for each test run, started before the Django settings are read.

Every run has its own home under `.portal/test/`, so that two runs at the same time never meet; what a killed run left
there is cleared by the next. With DATABASE_URL and REDIS_URL set, those servers are used instead.
"""

import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from portal import env
from tools import embedded, hold, ports, secret_key

DEVELOPERS_OWN = ("ALLOWED_HOSTS", "DEBUG", "DEMO", "LOG_JSON", "LOG_LEVEL", "PORTAL_DEMO", "PORTAL_URL", "SECRET_KEY")
HOMES = env.ROOT / ".portal" / "test"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Around pytest-django's own hook, which reads the settings."""
    # A run that is cancelled (CI sends SIGTERM) stops its servers, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    stack = contextlib.ExitStack()
    early_config.add_cleanup(stack.close)
    stack.enter_context(_servers())
    return (yield)


@contextlib.contextmanager
def _servers() -> Iterator[None]:
    """The environment of a test run: its own home, servers and port, and nothing of the developer's settings."""
    os.environ["PORTAL_ENV_FILE"] = os.devnull
    for name in DEVELOPERS_OWN:
        os.environ.pop(name, None)
    with _home() as home, embedded.running(home, throw_away=True) as servers:
        secret_key.ensure(home)
        os.environ |= {
            "PORTAL_HOME": str(home),
            "DATABASE_URL": servers.database_url,
            "REDIS_URL": servers.redis_url,
            "PORT": str(ports.free()),
        }
        yield


@contextlib.contextmanager
def _home() -> Iterator[Path]:
    """A new home, held; removed at the end."""
    HOMES.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        with hold.waiting(HOMES):
            for abandoned in HOMES.iterdir():
                _remove_if_abandoned(abandoned)
            home = Path(tempfile.mkdtemp(dir=HOMES))
            stack.enter_context(hold.held(home))
        yield home
        shutil.rmtree(home, ignore_errors=True)


def _remove_if_abandoned(home: Path) -> None:
    if not home.is_dir():
        return
    with contextlib.suppress(hold.Taken), hold.held(home):
        embedded.clear(home)
        shutil.rmtree(home, ignore_errors=True)
