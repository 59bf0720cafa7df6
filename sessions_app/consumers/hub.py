"""One ear per process: hears the hints of all processes and passes them on to the sockets of this one.

However many sockets a process has, it subscribes once; who is interested in what is decided here, in memory.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from portal.lib.loops import PerLoop
from sessions_app import broadcast
from sessions_app.broadcast import Changed, Who

RETRY_AFTER = 1.0  # seconds, when Redis is away
Listener = Callable[[list[Changed]], None]
log = structlog.get_logger(__name__)


class Hub:
    """Listeners are plain functions, called on the event loop; they must return at once. Hints may be lost: every
    listener also looks by itself from time to time."""

    def __init__(self) -> None:
        self._all: set[Listener] = set()
        self._of_thread: defaultdict[UUID, set[Listener]] = defaultdict(set)
        self._of_rights: dict[Who, set[Callable[[], None]]] = {"accounts": set(), "visitors": set()}
        self._ear: asyncio.Task[None] | None = None

    def watch_all(self, listener: Listener) -> Callable[[], None]:
        """Pass every hint on to `listener`, until the returned function is called."""
        self._listen()
        self._all.add(listener)
        return lambda: self._all.discard(listener)

    def watch_thread(self, thread: UUID, listener: Listener) -> Callable[[], None]:
        """Pass the hints about one thread on to `listener`, until the returned function is called."""
        self._listen()
        self._of_thread[thread].add(listener)
        return lambda: self._forget(thread, listener)

    def watch_rights(self, who: Who, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when some of them may have less rights, until the returned function is called. Who watches
        nothing else hears nothing, and is told nothing either."""
        self._of_rights[who].add(listener)
        return lambda: self._of_rights[who].discard(listener)

    def _forget(self, thread: UUID, listener: Listener) -> None:
        self._of_thread[thread].discard(listener)
        if not self._of_thread[thread]:
            del self._of_thread[thread]

    def tell(self, changes: Iterable[Changed]) -> None:
        """Pass changes on to those who are interested in them."""
        found = list(changes)
        for listener in list(self._all):
            listener(found)
        by_thread: defaultdict[UUID, list[Changed]] = defaultdict(list)
        for change in found:
            by_thread[change.thread].append(change)
        for thread in by_thread.keys() & self._of_thread.keys():
            for listener in list(self._of_thread[thread]):
                listener(by_thread[thread])

    def _listen(self) -> None:
        if self._ear is None or self._ear.done():
            self._ear = asyncio.create_task(self._hear())

    async def _hear(self) -> None:
        layer = get_channel_layer()
        while True:
            try:
                channel = await layer.new_channel()
                await layer.group_add(broadcast.GROUP, channel)
                while True:
                    message = await layer.receive(channel)
                    self.tell(broadcast.heard(message))
                    for listener in list(self._of_rights.get(message.get("who"), ())):
                        listener()
            except Exception as error:  # whatever it was: a process without its ear shows everything late
                log.warning("cannot hear hints", error=str(error))
                await asyncio.sleep(RETRY_AFTER)
                with contextlib.suppress(OSError, RedisError):
                    await layer.flush()  # or the channel of each try in vain would be filled for ever, and never read


hub = PerLoop(Hub)
