"""Faults are injected into a Portal of the tests' own, with servers and processes that may be killed (5-promises.md).

`make test` does each a few times, `make faults` (PORTAL_FAULTS=long) many times. PORTAL_FAULTS_JSON names a file for
the table that is printed at the end.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dj_database_url
import pytest
from django.core.management import call_command
from django.db import connection, connections

from portal import env
from tests.faults.ledger import Ledger
from tests.faults.portal_copy import Copy
from tests.faults.scene import Scene

LONG = env.text("PORTAL_FAULTS", "short") == "long"
BOOKS = pytest.StashKey[Ledger]()


@pytest.fixture
def times() -> Callable[[int, int], range]:
    """`times(2, 50)`: how often, in the short run and in the long one."""
    return lambda short, long: range(long if LONG else short)


@pytest.fixture
def ledger(pytestconfig: pytest.Config) -> Ledger:
    return pytestconfig.stash.setdefault(BOOKS, Ledger())


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    books = config.stash.get(BOOKS, None)
    if books is None:
        return
    terminalreporter.section("faults")
    for line in books.lines():
        terminalreporter.write_line(line)
    if path := os.environ.get("PORTAL_FAULTS_JSON"):
        books.write(Path(path))


# ── the copy ─────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="package")
def _copy(django_db_blocker: Any) -> Iterator[Copy]:
    home = env.home() / "faults"
    home.mkdir()
    copy = Copy(home)
    try:
        copy.start_servers()
        with django_db_blocker.unblock(), _django_on(copy.postgres.url):
            call_command("migrate", interactive=False, verbosity=0)
            yield copy
    finally:
        copy.stop()


@pytest.fixture
def portal(_copy: Copy) -> Copy:
    """The copy with its web processes, whatever the test before has left dead. Sweeper, worker and beat may run or not:
    what is promised holds without them."""
    _copy.ensure(*_copy.webs)
    return _copy


@pytest.fixture
def whole_portal(portal: Copy) -> Copy:
    """The copy with everything that is enforced and looked after in the background."""
    portal.ensure(*portal.webs, *portal.background)
    return portal


@pytest.fixture
def scene(portal: Copy) -> Callable[..., Scene]:
    """`scene(**agent)`: an agent of its own, whose callers go to both web processes."""
    addresses = tuple(web.address for web in portal.webs)
    return lambda **agent: Scene(addresses, **agent)


@contextmanager
def _django_on(url: str) -> Iterator[None]:
    """Let the tests' own Django work on another database, as Django itself does for its test database."""
    before = dict(connection.settings_dict)
    there = dj_database_url.parse(url)
    _disconnect()
    address = {name: there[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    connection.settings_dict.update(address | {"OPTIONS": {}})  # and no pool: a thread of a crowd has its own
    try:
        yield
    finally:
        _disconnect()
        connection.settings_dict.update(before)


def _disconnect() -> None:
    connections.close_all()
    connection.close_pool()
