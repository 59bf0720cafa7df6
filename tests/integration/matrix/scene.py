"""Who comes, and whose the things are that they come to."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.test import Client

from portal.accounts import auth
from portal.accounts.models import Account, Token
from portal.accounts.names import Role
from portal.agents.models import Agent
from sessions_app.actions import chats
from sessions_app.models import ChatUser
from tests import cast
from tests.integration.matrix.rows import COMERS


@dataclass(frozen=True)
class Scene:
    """The owner olga and the translator tara of the shop, otto who owns the help desk, and others."""

    accounts: dict[str, Account | None]
    shop: Agent
    helpdesk: Agent

    def account(self, comer: str) -> Account:
        found = self.accounts[comer]
        assert found is not None, "nobody has no account"
        return found

    def client(self, comer: str, **values: Any) -> Client:
        """The browser of one of COMERS or STRANGERS."""
        if comer in STRANGERS:
            return STRANGERS[comer](self)
        client = Client(**values)
        if (account := self.accounts[comer]) is not None:
            cast.sign_in(client, account)
        return client

    def values(self, name: str, agent: Agent) -> dict[str, Any]:
        """What the parts of the address `name` stand for, with this agent; where it is about a session, a new one."""
        who = self._emil(agent) if name.startswith("my-") else cast.user(uuid4().hex, realm=agent.realm)
        session = cast.chatting(agent, who)
        values = {"slug": agent.slug, "id": session.pk, "key": "session_expired", "language": "de"}
        values |= {"uidb64": "MQ", "uidb36": "1", "token": "not-one", "provider_id": "none", "pk": 1}
        if name.startswith("token"):
            values["id"] = self._token()
        if name.startswith("person"):
            values["id"] = self.account("translator").pk
        return values

    def _emil(self, agent: Agent) -> ChatUser:
        """As whom the end user chats."""
        emil = self.account("user")
        known = {"realm": agent.realm, "external_id": f"portal:{emil.pk}"}
        return ChatUser.objects.get_or_create(**known, defaults={"account": emil})[0]

    def _token(self) -> int:
        olga = self.account("owner")
        auth.mint_token(account=olga, name="of olga")
        return Token.objects.filter(account=olga).latest("pk").pk


def _with_the_token_of_a_visitor(scene: Scene) -> Client:
    opened = chats.visit(agent=scene.shop, user_id=None, secret=None)
    return Client(headers={"Authorization": f"Bearer {opened.visitor_token}"})


def _with_a_token_of_the_admin(scene: Scene) -> Client:
    secret = auth.mint_token(account=scene.account("admin"), name="test")
    return Client(headers={"Authorization": f"Bearer {secret}"})


def _switched_off(scene: Scene) -> Client:
    client = scene.client("admin")
    Account.objects.filter(pk=scene.account("admin").pk).update(is_active=False)
    return client


def _signed_out(scene: Scene) -> Client:
    """The cookie is still there."""
    client = scene.client("admin")
    client.session.flush()
    return client


# Who come with something, and are nobody to the pages.
STRANGERS: dict[str, Callable[[Scene], Client]] = {
    "visitor": _with_the_token_of_a_visitor,
    "token": _with_a_token_of_the_admin,
    "switched off": _switched_off,
    "signed out": _signed_out,
}


def scene() -> Scene:
    olga, otto, tara = cast.account("olga"), cast.account("otto"), cast.account("tara", Role.TRANSLATOR)
    shop, helpdesk = cast.agent("shop", owner=olga), cast.agent("helpdesk", owner=otto)
    cast.translate(tara, shop, "de")
    people = (None, cast.account("emil", Role.USER), tara, olga, otto, cast.admin())
    return Scene(dict(zip(COMERS, people, strict=True)), shop, helpdesk)


@contextmanager
def undone() -> Iterator[None]:
    """What one of them does, the next one does not find."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
