"""Olga with two agents, and tokens that do less than she may."""

from datetime import datetime
from typing import Any

import pytest

from portal.accounts.actions import tokens
from portal.accounts.actions.tokens import Settings
from portal.accounts.models import Account
from portal.accounts.permissions import principal_of
from portal.agents.models import Agent
from portal.lib import redis_client
from tests import cast
from tests.integration.api.conftest import Program, Visitor, come


@pytest.fixture(autouse=True)
def _all_limits() -> None:
    """Every test has all its limits."""
    redis_client.client().flushdb()


@pytest.fixture
def billing(olga: Account) -> Agent:
    return cast.agent("billing", owner=olga)


@pytest.fixture
def visitor(shop: Agent) -> Visitor:
    """Somebody with a session at the shop."""
    return come(shop)


def with_token(account: Account, *, expires_at: datetime | None = None, **limits: Any) -> Program:
    """A program that comes with a token of this account."""
    settings = Settings(name="test", expires_at=expires_at, **limits)
    return Program(tokens.make(principal=principal_of(account), settings=settings).secret)
