"""The first half of the write path: lock the rows, then ask the clock, then read what the core needs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import DateTimeField

from portal.lib import arrays, clock
from sessions_app.actions import _data
from sessions_app.core import clocks
from sessions_app.core import facts as f
from sessions_app.core.commands import Answer, ChangeData, ClearHistory, Command, Say, Sender, Start, Transfer
from sessions_app.core.data import Stored
from sessions_app.models import ChatSession, Turn
from sessions_app.queries import agents, facts, seats
from sessions_app.queries.seats import Key


class Said(NamedTuple):
    """A message that was said before."""

    id: UUID
    seq: int


@dataclass(slots=True, kw_only=True)
class Loaded:
    """The locked state of a batch. `now` was asked after the locks were held."""

    now: datetime
    threads: dict[UUID, f.Thread]
    sessions: dict[UUID, f.Facts] = field(default_factory=dict)
    before: Mapping[UUID, f.Facts] = field(default_factory=dict)  # the sessions as they were stored
    agents: dict[int, f.Agent] = field(default_factory=dict)
    due_at: dict[UUID, datetime | None] = field(default_factory=dict)
    known: Mapping[tuple[UUID, str], Said] = field(default_factory=dict)  # (thread, client_id) → what has it
    open_turns: frozenset[UUID] = frozenset()
    new_threads: frozenset[UUID] = frozenset()
    seats: dict[Key, tuple[f.Seat, ...]] | None = field(default_factory=dict)
    data: dict[UUID, Stored] = field(default_factory=dict)

    @property
    def around(self) -> f.Around:
        """What decisions may look at; it changes with them."""
        return f.Around(agents=self.agents, seats=self.seats, data=self.data)


def load(commands: Sequence[Command]) -> tuple[Loaded, list[UUID | None]]:
    """Lock and read everything `commands` are about; and the thread of each command, None where there is none.

    Locks are taken in one order everywhere: threads by id, then sessions by id, then places of users with agents.
    """
    owners = _threads_of([c.session for c in commands if c.session is not None])
    of_command = [_thread_of(command, owners) for command in commands]
    wanted = sorted({thread for thread in of_command if thread is not None})
    thread_rows = _lock_threads(wanted)
    session_rows, due_at = _lock_sessions(wanted, [c.session for c in commands if c.session is not None])
    now = clock.now()
    rows = _with_new(thread_rows, commands)
    policies = facts.policies({row[_POLICY] for row in session_rows})
    sessions = {row[0]: facts.facts_of(row, policies) for row in session_rows}
    agent_of = agents.for_lifecycle(_agents_of(rows, sessions.values(), commands))
    loaded = Loaded(
        now=now,
        threads=_threads(rows, agent_of, sessions),
        sessions=sessions,
        before=dict(sessions),
        agents=agent_of,
        due_at=due_at,
        known=_known_client_ids(commands, of_command),
        open_turns=_open_turns(commands),
        new_threads=frozenset(row[0] for row in rows[len(thread_rows) :]),
        data=_data.load(_patched(commands)),
    )
    _take_places(loaded, commands, of_command)
    return loaded, of_command


def _take_places(loaded: Loaded, commands: Sequence[Command], of_command: Sequence[UUID | None]) -> None:
    """Where a limit may have to be kept. Waiting for that lock took time: the clock is asked again."""
    keys = _keys(loaded, commands, of_command)
    if keys:
        loaded.seats = seats.locked(keys, loaded.now)
        loaded.now = clock.now()


def _keys(loaded: Loaded, commands: Sequence[Command], of_command: Sequence[UUID | None]) -> set[Key]:
    """Users and agents with a limit that these commands may open a session of."""
    found: set[Key] = set()
    if all(agent.policy.max_concurrent_per_user is None for agent in loaded.agents.values()):
        return found
    for command, id in zip(commands, of_command, strict=True):
        thread = loaded.threads.get(id) if id else None
        agent = _would_open(loaded, command, thread) if thread else None
        if thread and agent and agent.policy.max_concurrent_per_user is not None:
            found.add((thread.user, agent.id))
    return found


def _would_open(loaded: Loaded, command: Command, thread: f.Thread) -> f.Agent | None:
    if isinstance(command, Transfer):
        return loaded.agents.get(command.target)
    speaks = isinstance(command, Say) and command.sender is Sender.USER
    if not (speaks or isinstance(command, Start | ClearHistory)):
        return None
    goes_on = not isinstance(command, ClearHistory) and _goes_on(thread, loaded.now)
    return None if goes_on else thread.agent


def _goes_on(thread: f.Thread, now: datetime) -> bool:
    """Whether its session is surely open: one that a newer policy has not reached yet may be over by that."""
    latest = thread.session
    if latest is None or thread.agent.newer_than(latest.policy_version) is not None:
        return False
    return clocks.as_of(latest, now).is_open


def _thread_of(command: Command, owners: Mapping[UUID, UUID]) -> UUID | None:
    if command.session is not None and command.thread is None:
        return owners.get(command.session)
    return command.opens.id if command.opens is not None else command.thread


def _with_new(rows: list[tuple[Any, ...]], commands: Sequence[Command]) -> list[tuple[Any, ...]]:
    """The threads there are, and after them those that begin with a command: nobody else can know these yet."""
    there = {row[0] for row in rows}
    new = {c.opens.id: c.opens for c in commands if c.opens is not None and c.opens.id not in there}
    return rows + [(opened.id, opened.user, opened.agent, 0, 0, False) for opened in new.values()]


def _agents_of(
    threads: Iterable[tuple[Any, ...]], sessions: Iterable[f.Facts], commands: Iterable[Command]
) -> set[int]:
    found = {row[2] for row in threads}
    for facts_ in sessions:
        found.add(facts_.agent)
        if facts_.pending_to is not None:
            found.add(facts_.pending_to)
    return found | {command.target for command in commands if isinstance(command, Transfer)}


def _patched(commands: Iterable[Command]) -> dict[UUID, set[str]]:
    """Session → the variables that are to be changed."""
    found: dict[UUID, set[str]] = {}
    for command in commands:
        if isinstance(command, ChangeData) and command.session is not None:
            found.setdefault(command.session, set()).update(command.patch)
    return found


def _threads_of(sessions: list[UUID]) -> dict[UUID, UUID]:
    if not sessions:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, thread_id FROM chat_session WHERE id = ANY(%s::uuid[])", [arrays.literal("uuid", sessions)]
        )
        return dict(cursor.fetchall())


def _lock_threads(ids: list[UUID]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, user_id, agent_id, last_seq, cleared_seq, ends_with_prompt"
            " FROM chat_thread WHERE id = ANY(%s::uuid[]) ORDER BY id FOR UPDATE",
            [arrays.literal("uuid", ids)],
        )
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _lock_sessions(threads: list[UUID], aimed: list[UUID]) -> tuple[list[list[Any]], dict[UUID, datetime | None]]:
    """The latest session of each thread, and those the commands are aimed at: rows of facts.COLUMNS, and when they are
    due."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {SELECTED} FROM chat_session s WHERE s.id = ANY(%s::uuid[]) OR s.id IN ("  # noqa: S608
            "  SELECT latest.id FROM unnest(%s::uuid[]) AS wanted(id), LATERAL ("
            "    SELECT id FROM chat_session WHERE thread_id = wanted.id"
            "    ORDER BY started_at DESC, id DESC LIMIT 1) AS latest"
            ") ORDER BY s.id FOR UPDATE",
            [arrays.literal("uuid", aimed), arrays.literal("uuid", threads)],
        )
        rows = [_with_instants(row) for row in cursor.fetchall()]
    return rows, {row[0]: row.pop() for row in rows}


COLUMNS = (*facts.COLUMNS, "due_at")
_POLICY = COLUMNS.index("policy_id")
_INSTANTS = [
    place for place, name in enumerate(COLUMNS) if isinstance(ChatSession._meta.get_field(name), DateTimeField)
]
# As text: Python reads that several times as fast as the driver does.
SELECTED = ", ".join(f"s.{name}::text" if place in _INSTANTS else f"s.{name}" for place, name in enumerate(COLUMNS))


def _with_instants(row: tuple[Any, ...]) -> list[Any]:
    values = list(row)
    for place in _INSTANTS:
        if values[place] is not None:
            values[place] = datetime.fromisoformat(values[place])
    return values


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
            [
                arrays.literal("uuid", [thread for thread, _ in pairs]),
                arrays.literal("text", [client_id for _, client_id in pairs]),
            ],
        )
        return {(thread, client_id): Said(id, seq) for thread, client_id, id, seq in cursor.fetchall()}


def _open_turns(commands: Sequence[Command]) -> frozenset[UUID]:
    turns = [command.turn for command in commands if isinstance(command, Answer)]
    return frozenset(Turn.objects.filter(pk__in=turns).values_list("pk", flat=True)) if turns else frozenset()
