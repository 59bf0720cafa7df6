"""What was done here before each test, and everybody who may want to know."""

from dataclasses import dataclass, field

import pytest

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.audit.models import Entry
from tests import cast
from tests.integration.audit.log import record


@dataclass
class Scene:
    """`entries` by what they are about."""

    people: dict[str, Account]
    entries: dict[str, Entry] = field(default_factory=dict)

    def ids(self, *names: str) -> set[int]:
        return {self.entries[name].pk for name in names}


@pytest.fixture
def scene(olga: Account, shop: Agent) -> Scene:
    """Olga's shop, which tara translates, and otto's helpdesk."""
    root, otto, tara = cast.admin(), cast.account("otto"), cast.account("tara", Role.TRANSLATOR)
    helpdesk = cast.agent("helpdesk", owner=otto)
    cast.translate(tara, shop, "de")
    scene = Scene({"root": root, "olga": olga, "otto": otto, "tara": tara, "emil": cast.account("emil", Role.USER)})

    def done(name: str, by: Account | None, agent: Agent | None, **values: object) -> None:
        (scene.entries[name],) = record(by=by, agent=agent, **values)

    done("policy", olga, shop, subject="policy v2 of shop")
    done("text", tara, shop, verb="message.edited", subject="message session_expired/de", reason="")
    done("help", otto, helpdesk, verb="session.end", subject="session 0199c2d4-7e1a-7abc-8def-0123456789ab")
    done("help by root", root, helpdesk, verb="session.pause", subject="session 0199c2d4-7e1a-7abc-8def-0123456789ab")
    done("text elsewhere", tara, helpdesk, verb="message.edited", subject="message session_ended/en")
    done("account", root, None, verb="account.invited", subject="account 7")
    return scene
