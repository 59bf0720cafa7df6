"""The web process's own sweep, for when no worker does it (2-lifecycle.md, "Enforcement").

It begins and ends with the process, as the server tells (ASGI lifespan), in a thread of its own: chats go on meanwhile.
A server that says nothing of its life, as those of tests, has none.
"""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from django.db import Error, connections

from portal.lib import clock, garbage
from sessions_app.actions import apply, sweeping, turns
from sessions_app.queries import enforcement

BEFORE_THE_FIRST = 10.0  # seconds: workers that start together with this process are not gone
EVERY = 1.0  # seconds
TURNS_EVERY = 5  # sweeps
PATIENCE = 2.0  # seconds that the end of the process waits for a sweep; what it was doing is undone
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
log = structlog.get_logger(__name__)


class StandIn:
    """Asks every second whether there is anything to do here, and does it."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, name="stand-in", daemon=True)
        self._sweeps = 0  # since workers were seen

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(PATIENCE)

    def _go_on(self) -> None:
        self._over.wait(BEFORE_THE_FIRST)
        while not self._over.wait(EVERY):
            try:
                self.look()
            except Exception as error:
                log.warning("web process cannot sweep", exc_info=None if isinstance(error, Error) else error)
            finally:
                connections.close_all()

    def look(self) -> None:
        """Sweep, if no worker does, and see to forgotten turns, which are a worker's as well."""
        if sweeping.sweep_in_turn(by="web") is None:
            self._leave_it()
            return
        if self._sweeps == 0:
            log.warning("no worker sweeps: this web process does")
        if self._sweeps % TURNS_EVERY == 0:
            turns.answer_forgotten(commit=apply)
        self._sweeps += 1

    def _leave_it(self) -> None:
        """To the workers, or to another web process that has just swept."""
        if self._sweeps and not enforcement.health(clock.now()).standing_in:
            self._sweeps = 0
            log.warning("workers sweep again")


async def lifespan(_scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """What the server says of the life of the process."""
    await receive()
    garbage.settle()
    stand_in = StandIn()
    stand_in.start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await asyncio.to_thread(stand_in.stop)
    await send({"type": "lifespan.shutdown.complete"})
