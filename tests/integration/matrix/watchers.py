"""Who comes to the socket of the sessions pages, and of which sessions they are told."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from portal.accounts import auth
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from sessions_app.actions import chats
from sessions_app.models import ChatSession
from tests import cast
from tests.integration.live import ears

PATIENCE = 15.0  # seconds
Headers = dict[str, str]


@dataclass(frozen=True)
class Office:
    """The shop, which is olga's and which tara translates, and otto's help desk, each with a session."""

    site: str
    people: dict[str, Account]
    sessions: dict[str, ChatSession]  # by the slug of their agent

    def watch(self, slug: str | None) -> dict[str, Any]:
        return {"type": "watch", "query": "", "agent": slug, "rows": {}}


def office(site: str) -> Office:
    people = {"owner": cast.account("olga"), "other owner": cast.account("otto"), "admin": cast.admin()}
    people |= {"user": cast.account("emil", Role.USER), "translator": cast.account("tara", Role.TRANSLATOR)}
    shop, helpdesk = cast.agent("shop", owner=people["owner"]), cast.agent("helpdesk", owner=people["other owner"])
    cast.translate(people["translator"], shop, "de")
    sessions = {agent.slug: cast.chatting(agent, cast.user(agent.slug)) for agent in (shop, helpdesk)}
    return Office(site, people, sessions)


# ── who comes
def _cookie(key: str) -> Headers:
    return {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}


def _signed_in(name: str) -> Callable[[Office], Headers]:
    return lambda office: _cookie(ears.signed_in(office.people[name]))


def _signed_out(office: Office) -> Headers:
    key = ears.signed_in(office.people["admin"])
    import_module(settings.SESSION_ENGINE).SessionStore(key).flush()
    return _cookie(key)


def _switched_off(_: Office) -> Headers:
    root = cast.admin("switched-off")
    key = ears.signed_in(root)
    Account.objects.filter(pk=root.pk).update(is_active=False)
    return _cookie(key)


def _bearer(secret: str) -> Headers:
    return {"Authorization": f"Bearer {secret}"}


def _token(office: Office) -> Headers:
    return _bearer(auth.mint_token(account=office.people["admin"], name="test"))


def _visitor(_: Office) -> Headers:
    opened = chats.visit(agent=Agent.objects.get(slug="shop"), user_id=None, secret=None)
    return _bearer(opened.visitor_token)


COMERS: dict[str, Callable[[Office], Headers]] = {
    "nobody": lambda _: {},
    "garbage": lambda _: _cookie("nobody-has-this-key"),
    "visitor": _visitor,
    "token": _token,
    "switched off": _switched_off,
    "signed out": _signed_out,
    **{name: _signed_in(name) for name in ("user", "translator", "owner", "other owner", "admin")},
}


# ── what they are told
def told(office: Office, headers: Headers, kind: str, slug: str | None) -> str:
    """The agents of whose sessions a page of this agent is told by one frame, or the code of the close."""
    address = office.site.replace("http", "ws") + "/ws/sessions/"
    with connect(address, origin=office.site, additional_headers=headers, open_timeout=PATIENCE) as socket:  # type: ignore[arg-type]
        try:
            socket.send(json.dumps(office.watch(slug)))
            seen = _rows(socket)
            if kind == "refresh":
                socket.send(json.dumps({"type": "refresh"}))
                seen |= _rows(socket, none_too=True)
            elif kind == "forget":
                ids = [str(session.pk) for session in office.sessions.values()]
                socket.send(json.dumps({"type": "forget", "ids": ids}))
                socket.send(json.dumps({"type": "refresh"}))
                seen = _rows(socket)  # what was put away comes again
        except ConnectionClosed as closed:
            return str(closed.rcvd.code if closed.rcvd else 1006)
    return " ".join(slug for slug, session in office.sessions.items() if str(session.pk) in seen)


def _rows(socket: ClientConnection, *, none_too: bool = False) -> set[str]:
    """The next rows. A look that finds nothing new may come between; a word that says why it ends is none."""
    while True:
        frame = json.loads(socket.recv(timeout=PATIENCE))
        if frame["type"] == "rows" and (frame["rows"] or none_too):
            return {row["id"] for row in frame["rows"]}
