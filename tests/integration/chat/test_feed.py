"""What keeps chats up to date must survive any one of them."""

import asyncio
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest

from sessions_app.consumers import feed as module
from sessions_app.consumers.feed import Feed
from sessions_app.queries.chats import Seen

PATIENCE = 5.0  # seconds


class Viewer:
    """A connection that notes how often it was shown something. `reads` False: it takes nothing, ever."""

    def __init__(self, *, reads: bool = True) -> None:
        self.thread, self.token, self.seen = uuid4(), uuid4().bytes, Seen(0, None)
        self.reads, self.shown, self.was_cut_off = reads, 0, False
        self.sure_since = float("inf")

    async def show(self, _chat: Any) -> None:
        if not self.reads:
            await asyncio.Event().wait()
        self.shown += 1

    async def revoked(self) -> None:
        raise RuntimeError("its connection is in no state to be told")

    def cut_off(self) -> None:
        self.was_cut_off = True


@pytest.fixture(autouse=True)
def no_servers(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """A feed without database and Redis. `revoked` are the digests of tokens that do not count any more."""
    world = SimpleNamespace(revoked=set())

    async def at_once(work: Callable[[], Any]) -> Any:
        return work()

    def threads(seen: dict[UUID, Seen]) -> dict[UUID, Any]:
        return dict.fromkeys(seen)

    deaf = SimpleNamespace(watch_thread=lambda *_: lambda: None, watch_rights=lambda *_: lambda: None)
    monkeypatch.setattr(module, "hub", lambda: deaf)
    monkeypatch.setattr(module.threads, "in_database", at_once)
    monkeypatch.setattr(module.chats, "chats", threads)
    monkeypatch.setattr(module.chats, "overdue", lambda _threads: [])
    monkeypatch.setattr(module.visitors, "valid", lambda tokens: set(tokens) - world.revoked)
    return world


async def until(there: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not there():  # noqa: ASYNC110
            await asyncio.sleep(0.005)


def test_a_chat_that_does_not_read_holds_up_no_other_and_is_cut_off(monkeypatch):
    monkeypatch.setattr(module, "SHOW_WITHIN", 0.2)

    async def scene() -> None:
        feed, frozen, reader = Feed(), Viewer(reads=False), Viewer()
        for viewer in (frozen, reader):
            feed.add(viewer)
        for times in (1, 2, 3):
            feed.fetch({frozen.thread, reader.thread})
            await until(lambda times=times: reader.shown == times)
        await until(lambda: frozen.was_cut_off)
        assert frozen.thread not in feed._viewers

    asyncio.run(scene())


def test_what_changed_while_a_chat_was_being_told_is_told_after_it():
    async def scene() -> None:
        feed, viewer, goes_on = Feed(), Viewer(), asyncio.Event()

        async def slow(_chat: Any) -> None:
            viewer.shown += 1
            await goes_on.wait()

        viewer.show = slow  # type: ignore[method-assign]
        feed.add(viewer)
        feed.fetch({viewer.thread})
        await until(lambda: viewer.shown == 1)
        feed.fetch({viewer.thread})
        await until(lambda: not feed._dirty)
        goes_on.set()
        await until(lambda: viewer.shown == 2)

    asyncio.run(scene())


def test_one_connection_that_cannot_be_ended_does_not_end_the_looks_at_the_others(monkeypatch, no_servers):
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)

    async def scene() -> None:
        feed, former, other = Feed(), Viewer(), Viewer()
        for viewer in (former, other):
            feed.add(viewer)
        no_servers.revoked = {former.token}
        await until(lambda: other.shown >= 5)
        assert former.thread not in feed._viewers, "it is shown nothing any more"

    asyncio.run(scene())
