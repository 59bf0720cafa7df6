"""The house: an admin, two owners with an agent each, a translator, an end user; and their browsers."""

from dataclasses import dataclass

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.lib import redis_client
from tests import cast
from tests.integration.api.conftest import Program, program


@pytest.fixture(autouse=True)
def _all_limits() -> None:
    """Every test has all its limits."""
    redis_client.client().flushdb()


@dataclass(frozen=True, slots=True)
class House:
    root: Account
    olga: Account
    otto: Account
    tara: Account
    emil: Account
    shop: Agent
    helpdesk: Agent

    def program(self, name: str) -> Program:
        return program(getattr(self, name))

    def browser(self, name: str) -> Client:
        client = Client()
        cast.sign_in(client, getattr(self, name))
        return client


@pytest.fixture
def house(olga: Account, shop: Agent) -> House:
    otto, tara = cast.account("otto"), cast.account("tara", Role.TRANSLATOR, first_name="Tara", last_name="Nair")
    cast.translate(tara, shop, "de")
    return House(
        root=cast.admin(),
        olga=olga,
        otto=otto,
        tara=tara,
        emil=cast.account("emil", Role.USER),
        shop=shop,
        helpdesk=cast.agent("helpdesk", owner=otto),
    )
