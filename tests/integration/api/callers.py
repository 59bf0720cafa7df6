"""Everybody who calls the API, and what they call it about."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from portal.accounts import auth
from portal.accounts.models import Account, Token
from portal.accounts.names import Role, Scope
from portal.agents import auth as agent_auth
from portal.agents.core.identity import Identity
from portal.agents.models import Agent
from portal.lib import tokens
from sessions_app.actions import identifying, visiting
from sessions_app.models import VisitorToken
from tests import cast
from tests.integration.api.conftest import Visitor, come
from tests.integration.live import ears

LONG_AGO = "2020-01-01T00:00:00Z"


@dataclass(frozen=True)
class Ground:
    """The shop, which is olga's and which tara translates, and otto's help desk. A visitor has a session in each."""

    olga: Account
    otto: Account
    tara: Account
    emil: Account
    shop: Agent
    visitor: Visitor
    objects: dict[str, dict[str, str]]  # whose → what the parts of an address stand for


def ground() -> Ground:
    olga, otto, emil = cast.account("olga"), cast.account("otto"), cast.account("emil", Role.USER)
    tara, tom = cast.account("tara", Role.TRANSLATOR), cast.account("tom", Role.TRANSLATOR)
    shop, helpdesk = cast.agent("shop", owner=olga), cast.agent("helpdesk", owner=otto, realm="otto")
    cast.translate(tara, shop, "de")
    cast.translate(tom, helpdesk, "de")
    visitor = come(shop)
    objects = {"own": _objects(shop, olga, tara, visitor), "other": _objects(helpdesk, otto, tom, come(helpdesk))}
    return Ground(olga, otto, tara, emil, shop, visitor, objects)


def _objects(agent: Agent, owner: Account, translator: Account, visitor: Visitor) -> dict[str, str]:
    auth.mint_token(account=owner, name="in the table")
    return {
        "slug": agent.slug,
        "session": visitor.session,
        "owner": owner.username,
        "person": str(translator.pk),
        "token": str(owner.tokens.get().pk),
        "number": "1",
    }


# ── what they come with
def _with(secret: str | None) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


def _token(account: Account, **limits: Any) -> Client:
    secret = auth.mint_token(account=account, name="test")
    _change(Token, secret, **limits)
    return _with(secret)


def _change(kind: type[Token] | type[VisitorToken], secret: str | None, **values: Any) -> None:
    if values:
        kind.objects.filter(digest=tokens.digest(str(secret))).update(**values)


def _browser(account: Account, *, sends_csrf: bool) -> Client:
    page = RequestFactory().get("/")
    token = get_token(page)
    client = Client(enforce_csrf_checks=True, headers={"X-CSRFToken": token} if sends_csrf else {})
    cast.sign_in(client, account)
    client.cookies[settings.CSRF_COOKIE_NAME] = page.META["CSRF_COOKIE"]
    return client


def _left_open(ground: Ground) -> Client:
    """A browser in which somebody has signed in a while ago."""
    client = _browser(ground.olga, sends_csrf=True)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    return client


def _bound(ground: Ground) -> Client:
    """To another agent of theirs."""
    return _token(ground.olga, agent_ids=[cast.agent("billing", owner=ground.olga).pk])


def _switched_off(ground: Ground) -> Client:
    client = _token(ground.olga)
    Account.objects.filter(pk=ground.olga.pk).update(is_active=False)
    return client


def _revoked(ground: Ground) -> Client:
    client = _token(ground.olga)
    auth.revoke_tokens(account=ground.olga, name="test")
    return client


def _logged_out(ground: Ground) -> Client:
    visiting.revoke(str(ground.visitor.token))
    return _with(ground.visitor.token)


def _visitor_expired(ground: Ground) -> Client:
    _change(VisitorToken, ground.visitor.token, expires_at=LONG_AGO)
    return _with(ground.visitor.token)


def _identified(ground: Ground, identity: Identity) -> Client:
    """The visitor, by now: it has been said who they are, and the session is this person's."""
    user = VisitorToken.objects.get(digest=tokens.digest(str(ground.visitor.token))).user_id
    told = identifying.identify(agent=ground.shop, identity=identity, user_id=user, secret=ground.visitor.token)
    return _with(told.visitor_token)


def _chatting_account(ground: Ground, *, key: str) -> Client:
    """Who is signed in to the Portal under this key, in a chat."""
    vouched = agent_auth.vouch(ground.emil, agent=ground.shop, session_key=key)
    return _identified(ground, agent_auth.identified(ground.shop, vouched))


def _chatting_account_signed_out(ground: Ground) -> Client:
    key = ears.signed_in(ground.emil)
    client = _chatting_account(ground, key=key)
    import_module(settings.SESSION_ENGINE).SessionStore(key).flush()
    return client


# The columns of the table.
CALLERS: dict[str, Callable[[Ground], Client]] = {
    "admin": lambda _: _token(cast.admin()),
    "owner": lambda ground: _token(ground.olga),
    "stranger": lambda ground: _token(ground.otto),
    "translator": lambda ground: _token(ground.tara),
    "user": lambda ground: _token(ground.emil),
    "visitor": lambda ground: _with(ground.visitor.token),
    "other visitor": lambda ground: _with(come(ground.shop).token),
    "reader": lambda ground: _token(ground.olga, read_only=True),
    "bound": _bound,
    "back end": lambda ground: _token(ground.olga, scope=Scope.BACKEND),
    "nobody": lambda _: Client(),
}
# Those who get what one of the columns gets.
LIKE: dict[str, tuple[str, Callable[[Ground], Client]]] = {
    "identified": ("visitor", lambda ground: _identified(ground, Identity(sub="u-7"))),
    "account in a chat": ("visitor", lambda ground: _chatting_account(ground, key=ears.signed_in(ground.emil))),
    "cookie": ("owner", lambda ground: _browser(ground.olga, sends_csrf=True)),
    "garbage": ("nobody", lambda _: _with("pat_garbage")),
    "expired": ("nobody", lambda ground: _token(ground.olga, expires_at=LONG_AGO)),
    "revoked": ("nobody", _revoked),
    "switched off": ("nobody", _switched_off),
    "visitor expired": ("nobody", _visitor_expired),
    "visitor logged out": ("nobody", _logged_out),
    "account signed out": ("nobody", _chatting_account_signed_out),
}
# Reads like the owner, and changes nothing.
WITHOUT_CSRF = "cookie without CSRF token"
LEFT_OPEN = "cookie of long ago"
# Bound to the agent itself.
HERE = "bound here"
# What is the other owner's is for them what the shop is for these.
ELSEWHERE = {
    "owner": "stranger",
    "cookie": "stranger",
    "stranger": "owner",
    "translator": "stranger",
    "user": "user",
    "visitor": "other visitor",
    "identified": "other visitor",
    "account in a chat": "other visitor",
    "bound": "bound",
}


def caller(name: str, ground: Ground) -> Client:
    if name == WITHOUT_CSRF:
        return _browser(ground.olga, sends_csrf=False)
    if name == LEFT_OPEN:
        return _left_open(ground)
    if name == HERE:
        return _token(ground.olga, agent_ids=[ground.shop.pk])
    return CALLERS[name](ground) if name in CALLERS else LIKE[name][1](ground)
