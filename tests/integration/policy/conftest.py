"""Olga's program, which changes the policy of her shop through the API; sessions of the shop may last 30 minutes."""

from datetime import timedelta

import pytest

from portal.accounts.models import Account
from portal.agents.models import Agent
from portal.lib import redis_client
from tests import cast
from tests.integration.api.conftest import Program, program

MINUTE = timedelta(minutes=1)
PATH = "/agents/shop/session-policy"


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga, policy={"session_duration": 30 * MINUTE})


@pytest.fixture
def owner(olga: Account, shop: Agent) -> Program:
    redis_client.client().flushdb()
    return program(olga)
