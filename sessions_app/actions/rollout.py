"""A policy version on its way to the sessions it is for (2-lifecycle.md, "Policy changes on open sessions").

Whoever decides upon a session that runs under an older version moves it first. Here they are looked for, so that a
shorter deadline comes in time for those nobody touches. A process may die on the way: the sweep goes on with it until
none is left.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction

from sessions_app.actions import ticking
from sessions_app.actions._apply import apply
from sessions_app.core.commands import Tick
from sessions_app.queries import rollouts
from sessions_app.queries.rollouts import OnItsWay

AT_ONCE = 500  # open sessions of one transaction
LOOKED_FOR = 10_000  # that are looked for together: each look reads past those that have been moved
ENDED_AT_ONCE = 2000  # of which some may be due at once, and no more than the sweep does in a moment
ENOUGH = 1.0  # seconds that whoever saves a policy waits for it to arrive


def reach(agent_id: int) -> None:
    """Take what has just been saved to the agent's sessions; what is left after a moment is the sweep's."""
    until = time.monotonic() + ENOUGH
    for version in rollouts.on_their_way(agent=agent_id):
        for _ in _taken(version):
            if time.monotonic() > until:
                return
        if left := rollouts.open_behind(version, limit=AT_ONCE):
            _wait_for(left)


def _wait_for(sessions: Sequence[UUID]) -> None:
    """Somebody was working on these, and may have begun before the version was there: they follow when that is done."""
    # What is held for long is left to the sweep.
    with suppress(OperationalError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{ENOUGH}s"])
        apply([Tick(session=id) for id in sessions])


def steps() -> Iterator[int]:
    """Take every version on its way to its sessions, a batch each step; it has arrived when none can be left."""
    for version in rollouts.on_their_way():
        if not version.settled:
            yield from _open(version)
            continue
        yield from _taken(version)
        if not rollouts.any_behind(version):
            _note_arrival(version)


def _taken(version: OnItsWay) -> Iterator[int]:
    yield from _open(version)
    if version.shortens:
        yield from _ended(version)


def _open(version: OnItsWay) -> Iterator[int]:
    """They follow when time has its effect on them, and what was due under the old version happens first."""
    seen: set[UUID] = set()
    while sessions := [id for id in rollouts.open_behind(version, limit=LOOKED_FOR) if id not in seen]:
        for start in range(0, len(sessions), AT_ONCE):
            yield len(ticking.tick(sessions[start : start + AT_ONCE]))
        seen.update(sessions)  # somebody is working on what is still there, and moves it


def _ended(version: OnItsWay) -> Iterator[int]:
    """Those that are kept for less time now are due earlier. Newest first, from one place to the next."""
    place: tuple[datetime, UUID] | None = None
    while True:
        moved = _make_due(version, before=place)
        if not moved:
            return
        place = min(moved)
        yield len(moved)


def _make_due(version: OnItsWay, *, before: tuple[datetime, UUID] | None) -> list[tuple[datetime, UUID]]:
    """The places of those that were moved. What somebody is working on is left for the next time."""
    since = "AND (s.started_at, s.id) < (%(started_at)s, %(id)s)" if before else ""
    place = dict(zip(("started_at", "id"), before, strict=True)) if before else {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH earlier AS (
                SELECT s.id, greatest({rollouts.KEPT_UNTIL}, statement_timestamp()) AS due_at
                FROM {rollouts.ENDED_BEHIND} {since}
                ORDER BY s.started_at DESC, s.id DESC LIMIT %(limit)s FOR UPDATE OF s SKIP LOCKED)
            UPDATE chat_session s SET due_at = earlier.due_at FROM earlier WHERE s.id = earlier.id
            RETURNING s.started_at, s.id
            """,  # noqa: S608
            version.values | place | {"limit": ENDED_AT_ONCE},
        )
        places: list[tuple[datetime, UUID]] = cursor.fetchall()
    return places


def _note_arrival(version: OnItsWay) -> None:
    """With it, those it has overtaken."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE session_policy_version SET reached_at = clock_timestamp()"
            " WHERE agent_id = %(agent)s AND number <= %(number)s AND reach = 'running' AND reached_at IS NULL",
            version.values,
        )
