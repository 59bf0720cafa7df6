"""Let time have its effect on many sessions, whatever one of them may hold: one that raises does not stop the rest."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol
from uuid import UUID

import structlog
from django.db import transaction

from portal.lib.outages import is_of_the_database
from sessions_app.actions import sweep_log
from sessions_app.actions._apply import apply
from sessions_app.core.commands import Tick
from sessions_app.queries import due

log = structlog.get_logger(__name__)


class Take(Protocol):
    """How sessions that are due are taken (`queries.due`)."""

    def __call__(self, *, limit: int) -> due.Due: ...


class Batch(NamedTuple):
    """How many sessions were taken, and how late each was noticed for which it could be done."""

    taken: int
    late: list[timedelta]


def batch(take: Take, *, limit: int) -> Batch:
    """Do it for up to `limit` sessions, in one transaction. Those that could not be done before stand alone: they have
    held up others once. Raises what the database as a whole says."""
    clean: list[UUID] = []
    try:
        with transaction.atomic():
            found = take(limit=limit)
            clean = [id for id in found.sessions if id not in found.failing]
            apply([Tick(session=id) for id in clean])
    except Exception as error:
        if not clean or is_of_the_database(error):
            raise
        clean = _in_halves(clean, error)
    done = clean + [id for id in found.failing if _again(id)]
    return Batch(len(found.late), [found.late[id] for id in done])


def tick(sessions: Sequence[UUID]) -> list[UUID]:
    """The sessions it was done for: those that nobody else is working on. One that makes it raise is found by halving,
    and set aside. Raises what the database as a whole says."""
    try:
        with transaction.atomic():
            found = due.free(sessions)
            apply([Tick(session=id) for id in found])
    except Exception as error:
        if is_of_the_database(error):
            raise
        return _in_halves(sessions, error)
    return found


def _in_halves(sessions: Sequence[UUID], error: Exception) -> list[UUID]:
    """What `tick` does where `error` came of these sessions."""
    if len(sessions) == 1:
        sweep_log.failed(sessions[0], error)
        return []
    log.warning("sessions are swept apart", number=len(sessions), error=type(error).__name__)
    half = len(sessions) // 2
    return tick(sessions[:half]) + tick(sessions[half:])


def _again(session: UUID) -> bool:
    if not tick([session]):
        return False
    sweep_log.succeeded([session])
    return True
