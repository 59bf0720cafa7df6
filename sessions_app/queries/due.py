"""What time alone will change: who is chatting first, then what has ended, and what was said in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from django.db import connection

# `core.deadlines.transcript_erased_at`, in SQL: by the version that is for ended sessions, too, but what was due under
# the session's own before the next one came has happened.
_UNTIL_IS_PAST = """(
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
_IS_OVER = f"""(
    s.transcript_erased_at IS NULL AND {_UNTIL_IS_PAST}
    AND (SELECT 1 FROM chat_message m WHERE m.session_id = s.id LIMIT 1) IS NOT NULL)"""  # noqa: S608
# The clock of the statement, not of the moment: compared with a volatile function, the index would be read from end to
# end. The states are those of the partial indexes.
_OPEN = "s.state <> 'ended' AND s.due_at <= statement_timestamp()"
_ENDED = "s.state = 'ended' AND s.due_at <= statement_timestamp()"
# However many of them there are, so many are looked at: what can be done of these makes room for the next.
_LOOKED_AT = f"""(
    SELECT s.id, s.due_at FROM chat_session s WHERE {_ENDED} ORDER BY s.due_at LIMIT 2000) AS looked_at"""  # noqa: S608


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
    """Take up to `limit` open sessions that are due and that nobody else is working on. Inside a transaction only.

    Its cost follows what is due, not what exists: it reads the partial index `session_open_due`, where no ended session
    stands before them. The threads are locked first, because that is the order in which everybody locks.
    """
    return _taken(f"chat_session s WHERE {_OPEN}", "s.due_at", limit)


def ended(*, limit: int) -> Due:
    """The same of ended sessions: to be archived or erased. What is left of a transcript that is over goes first
    (`over`); such a session is not taken before."""
    found = f"{_LOOKED_AT} JOIN chat_session s USING (id) WHERE {_ENDED} AND {_IS_OVER} IS NOT TRUE"
    return _taken(found, "looked_at.due_at", limit)


def _taken(found: str, order: str, limit: int) -> Due:
    """What another sweep has just done was due when this statement began: locked, it is looked at again."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT s.id, clock_timestamp() - s.due_at,
                EXISTS (SELECT FROM session_sweep_failure f WHERE f.session_id = s.id)
            FROM chat_thread t, {found} AND t.id = s.thread_id
            ORDER BY {order} LIMIT %s FOR UPDATE OF t, s SKIP LOCKED
            """,  # noqa: S608
            [limit],
        )
        rows: list[tuple[UUID, timedelta, bool]] = cursor.fetchall()
    return Due({id: late for id, late, _ in rows}, frozenset(id for id, _, failing in rows if failing))


def over(*, limit: int) -> list[UUID]:
    """Up to `limit` sessions of whose transcript something is left when nothing should be, the longest due first."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT s.id FROM {_LOOKED_AT} JOIN chat_session s USING (id) WHERE {_IS_OVER}"  # noqa: S608
            " ORDER BY looked_at.due_at LIMIT %s",
            [limit],
        )
        return [id for (id,) in cursor.fetchall()]


def free(sessions: Iterable[UUID]) -> list[UUID]:
    """Those of these sessions that nobody is working on, their threads locked. Inside a transaction only."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.id FROM chat_session s JOIN chat_thread t ON t.id = s.thread_id"
            " WHERE s.id = ANY(%s) ORDER BY s.id FOR UPDATE OF t SKIP LOCKED",
            [list(sessions)],
        )
        return [id for (id,) in cursor.fetchall()]
