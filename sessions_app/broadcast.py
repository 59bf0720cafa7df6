"""Hints that something changed: which ids, never what they are; or that somebody may do less. A hint may be lost,
repeated or late."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Literal, NamedTuple
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from portal.lib import background

GROUP = "changes"
CHUNK = 1000  # ids per hint
Who = Literal["accounts", "visitors"]
log = structlog.get_logger(__name__)


class Changed(NamedTuple):
    """A session, and an agent whose pages show something of it: its own, or the one it is transferred to."""

    session: UUID
    thread: UUID
    agent: int


def announce(changes: Sequence[Changed]) -> None:
    """Tell every process which sessions changed. Never waits, never fails: who missed it looks again by itself."""
    if changes:
        background.run(_send(changes))


def rights_changed(who: Who) -> None:
    """Tell every process that some of them may have less rights now: open sockets ask again at once. As `announce`."""
    background.run(_group_send({"type": "rights", "who": who}))


async def _send(changes: Sequence[Changed]) -> None:
    for chunk in _chunks(changes):
        await _group_send({"type": "changes", "items": chunk})


async def _group_send(message: dict[str, Any]) -> None:
    try:
        await get_channel_layer().group_send(GROUP, message)
    except (OSError, RedisError) as error:
        log.warning("hint not sent", error=str(error), kind=message["type"])


def _chunks(changes: Iterable[Changed]) -> Iterator[list[list[Any]]]:
    rest = iter(changes)
    while chunk := [[str(c.session), str(c.thread), c.agent] for c in islice(rest, CHUNK)]:
        yield chunk


def heard(message: dict[str, Any]) -> list[Changed]:
    """The changes of a received hint; none in one of another kind."""
    return [Changed(UUID(session), UUID(thread), agent) for session, thread, agent in message.get("items", ())]
