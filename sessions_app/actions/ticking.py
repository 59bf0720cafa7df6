"""Let time have its effect on many sessions, whatever one of them may hold: one that raises does not stop the rest."""

from collections.abc import Sequence
from uuid import UUID

import structlog
from django.db import InterfaceError, OperationalError, transaction

from sessions_app.actions import sweep_log
from sessions_app.actions._apply import apply
from sessions_app.core.commands import Tick
from sessions_app.queries import due

# SQLSTATE classes that are about the server, not about a row: its connections, its resources, its orders, its disk.
_OF_THE_SERVER = ("08", "53", "57P", "58")
log = structlog.get_logger(__name__)


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
        return in_halves(sessions, error)
    return found


def in_halves(sessions: Sequence[UUID], error: Exception) -> list[UUID]:
    """What `tick` does where `error` came of these sessions."""
    if len(sessions) == 1:
        sweep_log.failed(sessions[0], error)
        return []
    log.warning("sessions are swept apart", number=len(sessions), error=type(error).__name__)
    half = len(sessions) // 2
    return tick(sessions[:half]) + tick(sessions[half:])


def is_of_the_database(error: Exception) -> bool:
    """Whether the database is away, rather than that something cannot be done there."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(_OF_THE_SERVER)
