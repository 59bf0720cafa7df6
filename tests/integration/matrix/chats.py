"""Who comes to the socket of a chat, and what they hear."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any
from uuid import UUID

from django.conf import settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from portal.accounts import auth
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents import auth as agent_auth
from portal.agents.core.identity import Identity
from portal.agents.models import Agent
from portal.lib import clock, tokens
from sessions_app.actions import chats, identifying, visiting
from sessions_app.actions.visiting import Opened
from sessions_app.models import Thread, VisitorToken
from tests import cast
from tests.integration.chat.identities import Site
from tests.integration.live import ears

PATIENCE = 15.0  # seconds
IT = "it"  # the client_id of the frame in question
NOT_KNOWN = "This type of frame is not known here."  # the answer to a frame that asks whether one is still listened to


@dataclass(frozen=True)
class Comer:
    """What somebody's connection shows: the `token` of its hello, if it says hello at all, and headers."""

    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class House:
    """The shop, whose users may go on to billing but not to the help desk, and a visitor of it beside the one who
    comes."""

    site: str
    shop: Agent
    signs: Site
    other_site_signs: Site
    owner: Account
    other_owner: Account
    other: Opened


def house(site: str) -> House:
    olga, otto = cast.account("olga"), cast.account("otto")
    shop = cast.agent("shop", owner=olga, transfer_targets=["billing"])
    cast.agent("billing", owner=olga)
    helpdesk = cast.agent("helpdesk", owner=otto)
    signs, other_site_signs = Site(shop), Site(helpdesk)
    return House(site, shop, signs, other_site_signs, olga, otto, _chatting(shop))


def _chatting(shop: Agent) -> Opened:
    opened = chats.visit(agent=shop, user_id=None, secret=None)
    cast.say(Thread.objects.get(pk=opened.thread_id))
    return opened


# ── who comes
def _visitor(house: House) -> Comer:
    return Comer(_chatting(house.shop).visitor_token)


def _identified(house: House) -> Comer:
    opened = _chatting(house.shop)
    return _known(house, opened, Identity(sub=f"u-{opened.thread_id}"))


def _account(house: House, key: str = "") -> Comer:
    """Who is signed in to the Portal, and chats."""
    emil = _role("emil", Role.USER)
    vouched = agent_auth.vouch(emil, agent=house.shop, session_key=key or ears.signed_in(emil))
    return _known(house, _chatting(house.shop), agent_auth.identified(house.shop, vouched))


def _account_signed_out(house: House) -> Comer:
    key = ears.signed_in(_role("emil", Role.USER))
    comer = _account(house, key)
    import_module(settings.SESSION_ENGINE).SessionStore(key).flush()
    return comer


def _known(house: House, opened: Opened, identity: Identity) -> Comer:
    told = identifying.identify(
        agent=house.shop, identity=identity, user_id=opened.user_id, secret=opened.visitor_token
    )
    return Comer(told.visitor_token)


def _expired(house: House) -> Comer:
    comer = _visitor(house)
    VisitorToken.objects.filter(digest=tokens.digest(str(comer.token))).update(expires_at=clock.now())
    return comer


def _logged_out(house: House) -> Comer:
    comer = _visitor(house)
    visiting.revoke(str(comer.token))
    return comer


def _with_cookie(account: Account) -> Comer:
    return Comer(headers={"Cookie": f"{settings.SESSION_COOKIE_NAME}={ears.signed_in(account)}"})


def _role(name: str, role: Role) -> Account:
    return Account.objects.filter(username=name).first() or cast.account(name, role)


def _portal_token(house: House) -> str:
    return auth.mint_token(account=house.owner, name="test")


AT_HOME: dict[str, Callable[[House], Comer]] = {"visitor": _visitor, "identified": _identified, "account": _account}
# A cookie or a token of the Portal is nothing here: who brings one has not said hello, or with a word that is no token.
STRANGERS: dict[str, tuple[str, Callable[[House], Comer]]] = {
    "nobody": ("4400", lambda _: Comer()),
    "user": ("4400", lambda _: _with_cookie(_role("emil", Role.USER))),
    "translator": ("4400", lambda _: _with_cookie(_role("tara", Role.TRANSLATOR))),
    "owner": ("4400", lambda house: _with_cookie(house.owner)),
    "other owner": ("4400", lambda house: _with_cookie(house.other_owner)),
    "admin": ("4400", lambda _: _with_cookie(_role("root", Role.ADMIN))),
    "token in a header": ("4400", lambda house: Comer(headers={"Authorization": f"Bearer {_portal_token(house)}"})),
    "token": ("4401", lambda house: Comer(_portal_token(house))),
    "garbage": ("4401", lambda _: Comer("vis_garbage")),
    "identity": ("4401", lambda house: Comer(house.signs.vouch()[:200])),
    "expired": ("4401", _expired),
    "logged out": ("4401", _logged_out),
    "account signed out": ("4401", _account_signed_out),
}


# ── what they hear
def answer(house: House, comer: Comer, kind: str, fields: dict[str, Any], *, thread: UUID | None) -> str:
    """What comes back of one frame, after a hello to this thread: `ready`, `ack`, nothing, the code of an error, or of
    the close."""
    address = house.site.replace("http", "ws") + "/ws/chat/"
    with connect(address, additional_headers=comer.headers, open_timeout=PATIENCE) as socket:
        if comer.token is not None:
            _send(socket, "hello", token=comer.token, thread=thread and str(thread))
        if kind != "hello" or comer.token is None:
            _send(socket, kind, client_id=IT, **fields)
        _send(socket, "whether anybody listens")
        heard = list(_heard(socket))
        close = socket.protocol.close_rcvd
    assert close is not None, "the server closes"
    if close.reason not in (NOT_KNOWN, "logged out"):
        return str(close.code)
    if kind == "hello":
        return str(heard[0]["type"])
    about_it = [frame for frame in heard if frame["type"] in ("ack", "error") and frame.get("client_id") == IT]
    return next((frame.get("code", "ack") for frame in about_it), "nothing")


def _send(socket: ClientConnection, kind: str, /, **fields: Any) -> None:
    """To one that may have closed already."""
    try:
        socket.send(json.dumps({"type": kind, **fields}))
    except ConnectionClosed:
        return


def _heard(socket: ClientConnection) -> Iterator[dict[str, Any]]:
    try:
        while True:
            yield json.loads(socket.recv(timeout=PATIENCE))
    except ConnectionClosed:
        return
