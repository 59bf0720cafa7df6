"""Who and what most of these tests begin with; where a test is about something else, it says so itself."""

from typing import Any

import pytest

from portal.accounts.models import Account
from portal.agents.models import Agent
from tests import cast
from tests.integration.matrix import ledger
from tests.integration.matrix.ledger import Matrix


@pytest.fixture
def olga(db: None) -> Account:
    return cast.account("olga")


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga)


@pytest.fixture
def matrix(pytestconfig: pytest.Config) -> Matrix:
    """Who gets what through which door; its size is printed at the end."""
    return ledger.of(pytestconfig)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    books = config.stash.get(ledger.BOOKS, None)
    if books is None:
        return
    terminalreporter.section("the matrix of who gets what")
    for line in books.lines():
        terminalreporter.write_line(line)
