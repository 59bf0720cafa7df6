"""What time alone will change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import connection

# `core.deadlines.transcript_erased_at`, in SQL: by the version that is for ended sessions, too, but what was due under
# the session's own before the next one came has happened.
_OVER = """(
    SELECT (later.number IS NULL OR later.number = own.number + 1)
            AND s.touched_at + own.transcript_retention <= coalesce(later.saved_at, statement_timestamp())
        OR s.touched_at + later.transcript_retention <= statement_timestamp()
    FROM session_policy_version own LEFT JOIN LATERAL (
        SELECT p.number, p.saved_at, p.transcript_retention FROM session_policy_version p
        WHERE p.agent_id = own.agent_id AND p.number > own.number AND p.reach = 'running'
        ORDER BY p.number DESC LIMIT 1) later ON true
    WHERE own.id = s.policy_id)"""
# The transcript of `s` is due to be erased, and something of it is left. A scalar, where EXISTS could be taken for a
# reason to read all messages there are.
TRANSCRIPT_IS_OVER = f"""(
    s.state = 'ended' AND s.transcript_erased_at IS NULL AND {_OVER}
    AND (SELECT 1 FROM chat_message m WHERE m.session_id = s.id LIMIT 1) IS NOT NULL)"""  # noqa: S608
# The clock of the statement, not of the moment: compared with a volatile function, the index would be read from end to
# end.
_DUE = f"s.due_at <= statement_timestamp() AND {TRANSCRIPT_IS_OVER} IS NOT TRUE"


@dataclass(frozen=True, slots=True)
class Due:
    """Sessions that are due, oldest first, their threads locked. `late` says for each how late it is noticed; `failing`
    are those that could not be done before."""

    late: dict[UUID, timedelta] = field(default_factory=dict)
    failing: frozenset[UUID] = frozenset()

    @property
    def sessions(self) -> tuple[UUID, ...]:
        return tuple(self.late)


def due(*, limit: int) -> Due:
    """Take up to `limit` due sessions that nobody else is working on. Inside a transaction only.

    Its cost follows what is due, not what exists: it reads the partial index `session_due`. The threads are locked,
    not the sessions, because that is the order in which everybody locks. What is left of a transcript that is over
    comes first (`over`): such a session is not taken before.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.id, clock_timestamp() - s.due_at,
                EXISTS (SELECT FROM session_sweep_failure f WHERE f.session_id = s.id)
            FROM chat_session s JOIN chat_thread t ON t.id = s.thread_id
            WHERE {_DUE} ORDER BY s.due_at LIMIT %s
            FOR UPDATE OF t SKIP LOCKED
            """,  # noqa: S608
            [limit],
        )
        rows: list[tuple[UUID, timedelta, bool]] = cursor.fetchall()
    return Due({id: late for id, late, _ in rows}, frozenset(id for id, _, failing in rows if failing))


def free(sessions: Iterable[UUID]) -> list[UUID]:
    """Those of these sessions that nobody is working on, their threads locked. Inside a transaction only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id FROM chat_session s JOIN chat_thread t ON t.id = s.thread_id"
            " WHERE s.id = ANY(%s) ORDER BY s.id FOR UPDATE OF t SKIP LOCKED",
            [list(sessions)],
        )
        return [id for (id,) in cursor.fetchall()]


def over(*, limit: int) -> list[UUID]:
    """Up to `limit` sessions of whose transcript something is left when nothing should be, the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id FROM chat_session s WHERE s.due_at <= statement_timestamp() AND {TRANSCRIPT_IS_OVER}"  # noqa: S608
            " ORDER BY s.due_at LIMIT %s",
            [limit],
        )
        return [id for (id,) in cursor.fetchall()]
