"""What is new in the threads that chats of this process show: fetched once for all of them together."""

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol
from uuid import UUID

import structlog
from django.db import Error

from portal.lib import threads
from portal.lib.loops import PerLoop
from sessions_app.broadcast import Changed
from sessions_app.consumers.gather import gatherer
from sessions_app.consumers.hub import hub
from sessions_app.core.commands import Tick
from sessions_app.queries import chats, visitors
from sessions_app.queries.chats import Chat, Seen

GATHER_FOR = 0.01  # seconds between the first hint and the fetch
LOOK_EVERY = 3.5  # seconds between looks without any hint: a lost one heals, a revoked token is noticed
SURE_FOR = 4.8  # seconds after which nothing more is told before the token has been looked at (5-promises.md, R15)
ASK_FOR = 0.25  # seconds from the first word of a revoked token to the look at all of them
RETRY_AFTER = 1.0
SHOW_WITHIN = 10.0  # seconds; a connection that takes nothing for so long is cut off
log = structlog.get_logger(__name__)


class Viewer(Protocol):
    """A connection that shows one thread."""

    thread: UUID
    token: bytes  # digest of the visitor token
    sure_since: float  # when it was last asked whether that counts, by the loop's clock

    @property
    def seen(self) -> Seen: ...

    async def show(self, chat: Chat) -> None: ...

    async def revoked(self) -> None: ...

    def cut_off(self) -> None: ...


class Feed:
    """Keeps the viewers of one event loop up to date."""

    def __init__(self) -> None:
        self._viewers: dict[UUID, dict[Viewer, Callable[[], None]]] = {}
        self._dirty: set[UUID] = set()
        self._telling: dict[Viewer, asyncio.Task[None]] = {}
        self._behind: set[Viewer] = set()  # something changed while they were being told of something before
        self._fetching: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._asking: asyncio.Task[None] | None = None
        self._hears_of_rights = False

    def add(self, viewer: Viewer) -> None:
        stop = hub().watch_thread(viewer.thread, self._heard)
        self._viewers.setdefault(viewer.thread, {})[viewer] = stop
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        if not self._hears_of_rights:
            self._hears_of_rights = True
            hub().watch_rights("visitors", self._ask_soon)

    def remove(self, viewer: Viewer) -> None:
        viewers = self._viewers.get(viewer.thread, {})
        stop = viewers.pop(viewer, None)
        if stop is not None and not viewers:
            del self._viewers[viewer.thread]
            stop()

    def _heard(self, changes: list[Changed]) -> None:
        self.fetch({change.thread for change in changes})

    def fetch(self, wanted: set[UUID]) -> None:
        """Something changed in these threads: show it soon."""
        self._dirty |= wanted & self._viewers.keys()
        if self._dirty and (self._fetching is None or self._fetching.done()):
            self._fetching = asyncio.create_task(self._fetch_all())

    async def _fetch_all(self) -> None:
        await asyncio.sleep(GATHER_FOR)
        while self._dirty:
            wanted, self._dirty = self._dirty, set()
            try:
                found = await threads.in_database(partial(chats.chats, self._seen(wanted)))
            except Error as error:
                log.warning("chats cannot be read", error=str(error))
                self._dirty |= wanted
                await asyncio.sleep(RETRY_AFTER)
                continue
            self._show(found)

    def _seen(self, wanted: set[UUID]) -> dict[UUID, Seen]:
        """How far the viewer of each thread that is furthest behind has come."""
        return {
            thread: min((viewer.seen for viewer in self._viewers[thread]), key=lambda seen: seen.seq)
            for thread in wanted
            if self._viewers.get(thread)
        }

    def _show(self, found: dict[UUID, Chat]) -> None:
        """Who is not sure to have a right to it still is left out: the next look asks, and then fetches everything."""
        sure = asyncio.get_running_loop().time() - SURE_FOR
        for thread, chat in found.items():
            for viewer in list(self._viewers.get(thread, ())):
                if viewer.sure_since < sure:
                    continue
                if viewer in self._telling:
                    self._behind.add(viewer)
                else:
                    self._tell(viewer, viewer.show(chat))

    def _tell(self, viewer: Viewer, told: Coroutine[Any, Any, None]) -> None:
        """In a task of its own: a connection that does not read holds up nobody but itself."""
        self._telling[viewer] = asyncio.create_task(self._told(viewer, told))

    async def _told(self, viewer: Viewer, told: Coroutine[Any, Any, None]) -> None:
        try:
            async with asyncio.timeout(SHOW_WITHIN):
                await told
        except TimeoutError:
            log.warning("chat is not read and is cut off")
            self.remove(viewer)
            viewer.cut_off()
        except OSError:
            self.remove(viewer)  # the connection is gone
        except Exception as error:
            log.error("chat could not be shown", exc_info=error)
        del self._telling[viewer]
        if viewer in self._behind:
            self._behind.discard(viewer)
            self.fetch({viewer.thread})

    async def _look(self) -> None:
        """From time to time look at everything shown, hint or not, and let what is due have its effect: a chat that is
        open ends at its deadline also when nobody else enforces it."""
        while self._viewers:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self._check_tokens()
                await self._let_time_pass()
            except Exception as error:  # whatever it was, this must go on looking
                log.warning("chats cannot be looked at", error=str(error))
            self.fetch(set(self._viewers))

    def _ask_soon(self) -> None:
        """Somebody's token may count no more. However many say so, it is asked for all of them, and not too often."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())

    async def _ask(self) -> None:
        await asyncio.sleep(ASK_FOR)
        try:
            await self._check_tokens()
        except Error as error:
            log.warning("tokens cannot be looked at", error=str(error))  # the next look does

    async def _check_tokens(self) -> None:
        since = asyncio.get_running_loop().time()
        tokens = {viewer: viewer.token for group in self._viewers.values() for viewer in group}
        valid = await threads.in_database(partial(visitors.valid, list(tokens.values())))
        for viewer, token in tokens.items():
            if viewer not in self._viewers.get(viewer.thread, ()) or viewer.token != token:
                continue  # it is gone, or somebody else's by now
            if token in valid:
                viewer.sure_since = since
            else:
                self.remove(viewer)
                self._show_out(viewer)

    def _show_out(self, viewer: Viewer) -> None:
        if viewer in self._telling:
            viewer.cut_off()  # it reads too slowly to be told why
        else:
            self._tell(viewer, viewer.revoked())

    async def _let_time_pass(self) -> None:
        overdue = await threads.in_database(partial(chats.overdue, list(self._viewers)))
        ticks = (gatherer().apply(Tick(session=session)) for session in overdue)
        await asyncio.gather(*ticks, return_exceptions=True)  # one that fails is logged there, and stops no other


feed = PerLoop(Feed)
