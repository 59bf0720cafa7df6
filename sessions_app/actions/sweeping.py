"""Enforcement: the same decision as everybody's, for what is due (2-lifecycle.md, "Enforcement")."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import structlog
from django.db import InterfaceError, OperationalError, connection, transaction

from portal.lib import clock
from sessions_app.actions import _store
from sessions_app.actions._apply import apply
from sessions_app.core.commands import Tick
from sessions_app.queries import due

BATCH = 500
BATCHES = 40  # per run; the next run is a second away
SET_ASIDE_FOR = 60  # seconds
AWAY = (OperationalError, InterfaceError)  # of the database as a whole, not of a row
log = structlog.get_logger(__name__)


class Swept(NamedTuple):
    """How many sessions were looked at, and how late the latest of them was noticed."""

    handled: int
    lateness: timedelta | None


def sweep() -> Swept:
    """Let time have its effect wherever it is due. Several sweeps at once share the work; one that dies has done
    whole batches or nothing of them."""
    began = clock.now()
    handled, lateness = 0, None
    for _ in range(BATCHES):
        batch = _sweep_batch()
        handled += batch.handled
        lateness = max((late for late in (lateness, batch.lateness) if late is not None), default=None)
        if batch.handled < BATCH:
            break
    _note_run(began=began, handled=handled, lateness=lateness)
    return Swept(handled, lateness)


def _sweep_batch() -> Swept:
    try:
        with transaction.atomic():
            found = due.due(limit=BATCH)
            apply([Tick(session=id) for id in found.sessions])
    except AWAY:
        raise
    except Exception as error:
        log.warning("batch is swept one by one", error=str(error))
        return _one_by_one()
    return Swept(len(found.sessions), found.lateness)


def _one_by_one() -> Swept:
    """What cannot be swept must not stop the rest: it is set aside, and tried again from time to time."""
    with transaction.atomic():
        found = due.due(limit=BATCH)
    for id in found.sessions:
        try:
            apply([Tick(session=id)])
        except AWAY:
            raise
        except Exception as error:
            log.error("session cannot be swept", session=str(id), exc_info=error)
            # Only the sweep is late for it then: whoever looks at it goes by its deadlines.
            _store.set_aside(id, seconds=SET_ASIDE_FOR)
    return Swept(len(found.sessions), found.lateness)


def _note_run(*, began: datetime, handled: int, lateness: timedelta | None) -> None:
    with connection.cursor() as cursor:
        values: list[Any] = [began, handled, lateness]
        cursor.execute(
            """
            INSERT INTO session_sweep_run (by, ran_at, took, handled, lateness)
            VALUES ('worker', clock_timestamp(), clock_timestamp() - %s, %s, %s)
            ON CONFLICT (by) DO UPDATE SET ran_at = excluded.ran_at, took = excluded.took,
                handled = excluded.handled, lateness = excluded.lateness
            """,
            values,
        )
