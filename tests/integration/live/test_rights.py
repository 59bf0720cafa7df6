"""R15: a right that is taken away ends what an open socket is told, also when that happens in the handshake."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import pytest
from channels_redis.pubsub import RedisSingleShardConnection
from django.conf import settings
from redis.exceptions import ConnectionError as RedisAway

from portal.accounts.models import Account, Grant
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.lib import clock, tokens
from portal.lib.threads import in_database
from sessions_app.actions import apply, chats, visiting
from sessions_app.consumers import feed, live, visits
from sessions_app.core.commands import USER, Kind, Say, Sender
from sessions_app.models import Thread, VisitorToken
from tests import cast
from tests.integration.live import ears
from tests.integration.live.ears import Ear

pytestmark = pytest.mark.django_db(transaction=True)

PROMISED = 5.0  # seconds
SPEAK_EVERY = 0.4
SessionStore = import_module(settings.SESSION_ENGINE).SessionStore


# ── who listens, and how they lose the right to ──────────────────────────────────────────────────────────────────────
@dataclass(frozen=True)
class Listener:
    """Somebody with an open socket. `credential` is what their connection shows."""

    ear: Ear
    credential: str
    of_page: bool

    def connect(self, site: str) -> Any:
        return ears.page(self.ear, site, self.credential, "shop") if self.of_page else self._chat(site)

    def _chat(self, site: str) -> Any:
        return ears.chat(self.ear, site, self.credential)


def _visitor(name: str, lose: Callable[[str], Any]) -> Listener:
    opened = chats.visit(agent=Agent.objects.get(slug="shop"), user_id=None, secret=None)
    return Listener(Ear(name, partial(lose, opened.visitor_token)), opened.visitor_token, of_page=False)


def _person(name: str, lose: Callable[[Account, str], Any], role: Role = Role.OWNER) -> Listener:
    account = cast.account(f"{role}-{Account.objects.count()}", role)
    if role == Role.OWNER:
        cast.own(account, Agent.objects.get(slug="shop"))
    key = ears.signed_in(account)
    return Listener(Ear(name, partial(lose, account, key)), key, of_page=True)


def _expire(token: str) -> None:
    VisitorToken.objects.filter(digest=tokens.digest(token)).update(expires_at=clock.now())


def _set(account: Account, **values: Any) -> None:
    Account.objects.filter(pk=account.pk).update(**values)


KINDS: dict[str, Callable[[], Listener]] = {
    "the visitor logs out": lambda: _visitor("the visitor logs out", visiting.revoke),
    "the token expires": lambda: _visitor("the token expires", _expire),
    "somebody signs out": lambda: _person("somebody signs out", lambda _account, key: SessionStore(key).flush()),
    "a grant is taken away": lambda: _person(
        "a grant is taken away", lambda account, _key: Grant.objects.filter(account=account).delete()
    ),
    "an account is closed": lambda: _person(
        "an account is closed", lambda account, _key: _set(account, is_active=False)
    ),
    "an admin is one no more": lambda: _person(
        "an admin is one no more", lambda account, _key: _set(account, role=Role.USER), Role.ADMIN
    ),
}
# 200: a hundred chats and a hundred pages, half of each in the handshake.
NUMBERS = {"the visitor logs out": 50, "the token expires": 50} | dict.fromkeys(list(KINDS)[2:], 25)


@pytest.fixture
def listeners(site: str) -> list[Listener]:
    cast.agent("shop")
    return [KINDS[kind]() for kind, number in NUMBERS.items() for _ in range(number)]


# ── somebody always says something ───────────────────────────────────────────────────────────────────────────────────
def _say_something() -> None:
    threads = list(Thread.objects.values_list("pk", flat=True))
    apply([Say(thread=id, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text="still there?") for id in threads])


@contextlib.asynccontextmanager
async def chatter() -> AsyncIterator[None]:
    async def speak() -> None:
        while True:
            await in_database(_say_something)
            await asyncio.sleep(SPEAK_EVERY)

    task = asyncio.create_task(speak())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


# ── in the handshake: when it has been asked and before anything has been told ───────────────────────────────────────
def _losing_it_in_the_handshake(monkeypatch: pytest.MonkeyPatch, some: list[Listener]) -> None:
    by_credential = {one.credential: one.ear for one in some}
    see, view = visits.visit, live._view

    def seen(secret: str, *rest: Any) -> Any:
        found = see(secret, *rest)
        if ear := by_credential.get(secret):
            ear.take_away()
        return found

    def viewed(key: str, asked: Any) -> Any:
        found = view(key, asked)
        if asked is not None and (ear := by_credential.get(key)):
            ear.take_away()
        return found

    monkeypatch.setattr(visits, "visit", seen)
    monkeypatch.setattr(live, "_view", viewed)


async def _all_lose_it(site: str, some: list[Listener], *, in_the_handshake: list[Listener]) -> None:
    """Everybody connects; when the others have been told something, they lose the right too. Until all are out."""
    later = [one for one in some if one not in in_the_handshake]
    async with contextlib.AsyncExitStack() as stack, chatter():
        for one in some:
            await stack.enter_async_context(one.connect(site))
        async with asyncio.timeout(ears.PATIENCE):
            for one in later:
                await one.ear.listening.wait()
            for one in later:
                await in_database(one.ear.take_away)
            for one in some:
                await one.ear.over.wait()


def _report(what: str, some: list[Listener]) -> None:
    told, lasted = (max(getattr(one.ear, name) for one in some) for name in ("too_long", "lasted"))
    print(f"\nR15, {what}: {len(some)} rights gone; told something for {told:.2f} s, out after {lasted:.2f} s at most")


async def test_two_hundred_rights_that_are_taken_away_a_hundred_of_them_in_the_handshake(
    site: str, listeners: list[Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_handshake = listeners[::2]
    _losing_it_in_the_handshake(monkeypatch, in_the_handshake)
    await _all_lose_it(site, listeners, in_the_handshake=in_the_handshake)
    _report("200, 100 in the handshake", listeners)
    assert (len(listeners), len(in_the_handshake)) == (200, 100)
    assert [one.ear.name for one in listeners if one.ear.too_long > PROMISED] == []


async def test_without_redis_too(site: str, listeners: list[Listener], monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_args: object) -> None:
        raise RedisAway("stopped")

    for name in ("subscribe", "publish"):
        monkeypatch.setattr(RedisSingleShardConnection, name, away)
    some = listeners[::10]
    _losing_it_in_the_handshake(monkeypatch, some[::2])
    await _all_lose_it(site, some, in_the_handshake=some[::2])
    _report("without Redis", some)
    assert [one.ear.name for one in some if one.ear.too_long > PROMISED] == []


async def test_asked_in_the_handshake_alone_it_would_go_on_for_ever(
    site: str, listeners: list[Listener], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the others would be, if nobody asked again: the test can tell."""
    for module, name in ((feed, "LOOK_EVERY"), (feed, "SURE_FOR"), (live, "ASK_EVERY"), (live, "SURE_FOR")):
        monkeypatch.setattr(module, name, 3600.0)
    some = [listeners[NUMBERS["the visitor logs out"]], listeners[-1]]  # of these nobody gives the word
    async with contextlib.AsyncExitStack() as stack, chatter():
        for one in some:
            await stack.enter_async_context(one.connect(site))
            await one.ear.listening.wait()
            await in_database(one.ear.take_away)
        async with asyncio.timeout(ears.PATIENCE):
            while any(one.ear.too_long < PROMISED for one in some):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
        assert not any(one.ear.over.is_set() for one in some)
    for loop, one in feed.feed._made.items():  # or it would sleep through the tests that follow
        loop.call_soon_threadsafe(one._looking.cancel)
