"""Policy versions on their way to the sessions they are for (2-lifecycle.md, "Policy changes on open sessions")."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

# What was begun under the version before is committed by then.
SETTLED_AFTER = timedelta(seconds=60)
# Sessions `s` of the agent under a version `p` that is older.
_BEHIND = """
chat_session s JOIN session_policy_version p ON p.id = s.policy_id
WHERE s.agent_id = %(agent)s AND p.number < %(number)s"""
# One that cannot be moved is the sweep's to try again, and to show.
OPEN_BEHIND = (
    f"{_BEHIND} AND s.state <> 'ended' AND NOT EXISTS (SELECT FROM session_sweep_failure f WHERE f.session_id = s.id)"
)
# `core.deadlines` says when an ended session is archived and erased. This is the same sum: early costs a look.
KEPT_UNTIL = """least(
    CASE WHEN s.archived_at IS NULL THEN s.ended_at + %(auto_archive_after)s END,
    CASE WHEN s.data_erased_at IS NULL THEN s.touched_at + %(session_data_retention)s END,
    CASE WHEN s.transcript_erased_at IS NULL THEN s.touched_at + %(transcript_retention)s::interval END)"""
ENDED_BEHIND = f"""{_BEHIND} AND s.state = 'ended' AND {KEPT_UNTIL} IS NOT NULL
    AND coalesce(s.due_at, 'infinity') > greatest({KEPT_UNTIL}, statement_timestamp())"""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnItsWay:
    """The latest version of an agent that is for open sessions, too. `settled`: no session can begin under an older one
    any more. `shortens`: something is kept for less time than under one before."""

    agent: int
    number: int
    settled: bool
    shortens: bool
    auto_archive_after: timedelta
    session_data_retention: timedelta
    transcript_retention: timedelta | None

    @property
    def values(self) -> dict[str, Any]:
        """What the SQL of this module names."""
        return {
            "agent": self.agent,
            "number": self.number,
            "auto_archive_after": self.auto_archive_after,
            "session_data_retention": self.session_data_retention,
            "transcript_retention": self.transcript_retention,
        }


def on_their_way(*, agent: int | None = None) -> list[OnItsWay]:
    """Of all agents, or of one."""
    values: dict[str, Any] = {"agent": agent, "settled": SETTLED_AFTER}
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT DISTINCT ON (v.agent_id) v.agent_id, v.number,
                v.number = 1 OR v.saved_at <= statement_timestamp() - %(settled)s,
                EXISTS (
                    SELECT FROM session_policy_version old
                    WHERE old.agent_id = v.agent_id AND old.number < v.number AND (
                        old.auto_archive_after > v.auto_archive_after
                        OR old.session_data_retention > v.session_data_retention
                        OR v.transcript_retention < coalesce(old.transcript_retention, '1000 years'))),
                v.auto_archive_after, v.session_data_retention, v.transcript_retention
            FROM session_policy_version v
            WHERE v.reach = 'running' AND v.reached_at IS NULL AND (%(agent)s::bigint IS NULL OR v.agent_id = %(agent)s)
            ORDER BY v.agent_id, v.number DESC
            """,
            values,
        )
        names = ("agent", "number", "settled", "shortens")
        kept = ("auto_archive_after", "session_data_retention", "transcript_retention")
        return [OnItsWay(**dict(zip((*names, *kept), row, strict=True))) for row in cursor.fetchall()]


def open_behind(version: OnItsWay, *, limit: int) -> list[UUID]:
    """Open sessions under an older version."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT s.id FROM {OPEN_BEHIND} LIMIT %(limit)s", version.values | {"limit": limit})  # noqa: S608
        return [id for (id,) in cursor.fetchall()]


def any_behind(version: OnItsWay) -> bool:
    """Whether it has sessions still to reach, open ones or ended ones."""
    with connection.cursor() as cursor:
        ended = f" OR EXISTS (SELECT FROM {ENDED_BEHIND})" if version.shortens else ""
        cursor.execute(f"SELECT EXISTS (SELECT FROM {OPEN_BEHIND}){ended}", version.values)  # noqa: S608
        found: bool = cursor.fetchone()[0]
    return found
