"""Who and what most of these tests begin with; where a test is about something else, it says so itself."""

import pytest

from portal.accounts.models import Account
from portal.agents.models import Agent
from tests import cast


@pytest.fixture
def olga(db: None) -> Account:
    return cast.account("olga")


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga)
