"""The second half of the write path: one statement per table, however many rows."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from portal.lib import arrays
from sessions_app.core import deadlines, deeds
from sessions_app.core.decision import Event, Message
from sessions_app.core.facts import Facts, InForce, State, Thread
from sessions_app.queries import turns


class Column(NamedTuple):
    name: str
    type: str
    value: Callable[[Any], Any]


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


RUNNING = (State.LIVE, State.IDLE)
# What may change in a session's life. What never changes is written once, when it starts.
CHANGING = (
    Column("language", "text", lambda s: s.language),
    Column("policy_id", "bigint", lambda s: s.policy_id),
    Column("policy_effective_at", "timestamptz", lambda s: s.policy_effective_at),
    Column("state", "text", lambda s: s.state.value),
    Column("started_at", "timestamptz", lambda s: s.started_at),
    Column("inactive_since", "timestamptz", lambda s: s.inactive_since),
    Column("last_interaction_at", "timestamptz", lambda s: s.last_interaction_at),
    Column("touched_at", "timestamptz", lambda s: s.touched_at),
    Column("paused_at", "timestamptz", lambda s: s.paused_at),
    Column("paused_for", "interval", lambda s: s.paused_for),
    Column("busy_until", "timestamptz", lambda s: s.busy_until),
    Column("unanswered", "int", lambda s: s.unanswered),
    Column("held", "int", lambda s: s.held),
    Column("idled", "bool", lambda s: s.idled),
    Column("user_turns", "int", lambda s: s.user_turns),
    Column("interactions", "int", lambda s: s.interactions),
    Column("conversations", "int", lambda s: s.conversations),
    Column("messages", "int", lambda s: s.messages),
    Column("model_override", "text", lambda s: s.model_override),
    Column("live_chat_by", "text", lambda s: s.live_chat_by),
    Column("live_chat_since", "timestamptz", lambda s: s.live_chat_since),
    Column("transferred_to", "uuid", lambda s: s.transferred_to),
    Column("pending_to_id", "bigint", lambda s: s.pending_to),
    Column("pending_until", "timestamptz", lambda s: s.pending_until),
    Column("idle_at", "timestamptz", lambda s: deadlines.idle_at(s) if s.state in RUNNING else None),
    Column("ends_at", "timestamptz", lambda s: deadlines.ends_at(s) if s.state in RUNNING else None),
    Column("ended_at", "timestamptz", lambda s: s.ended_at),
    Column("end_reason", "text", lambda s: s.end_reason.value if s.end_reason else None),
    Column("silent", "bool", lambda s: s.silent),
    Column("archived_at", "timestamptz", lambda s: s.archived_at),
    Column("data_erased_at", "timestamptz", lambda s: s.data_erased_at),
    Column("transcript_erased_at", "timestamptz", lambda s: s.transcript_erased_at),
    Column("row_version", "int", lambda s: s.row_version),
)
FIXED = (
    Column("id", "uuid", lambda s: s.id),
    Column("thread_id", "uuid", lambda s: s.thread),
    Column("agent_id", "bigint", lambda s: s.agent),
    Column("user_id", "uuid", lambda s: s.user),
    Column("version", "text", lambda s: s.version),
    Column("channel", "text", lambda s: s.channel),
    Column("locale", "text", lambda s: s.locale),
    Column("transferred_from", "uuid", lambda s: s.transferred_from),
)
THREAD = (
    Column("id", "uuid", lambda t: t.id),
    Column("agent_id", "bigint", lambda t: t.agent.id),
    Column("last_seq", "int", lambda t: t.last_seq),
    Column("cleared_seq", "int", lambda t: t.cleared_seq),
    Column("ends_with_prompt", "bool", lambda t: t.ends_with_prompt),
)
EVENT = (
    Column("session_id", "uuid", lambda e: e.session),
    Column("seq", "int", lambda e: e.seq),
    Column("at", "timestamptz", lambda e: e.at),
    Column("type", "text", lambda e: e.type),
    Column("actor", "text", lambda e: e.actor),
    Column("cause", "text", lambda e: e.cause),
    Column("policy_version", "int", lambda e: e.policy_version),
    Column("detail", "jsonb", lambda e: _json(dict(e.detail))),
)


Kept = Callable[[Facts], InForce]  # under which policy a session is kept after its end


def _due(facts: Facts, stored: datetime | None, kept: Kept) -> datetime | None:
    """The stored due time of a running session may be early, never late: it moves only when the true one is before it,
    so that a message does not touch the index."""
    due = _next_due(facts, kept)
    early = facts.state in RUNNING and due is not None and stored is not None and stored <= due
    return stored if early else due


def _next_due(facts: Facts, kept: Kept) -> datetime | None:
    return deadlines.next_due(facts, kept(facts))


def insert_threads(threads: Sequence[Thread]) -> None:
    _insert("chat_thread", (*THREAD, Column("user_id", "uuid", lambda t: t.user)), threads)


def update_threads(threads: Sequence[Thread]) -> None:
    _update("chat_thread", THREAD, threads)


def insert_sessions(sessions: Sequence[Facts], kept: Kept) -> None:
    due = Column("due_at", "timestamptz", lambda s: _next_due(s, kept))
    _insert("chat_session", (*FIXED, *CHANGING, due), sessions)


def update_sessions(
    sessions: Sequence[Facts],
    before: Mapping[UUID, Facts],
    due_at: Mapping[UUID, datetime | None],
    now: datetime,
    kept: Kept,
) -> None:
    """Those columns that have changed in any of them since `before`."""

    def due(facts: Facts) -> datetime | None:
        # A due time in the past has been looked at just now: it must move on.
        stored = due_at[facts.id]
        return _due(facts, stored if stored is not None and stored > now else None, kept)

    changed = _changed(sessions, before) | {"idle_at", "ends_at"}  # these follow from the others
    columns = (column for column in CHANGING if column.name.removesuffix("_id") in changed or column.name in changed)
    _update("chat_session", (FIXED[0], *columns, Column("due_at", "timestamptz", due)), sessions)


def _changed(sessions: Iterable[Facts], before: Mapping[UUID, Facts]) -> set[str]:
    found: set[str] = set()
    for facts in sessions:
        old = before[facts.id].__dict__
        found.update(name for name, value in facts.__dict__.items() if value is not old[name] and value != old[name])
    return found


def move_due(sessions: Sequence[Facts], kept: Kept) -> None:
    """Unchanged sessions whose due time was early: it moves on, or the sweep would find them for ever."""
    due = Column("due_at", "timestamptz", lambda s: _next_due(s, kept))
    _update("chat_session", (FIXED[0], due), sessions)


_SHIFTED = {"chat_message": ("at", "received_at"), "chat_event": ("at",)}


def shift(sessions: Sequence[tuple[UUID, timedelta]]) -> None:
    """The history of a session moves into the past; its own instants are written with it. What came before it in its
    thread moves along: else it would be an earlier one's elder, and no longer the thread's latest."""
    if moved := _with_elders(sessions):
        own = {id for id, _ in sessions}
        _move("chat_message", "session_id", ("at", "received_at"), moved)
        _move("chat_event", "session_id", ("at",), moved)
        elders = [row for row in moved if row[0] not in own]
        _move("chat_session", "id", (*deeds.INSTANTS, "due_at"), elders, counted="row_version = old.row_version + 1")


def _with_elders(sessions: Sequence[tuple[UUID, timedelta]]) -> list[tuple[UUID, timedelta]]:
    if not sessions:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT elder.id, moved.by FROM unnest(%s::uuid[], %s::interval[]) AS moved(id, by)"
            " JOIN chat_session s ON s.id = moved.id JOIN chat_session elder ON elder.thread_id = s.thread_id"
            " AND (elder.started_at, elder.id) <= (s.started_at, s.id)",
            [[id for id, _ in sessions], [by for _, by in sessions]],
        )
        found: list[tuple[UUID, timedelta]] = cursor.fetchall()
    return found


def _move(
    table: str, key: str, instants: Sequence[str], moved: Sequence[tuple[UUID, timedelta]], *, counted: str = ""
) -> None:
    changes = ", ".join([*(f"{name} = old.{name} - moved.by" for name in instants), *([counted] if counted else ())])
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} AS old SET {changes}"  # noqa: S608
            f" FROM unnest(%s::uuid[], %s::interval[]) AS moved(id, by) WHERE old.{key} = moved.id",
            [[id for id, _ in moved], [by for _, by in moved]],
        )


def erase_transcripts(sessions: Sequence[UUID]) -> None:
    if sessions:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM chat_turn WHERE session_id = ANY(%s)", [list(sessions)])
            cursor.execute("DELETE FROM chat_message WHERE session_id = ANY(%s)", [list(sessions)])


def insert_messages(messages: Sequence[tuple[UUID, Message, str]]) -> None:
    """Rows of (thread, message, its final text)."""
    columns = (
        Column("id", "uuid", lambda r: r[1].id),
        Column("thread_id", "uuid", lambda r: r[0]),
        Column("seq", "int", lambda r: r[1].seq),
        Column("session_id", "uuid", lambda r: r[1].session),
        Column("at", "timestamptz", lambda r: r[1].at),
        Column("sender", "text", lambda r: r[1].sender.value),
        Column("kind", "text", lambda r: r[1].kind.value),
        Column("text", "text", lambda r: r[2]),
        Column("event", "text", lambda r: r[1].event),
        Column("payload", "jsonb", lambda r: _json(r[1].payload)),
        Column("language", "text", lambda r: r[1].language),
        Column("client_id", "text", lambda r: r[1].client_id),
        Column("held", "bool", lambda r: r[1].held),
        Column("after_end", "bool", lambda r: r[1].after_end),
        Column("interaction", "bool", lambda r: r[1].interaction),
        Column("answers", "uuid", lambda r: r[1].answers),
        Column("received_at", "timestamptz", lambda r: r[1].received_at),
    )
    _insert("chat_message", columns, messages)


def insert_events(events: Sequence[Event]) -> None:
    _insert("chat_event", EVENT, events)


def insert_turns(turns: Sequence[tuple[UUID, UUID, int]]) -> None:
    """Rows of (message, session, seq)."""
    columns = (
        Column("message_id", "uuid", lambda r: r[0]),
        Column("session_id", "uuid", lambda r: r[1]),
        Column("seq", "int", lambda r: r[2]),
        Column("tries", "int", lambda _: 0),
    )
    _insert("chat_turn", columns, turns)


def release_held(released: Sequence[tuple[UUID, UUID, bool]]) -> list[tuple[UUID, UUID, int]]:
    """Rows of (held in, answered in, put to a bot): held messages are held no longer, and those that are put to a bot
    come back as turns to be asked."""
    if not released:
        return []
    held = {held_in: (answered_in, asked) for held_in, answered_in, asked in released}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE chat_message SET held = false, interaction = true WHERE session_id = ANY(%s) AND held"
            " RETURNING id, session_id, seq",
            [list(held)],
        )
        rows = [(id, held[session][0], seq) for id, session, seq in cursor.fetchall() if held[session][1]]
    return sorted(rows, key=lambda row: row[2])


def delete_turns(turns: Sequence[UUID]) -> None:
    if turns:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM chat_turn WHERE message_id = ANY(%s)", [list(turns)])


class Taken(NamedTuple):
    """A turn, and how often somebody has taken it, this time included."""

    message: UUID
    tries: int


def claim_turn(session: UUID) -> Taken | None:
    """The session's next turn in order, marked as being asked; None when there is none, or one has been asked so
    shortly ago that its answer may still come.

    The row lock on the session's turns makes it one at a time, whatever the number of processes that try.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            UPDATE chat_turn SET asked_at = clock_timestamp(), tries = tries + 1
            WHERE message_id = (
                SELECT message_id FROM chat_turn WHERE session_id = %s ORDER BY seq LIMIT 1 FOR UPDATE
            ) AND (asked_at IS NULL OR asked_at < clock_timestamp() - {turns.PATIENCE})
            RETURNING message_id, tries
            """,  # noqa: S608
            [session],
        )
        row = cursor.fetchone()
    return Taken(*row) if row else None


def _arrays(columns: Sequence[Column], rows: Sequence[Any]) -> list[str]:
    return [arrays.literal(column.type, [column.value(row) for row in rows]) for column in columns]


def _unnest(columns: Iterable[Column]) -> str:
    return ", ".join(f"%s::{column.type}[]" for column in columns)


def _names(columns: Iterable[Column]) -> str:
    return ", ".join(column.name for column in columns)


def _insert(table: str, columns: Sequence[Column], rows: Sequence[Any]) -> None:
    if rows:
        with connection.cursor() as cursor:
            # Names come from the constants above, values travel apart.
            cursor.execute(
                f"INSERT INTO {table} ({_names(columns)}) SELECT * FROM unnest({_unnest(columns)})",  # noqa: S608
                _arrays(columns, rows),
            )


def _update(table: str, columns: Sequence[Column], rows: Sequence[Any]) -> None:
    """`columns[0]` is the key."""
    if rows:
        changed = ", ".join(f"{column.name} = new.{column.name}" for column in columns[1:])
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} AS old SET {changed} FROM unnest({_unnest(columns)})"  # noqa: S608
                f" AS new({_names(columns)}) WHERE old.id = new.id",
                _arrays(columns, rows),
            )
