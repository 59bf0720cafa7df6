"""Waiting for the bot's answer to a turn, in the thread of whoever asked."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from portal.lib import threads
from sessions_app.models import Turn

LOOK_EVERY = 0.5  # seconds between looks: another process may give the answer
_waiting: dict[UUID, set[threading.Event]] = {}
_lock = threading.Lock()


def for_answer(turn: UUID, *, seconds: float) -> None:
    """Return when the turn is answered, or after so many seconds. No database connection is held meanwhile."""
    until = time.monotonic() + seconds
    with _expecting(turn) as told:
        while _is_open(turn) and (left := until - time.monotonic()) > 0:
            threads.release_connection()
            told.wait(min(left, LOOK_EVERY))


def answered(turn: UUID) -> None:
    """This process has committed the answer."""
    with _lock:
        for told in _waiting.get(turn, ()):
            told.set()


@contextmanager
def _expecting(turn: UUID) -> Iterator[threading.Event]:
    told = threading.Event()
    with _lock:
        _waiting.setdefault(turn, set()).add(told)
    try:
        yield told
    finally:
        with _lock:
            _waiting[turn].discard(told)
            if not _waiting[turn]:
                del _waiting[turn]


def _is_open(turn: UUID) -> bool:
    return Turn.objects.filter(pk=turn).exists()
