"""Hints that something changed: which ids, never what they are. A hint may be lost, repeated or late."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple
from uuid import UUID

import structlog
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from portal.lib import background

GROUP = "changes"
CHUNK = 1000  # ids per hint
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


async def _send(changes: Sequence[Changed]) -> None:
    layer = get_channel_layer()
    try:
        for chunk in _chunks(changes):
            await layer.group_send(GROUP, {"type": "changes", "items": chunk})
    except (OSError, RedisError) as error:
        log.warning("hint not sent", error=str(error), changes=len(changes))


def _chunks(changes: Iterable[Changed]) -> Iterator[list[list[Any]]]:
    rest = iter(changes)
    while chunk := [[str(c.session), str(c.thread), c.agent] for c in islice(rest, CHUNK)]:
        yield chunk


def heard(message: dict[str, Any]) -> list[Changed]:
    """The changes of a received hint."""
    return [Changed(UUID(session), UUID(thread), agent) for session, thread, agent in message["items"]]
