"""Commands that arrive together are applied together: a few milliseconds of gathering per process."""

import asyncio
from functools import partial

import structlog

from portal.lib import threads
from portal.lib.loops import PerLoop
from portal.lib.outages import would_come_again
from sessions_app.actions import Outcome, apply
from sessions_app.core.commands import Command

GATHER_FOR = 0.003  # seconds
MOST = 500  # commands in one transaction
log = structlog.get_logger(__name__)


class Gatherer:
    """Collects the commands of all sockets of one event loop and puts them through the write path in lists."""

    def __init__(self) -> None:
        self._waiting: list[tuple[Command, asyncio.Future[Outcome]]] = []
        self._flush: asyncio.Task[None] | None = None

    async def apply(self, command: Command) -> Outcome:
        """What became of the command, once it is committed."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((command, future))
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._flush_all())
        return await future

    async def _flush_all(self) -> None:
        await asyncio.sleep(GATHER_FOR)
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            await self._apply(batch)

    async def _apply(self, batch: list[tuple[Command, "asyncio.Future[Outcome]"]]) -> None:
        try:
            outcomes = await threads.in_database(partial(apply, [command for command, _ in batch]))
        except Exception as error:
            await self._apart(batch, error)
            return
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)

    async def _apart(self, batch: list[tuple[Command, "asyncio.Future[Outcome]"]], error: Exception) -> None:
        """One bad command must not take the others down with it: each gets a transaction of its own."""
        if len(batch) == 1 or would_come_again(error):
            log.error("commands failed", first=type(batch[0][0]).__name__, number=len(batch), exc_info=error)
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for one in batch:
            await self._apply([one])


gatherer = PerLoop(Gatherer)
