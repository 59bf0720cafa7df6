"""The first half of the write path: lock the rows, then ask the clock, then read what the core needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from portal.lib import clock
from sessions_app.core import facts as f
from sessions_app.core.commands import Answer, Command, Say
from sessions_app.models import ChatSession, Turn
from sessions_app.queries import agents, facts


class Said(NamedTuple):
    """A message that was said before."""

    id: UUID
    seq: int


@dataclass(slots=True)
class Loaded:
    """The locked state of a batch. `now` was asked after the locks were held."""

    now: datetime
    threads: dict[UUID, f.Thread]
    sessions: dict[UUID, f.Facts]
    due_at: dict[UUID, datetime | None]
    known: Mapping[tuple[UUID, str], Said]  # (thread, client_id) → the message that has it
    open_turns: frozenset[UUID]


def load(commands: Sequence[Command]) -> tuple[Loaded, list[UUID | None]]:
    """Lock and read everything `commands` are about; and the thread of each command, None where there is none.

    Locks are taken in one order everywhere: threads by id, then sessions by id.
    """
    owners = _threads_of([c.session for c in commands if c.session is not None])
    of_command = [c.thread or (owners.get(c.session) if c.session else None) for c in commands]
    wanted = sorted({thread for thread in of_command if thread is not None})
    thread_rows = _lock_threads(wanted)
    session_rows, due_at = _lock_sessions(wanted, [c.session for c in commands if c.session is not None])
    now = clock.now()
    agent_of = agents.for_lifecycle({row[2] for row in thread_rows})
    policies = facts.policies(row["policy_id"] for row in session_rows)
    sessions = {row["id"]: facts.facts_from(row, policies) for row in session_rows}
    threads = _threads(thread_rows, agent_of, sessions)
    loaded = Loaded(now, threads, sessions, due_at, _known_client_ids(commands, of_command), _open_turns(commands))
    return loaded, of_command


def _threads_of(sessions: list[UUID]) -> dict[UUID, UUID]:
    if not sessions:
        return {}
    return dict(ChatSession.objects.filter(pk__in=sessions).values_list("pk", "thread_id"))


def _lock_threads(ids: list[UUID]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, user_id, agent_id, last_seq, cleared_seq, ends_with_prompt"
            " FROM chat_thread WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
            [ids],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _lock_sessions(threads: list[UUID], aimed: list[UUID]) -> tuple[list[dict[str, Any]], dict[UUID, datetime | None]]:
    """The latest session of each thread, and those the commands are aimed at."""
    columns = ", ".join(f"s.{name}" for name in facts.COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns}, s.due_at FROM chat_session s WHERE s.id = ANY(%s) OR s.id IN ("  # noqa: S608
            "  SELECT latest.id FROM unnest(%s) AS wanted(id), LATERAL ("
            "    SELECT id FROM chat_session WHERE thread_id = wanted.id"
            "    ORDER BY started_at DESC, id DESC LIMIT 1) AS latest"
            ") ORDER BY s.id FOR UPDATE",
            [aimed, threads],
        )
        rows = [dict(zip((*facts.COLUMNS, "due_at"), row, strict=True)) for row in cursor.fetchall()]
    return rows, {row["id"]: row.pop("due_at") for row in rows}


def _threads(
    rows: Iterable[tuple[Any, ...]], agent_of: Mapping[int, f.Agent], sessions: Mapping[UUID, f.Facts]
) -> dict[UUID, f.Thread]:
    latest: dict[UUID, f.Facts] = {}
    for session in sorted(sessions.values(), key=lambda session: (session.started_at, session.id)):
        latest[session.thread] = session
    return {
        id: f.Thread(
            id=id,
            user=user,
            agent=agent_of[agent],
            last_seq=last_seq,
            cleared_seq=cleared_seq,
            ends_with_prompt=ends_with_prompt,
            session=latest.get(id),
        )
        for id, user, agent, last_seq, cleared_seq, ends_with_prompt in rows
    }


def _known_client_ids(commands: Sequence[Command], threads: Sequence[UUID | None]) -> dict[tuple[UUID, str], Said]:
    pairs = [
        (t, c.client_id) for t, c in zip(threads, commands, strict=True) if t and isinstance(c, Say) and c.client_id
    ]
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT m.thread_id, m.client_id, m.id, m.seq"
            " FROM unnest(%s::uuid[], %s::text[]) AS said(thread_id, client_id)"
            " JOIN chat_message m ON m.thread_id = said.thread_id AND m.client_id = said.client_id",
            [[thread for thread, _ in pairs], [client_id for _, client_id in pairs]],
        )
        return {(thread, client_id): Said(id, seq) for thread, client_id, id, seq in cursor.fetchall()}


def _open_turns(commands: Sequence[Command]) -> frozenset[UUID]:
    turns = [command.turn for command in commands if isinstance(command, Answer)]
    return frozenset(Turn.objects.filter(pk__in=turns).values_list("pk", flat=True)) if turns else frozenset()
