"""Who has which places with an agent, for the limit of open sessions per user (2-lifecycle.md, "Concurrency")."""

from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from sessions_app.core.facts import Seat

Key = tuple[UUID, int]  # user, agent

# Emulator sessions neither count nor are counted. A session that a transfer has ended takes the place it reserved.
TAKEN = """
    SELECT s.user_id, s.agent_id, s.id, s.thread_id, s.ends_at, s.inactive_since, p.number,
           s.state = 'paused' OR s.live_chat_by IS NOT NULL, s.busy_until
    FROM unnest(%(users)s::uuid[], %(agents)s::bigint[]) AS wanted(user_id, agent_id)
    JOIN chat_session s ON s.user_id = wanted.user_id AND s.agent_id = wanted.agent_id
    JOIN session_policy_version p ON p.id = s.policy_id
    WHERE s.state <> 'ended' AND s.version = 'LIVE'
    UNION ALL
    SELECT s.user_id, s.pending_to_id, s.id, s.thread_id, s.pending_until, s.inactive_since, NULL, true, NULL
    FROM unnest(%(users)s::uuid[], %(agents)s::bigint[]) AS wanted(user_id, agent_id)
    JOIN chat_session s ON s.pending_to_id = wanted.agent_id AND s.user_id = wanted.user_id
    WHERE s.pending_to_id IS NOT NULL AND s.version = 'LIVE'
"""


def locked(keys: Collection[Key], now: datetime) -> dict[Key, tuple[Seat, ...]]:
    """The places of each user with each agent, when nobody else can take one. Inside a transaction only, after the
    locks of threads and sessions. Two statements; the sessions that take the places are not locked."""
    users, agents = [user for user, _ in keys], [agent for _, agent in keys]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(key) FROM (SELECT DISTINCT hashtextextended(u::text, a) AS key"
            " FROM unnest(%s::uuid[], %s::bigint[]) AS wanted(u, a) ORDER BY key) AS keys",
            [users, agents],
        )
        cursor.execute(TAKEN, {"users": users, "agents": agents})
        rows = cursor.fetchall()
    found: dict[Key, tuple[Seat, ...]] = dict.fromkeys(keys, ())
    for user, agent, *place in rows:
        found[user, agent] = (*found[user, agent], _seat(*place, now=now))
    return found


def _seat(*place: Any, now: datetime) -> Seat:
    session, thread, until, inactive_since, version, fixed, busy_until = place
    busy = busy_until is not None and busy_until > now
    return Seat(
        session=session,
        thread=thread,
        until=until,
        inactive_since=inactive_since,
        policy_version=version,
        fixed=fixed or busy,
    )
