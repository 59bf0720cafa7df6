"""What is written down about the enforcement: when it ran, how late it noticed what was due, and what it could not do.

Everything is in PostgreSQL, and judged by its clock: pages, checks and metrics of every process say the same.
"""

import traceback
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple
from uuid import UUID

import structlog
from django.db import connection

from sessions_app.core import lateness
from sessions_app.queries import enforcement

By = Literal["worker", "web"]  # which kind of process sweeps
BEFORE = datetime(1970, 1, 1, tzinfo=UTC)  # the "minute" of everything that is older than minutes are kept
SET_ASIDE_FOR = timedelta(hours=1)
LONGEST_ERROR = 500
# `old` and `excluded` are rows of the table; a row has a place for each bucket.
_ADDED = """
late = ARRAY(
    SELECT a + b FROM unnest(old.late, excluded.late) WITH ORDINALITY AS counted (a, b, place) ORDER BY place),
total = old.total + excluded.total, worst = greatest(old.worst, excluded.worst)
"""
log = structlog.get_logger(__name__)


# ── when it ran ──────────────────────────────────────────────────────────────────────────────────────────────────────
class Begun(NamedTuple):
    """Whether anything is due, and whether a policy version has not reached every session yet."""

    due: bool
    on_its_way: bool


def begin(*, by: By, apart: timedelta = timedelta(0)) -> Begun | None:
    """Note that a sweep begins; None when it is not to begin: another of its kind began less than `apart` ago, or, for
    a web process, workers sweep.

    The one statement of a sweep with nothing to do. It does not wait for the disk: a second later it is written again.
    Of many that ask at once, the row lets one begin. An instant in the future, by a clock that was set back, holds up
    nobody.
    """
    values: dict[str, Any] = {"by": by, "apart": apart, "gone": enforcement.BEHIND_AFTER}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO session_sweep_run AS old (by, ran_at, took, handled)
            SELECT %(by)s, clock_timestamp(), interval '0', 0
            WHERE set_config('synchronous_commit', 'off', true) = 'off' AND (%(by)s = 'worker' OR NOT EXISTS (
                SELECT FROM session_sweep_run WHERE by = 'worker'
                AND ran_at BETWEEN statement_timestamp() - %(gone)s AND clock_timestamp()))
            ON CONFLICT (by) DO UPDATE SET ran_at = excluded.ran_at, took = excluded.took, handled = 0, lateness = NULL
            WHERE old.ran_at NOT BETWEEN excluded.ran_at - %(apart)s AND excluded.ran_at + %(apart)s
            RETURNING
                coalesce(statement_timestamp() >= least(
                    (SELECT min(due_at) FROM chat_session WHERE state <> 'ended'),
                    (SELECT min(due_at) FROM chat_session WHERE state = 'ended')), false),
                EXISTS (SELECT FROM session_policy_version WHERE reach = 'running' AND reached_at IS NULL)
            """,
            values,
        )
        row = cursor.fetchone()
    return Begun(*row) if row else None


def finish(*, by: By, took: timedelta, handled: int, worst: timedelta | None) -> None:
    """Note what came of it. `worst` is the lateness of the oldest session it found."""
    values: list[Any] = [took, handled, worst, by]
    with connection.cursor() as cursor:
        cursor.execute("UPDATE session_sweep_run SET took = %s, handled = %s, lateness = %s WHERE by = %s", values)


def chores_done() -> None:
    """Note that a worker has seen to its other work."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO session_sweep_run (by, ran_at, took, handled)"
            " VALUES ('chores', clock_timestamp(), interval '0', 0)"
            " ON CONFLICT (by) DO UPDATE SET ran_at = excluded.ran_at"
        )


# ── how late ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def noticed(late: Collection[timedelta]) -> None:
    """Count each session that was noticed, by how late it was, in the minute that runs."""
    if not late:
        return
    found = lateness.measured(late)
    values: list[Any] = [list(found.counts), found.total, found.worst]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO session_sweep_minute AS old (minute, late, total, worst)"  # noqa: S608
            " VALUES (date_trunc('minute', clock_timestamp()), %s, %s, %s)"
            f" ON CONFLICT (minute) DO UPDATE SET {_ADDED}",
            values,
        )


def forget_minutes(*, older_than: timedelta) -> None:
    """What is older is added up: a counter that forgets would run backwards."""
    values: dict[str, Any] = {"older": older_than, "before": BEFORE}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH gone AS (
                DELETE FROM session_sweep_minute
                WHERE minute < clock_timestamp() - %(older)s AND minute <> %(before)s RETURNING late, total, worst)
            INSERT INTO session_sweep_minute AS old (minute, late, total, worst)
            SELECT %(before)s, ARRAY(
                SELECT sum(number) FROM gone, unnest(late) WITH ORDINALITY AS counted (number, place)
                GROUP BY place ORDER BY place), sum(total), max(worst) FROM gone HAVING count(*) > 0
            ON CONFLICT (minute) DO UPDATE SET {_ADDED}
            """,  # noqa: S608
            values,
        )


# ── what could not be done ───────────────────────────────────────────────────────────────────────────────────────────
def failed(session: UUID, error: Exception) -> None:
    """Note that a session cannot be swept, and move it out of the way of the others: 1, 2, 4, 8 seconds, then it is set
    aside and tried once an hour. Only the sweep is late for it: whoever looks at it goes by its deadlines."""
    log.error("session cannot be swept", session=str(session), exc_info=error)
    values: dict[str, Any] = {
        "session": session,
        "error": _described(error),
        "tries": enforcement.SET_ASIDE_AFTER,
        "aside": SET_ASIDE_FOR,
    }
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH failure AS (
                INSERT INTO session_sweep_failure AS old (session_id, tries, error, first_at, last_at)
                SELECT id, 1, %(error)s, clock_timestamp(), clock_timestamp() FROM chat_session WHERE id = %(session)s
                ON CONFLICT (session_id) DO UPDATE
                SET tries = old.tries + 1, error = excluded.error, last_at = excluded.last_at
                RETURNING session_id, tries)
            UPDATE chat_session SET due_at = clock_timestamp() + CASE
                WHEN tries < %(tries)s THEN make_interval(secs => 2 ^ (tries - 1)) ELSE %(aside)s END
            FROM failure WHERE id = session_id
            """,
            values,
        )


def succeeded(sessions: Sequence[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM session_sweep_failure WHERE session_id = ANY(%s)", [list(sessions)])


def _described(error: Exception) -> str:
    """What went wrong, and where. Not what the exception says: that may be words of a user."""
    place = _last(traceback.extract_tb(error.__traceback__))
    return f"{type(error).__name__} in {place}"[:LONGEST_ERROR]


def _last(frames: Iterable[traceback.FrameSummary]) -> str:
    """The innermost line of the Portal's own."""
    own = [frame for frame in frames if "site-packages" not in frame.filename]
    return f"{own[-1].name}, line {own[-1].lineno}" if own else "an unknown place"
