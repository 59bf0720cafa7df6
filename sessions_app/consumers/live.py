"""The socket of a sessions page: it tells which rows are different by now. It speaks, it never acts.

The words are in `static/portal/live.js`. Who may listen is asked when the page says what it watches, and again every
few seconds: a right that is taken away ends the flow.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.db import Error
from django.http import parse_cookie

from portal.accounts import auth
from portal.accounts.permissions import NotAllowed, NotVisible
from portal.lib import threads
from sessions_app.consumers import frames, places
from sessions_app.consumers.audience import Audience, audiences
from sessions_app.consumers.bucket import Bucket
from sessions_app.consumers.frames import Invalid, Unreadable
from sessions_app.consumers.hub import hub
from sessions_app.consumers.watching import Mark, View, Watcher
from sessions_app.core.facts import State
from sessions_app.forms import filters
from sessions_app.queries import tabs
from sessions_app.queries.shown import private_id

ASK_EVERY = 3.5  # seconds between looks at the rights
SURE_FOR = 4.8  # seconds after which nothing more is told before the rights have been looked at (5-promises.md, R15)
RATE, BURST = 10.0, 30  # frames a second, and how many at once
MOST_ROWS = 1000  # that a page can have open
LONGEST_QUERY = 2000
LONGEST_SLUG = 63
log = structlog.get_logger(__name__)


class SignedOut(Exception):
    """Nobody is signed in under this cookie, any more."""


@dataclass(frozen=True, slots=True)
class Watch:
    """What a page asks for: the query of its address, its agent, and the rows it has."""

    query: str
    agent: str | None
    rows: dict[UUID, Mark] = field(default_factory=dict)


class LiveSessions(AsyncWebsocketConsumer):
    # Hints come by the hub. A channel of one's own per socket would be a subscription per socket.
    channel_layer_alias = "none"

    watcher: Watcher | None = None
    audience: Audience | None = None
    tasks: tuple[asyncio.Task[None], ...] = ()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Channels calls `disconnect` after a clean end only. However this one ends, nothing of it goes on."""
        self.held = places.Held()
        self.deaf: Callable[[], object] = tuple
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._leave()
            self.deaf()
            self.held.give_back()
            for task in self.tasks:
                task.cancel()

    async def connect(self) -> None:
        self.asked: Watch | None = None
        self.sure_since = 0.0  # when the rights were last looked at, by the loop's clock
        self.news, self.question = asyncio.Event(), asyncio.Event()
        self.bucket = Bucket(rate=RATE, burst=BURST)
        self.over = False
        self.key = parse_cookie(self._header(b"cookie")).get(settings.SESSION_COOKIE_NAME, "")
        if self._header(b"origin") not in settings.OWN_ORIGINS:
            self._refused(403)
            await self.close()  # before it is accepted: the browser gets a 403
            return
        await self.accept()
        if not self.held.take("address", places.address(self.scope), most=settings.SOCKETS_PER_ADDRESS):
            await self._end(4429, "rate_limited", "Too many open connections from this address.")
            return
        self.deaf = hub().watch_rights("accounts", self.question.set)
        self.tasks = (asyncio.create_task(self._stay()), asyncio.create_task(self._speak()))

    def _header(self, name: bytes) -> str:
        return next((value.decode("latin-1") for key, value in self.scope["headers"] if key == name), "")

    def _refused(self, code: int) -> None:
        log.info("socket refused", path="/ws/sessions/", code=code, address=places.address(self.scope))

    async def _end(self, code: int, problem: str, detail: str) -> None:
        self._leave()
        if not self.over:
            self.over = True
            self._refused(code)
            await self.send(json.dumps({"type": "error", "code": problem, "detail": detail}))
            await self.close(code, detail)

    # ── what the page says ───────────────────────────────────────────────────────────────────────────────────────────
    async def receive(self, text_data: str | None = None, **_binary: bytes) -> None:
        """Only takes note: a handler that waits would hold up the next frame."""
        if self.over:
            return
        if not self.bucket.take():
            await self._end(4429, "rate_limited", "More than 10 frames a second.")
            return
        try:
            self._note(frames.read(text_data))
        except (Unreadable, Invalid) as error:
            await self._end(4400, "invalid", str(error))

    def _note(self, frame: dict[str, Any]) -> None:
        note = NOTES.get(frame["type"])
        if note is None:
            raise Unreadable("This type of frame is not known here.")
        note(self, frame)

    def _watch(self, frame: dict[str, Any]) -> None:
        self._leave()
        self.asked = _watch(frame)
        self.question.set()

    # Of what is not watched yet, everything will be told anyway.
    def _refresh(self, _frame: dict[str, Any]) -> None:
        if self.audience is not None:
            self.audience.refresh()

    def _forget(self, frame: dict[str, Any]) -> None:
        if self.watcher is not None:
            self.watcher.forget(_ids(frame.get("ids")))

    # ── who may listen ───────────────────────────────────────────────────────────────────────────────────────────────
    async def _stay(self) -> None:
        """Until somebody may not any more."""
        while True:
            self.question.clear()
            asked, since = self.asked, asyncio.get_running_loop().time()
            try:
                account, view = await threads.in_database(partial(_view, self.key, asked))
            except SignedOut:
                return await self._end(4401, "unauthenticated", "You are signed out.")
            except NotVisible:
                return await self._end(4404, "not_found", "There is no such page for you.")
            except NotAllowed:
                return await self._end(4403, "forbidden", "These sessions are not yours to see.")
            except Error as error:
                log.warning("live page cannot ask for its rights", error=str(error))
            else:
                if not self.held.take("account", str(account), most=settings.SOCKETS_PER_USER):
                    return await self._end(4429, "rate_limited", "You have too many live pages open. Close one first.")
                self._sit(asked, view)
                self.sure_since = since
                self.news.set()  # for what waited until it was sure
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.question.wait(), ASK_EVERY)

    def _sit(self, asked: Watch | None, view: View | None) -> None:
        """Join those who see the same; move over where the rights are others now."""
        if asked is None or view is None or asked is not self.asked:
            return  # what was asked meanwhile comes next
        if self.audience is not None and self.audience.view.key == view.key:
            return
        watcher = self.watcher or Watcher(asked.rows, self.news.set)
        self._leave()
        self.watcher, self.audience = watcher, audiences().join(view, watcher)

    def _leave(self) -> None:
        if self.audience is not None and self.watcher is not None:
            audiences().leave(self.audience, self.watcher)
        self.audience = self.watcher = None

    # ── what the page is told ────────────────────────────────────────────────────────────────────────────────────────
    async def _speak(self) -> None:
        """A page that reads slowly holds up nobody but itself."""
        while True:
            await self.news.wait()
            self.news.clear()
            sure = asyncio.get_running_loop().time() < self.sure_since + SURE_FOR
            if sure and self.watcher is not None and (frame := self.watcher.take()) is not None:
                await self.send(frame)


Note = Callable[[LiveSessions, dict[str, Any]], None]
NOTES: dict[str, Note] = {
    "watch": LiveSessions._watch,
    "refresh": LiveSessions._refresh,
    "forget": LiveSessions._forget,
}


def _view(key: str, asked: Watch | None) -> tuple[int | None, View | None]:
    """Whoever is signed in under this cookie now, and what they watch; None while nothing was asked for.

    Raises SignedOut, NotVisible, NotAllowed.
    """
    principal = auth.by_session(key)
    if principal is None:
        raise SignedOut
    if asked is None:
        return principal.account_id, None
    tab = tabs.tab(principal, asked.agent)
    given = filters.asked(asked.query, tab)
    return principal.account_id, View.of(principal, given.wanted, given.after, with_agent=tab.agent is None)


def _watch(frame: dict[str, Any]) -> Watch:
    rows = frame.get("rows")
    if not isinstance(rows, dict) or len(rows) > MOST_ROWS:
        raise Unreadable(f"rows is an object of at most {MOST_ROWS} rows.")
    query = frames.text(frame, "query", most=LONGEST_QUERY)
    agent = frames.text(frame, "agent", most=LONGEST_SLUG)
    return Watch(query, agent or None, {_id(id): _mark(mark) for id, mark in rows.items()})


def _ids(given: object) -> list[UUID]:
    if not isinstance(given, list) or len(given) > MOST_ROWS:
        raise Unreadable(f"ids is a list of at most {MOST_ROWS} ids.")
    return [_id(id) for id in given]


def _id(text: object) -> UUID:
    id = private_id(text) if isinstance(text, str) else None
    if id is None:
        raise Unreadable("A row is named by its id.")
    return id


def _mark(given: object) -> Mark:
    match given:
        case [int(version), str(state)] if state in list(State):
            return Mark(version, state)
        case _:
            raise Unreadable("What is known of a row is its row_version and its state.")
