"""What time alone will change."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class Due:
    """Sessions that are due, oldest first, their threads locked; and how late the oldest was noticed."""

    sessions: tuple[UUID, ...]
    lateness: timedelta | None


def due(*, limit: int) -> Due:
    """Take up to `limit` due sessions that nobody else is working on. Inside a transaction only.

    Its cost follows what is due, not what exists: it reads the partial index `session_due`. The clock is asked in a
    subselect, once: compared with the volatile function itself the index would be read from end to end. The threads are
    locked, not the sessions, because that is the order in which everybody locks.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT s.id, s.due_at, clock_timestamp() FROM chat_session s JOIN chat_thread t ON t.id = s.thread_id
            WHERE s.due_at <= (SELECT clock_timestamp()) ORDER BY s.due_at LIMIT %s
            FOR UPDATE OF t SKIP LOCKED
            """,
            [limit],
        )
        rows: list[tuple[UUID, datetime, datetime]] = cursor.fetchall()
    lateness = max((now - due_at for _, due_at, now in rows), default=None)
    return Due(tuple(id for id, _, _ in rows), lateness)
