"""What a chat shows its user: the lines of a thread and its latest sessions."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q, QuerySet

from localization.core.languages import direction
from portal.agents.models import Agent
from portal.lib import clock
from sessions_app.core import clocks
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.facts import Facts, State
from sessions_app.models import ChatSession, Message, Thread
from sessions_app.queries import facts as rows

MOST_HISTORY = 500  # lines of history that a chat gets when it opens
MOST_NEWS = 500  # lines in one look; more come with the next
# What is put to the bot in the user's name, the prompt's event, is no line of the chat.
SHOWN_LINES = ~Q(sender=Sender.PORTAL.value) | Q(kind=Kind.DIVIDER.value)
LINE_COLUMNS = (
    *("thread_id", "id", "seq", "session_id", "sender", "kind", "text", "language", "held", "at", "payload"),
    "client_id",
)
PAYLOAD = LINE_COLUMNS.index("payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as the user sees it."""

    id: UUID
    seq: int
    session: UUID
    sender: str
    kind: str
    text: str
    language: str
    held: bool
    at: datetime
    payload: Any
    client_id: str | None

    @property
    def direction(self) -> str:
        return direction(self.language)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A thread as its user sees it. `sessions` are as of `now`, oldest first, the latest last; `latest_thread` is the
    one the user's chat with this agent is about now: another one after a "New chat". `seq` is how far `lines` go: to
    the thread's last one, unless there is `more`."""

    thread: UUID
    agent: int
    user: UUID
    seq: int
    cleared: int
    latest_thread: UUID
    lines: tuple[Line, ...]
    more: bool
    sessions: tuple[Facts, ...]
    now: datetime

    @property
    def session(self) -> Facts | None:
        return self.sessions[-1] if self.sessions else None


@dataclass(frozen=True, slots=True)
class Seen:
    """How far a connection has shown a thread: the last seq, and the session it spoke of last."""

    seq: int
    session: UUID | None


def chats(seen: Mapping[UUID, Seen]) -> dict[UUID, Chat]:
    """Thread → what is new in it. Four queries, however many threads. Lines at or before `seq` are left out, and those
    that were cleared."""
    now = clock.now()
    threads = _threads(list(seen))
    lines = _new_lines({thread: max(seen[thread].seq, values["cleared"]) for thread, values in threads.items()})
    sessions = _sessions(list(threads), [one.session for one in seen.values() if one.session], now)
    return {
        thread: _chat(values, lines.get(thread, []), thread=thread, sessions=tuple(sessions.get(thread, ())), now=now)
        for thread, values in threads.items()
    }


def _chat(values: dict[str, Any], lines: list[Line], **others: Any) -> Chat:
    more = len(lines) > MOST_NEWS
    seq = lines[MOST_NEWS - 1].seq if more else values["seq"]
    return Chat(**values | {"seq": seq}, lines=tuple(lines[:MOST_NEWS]), more=more, **others)


def history(thread: UUID, *, cleared: int) -> tuple[Line, ...]:
    """The latest lines that are still in view, in order."""
    found = Message.objects.filter(SHOWN_LINES, thread=thread, seq__gt=cleared).order_by("-seq")
    return tuple(reversed([_line(row)[1] for row in found.values_list(*LINE_COLUMNS)[:MOST_HISTORY]]))


def threads_of(user: UUID) -> QuerySet[Thread]:
    """The user's threads, the latest first."""
    return Thread.objects.filter(user=user).order_by("-created_at", "-id")


def agent_of(thread: UUID, *, user: UUID) -> Agent | None:
    """The agent of one of the user's threads; None where the thread is not theirs."""
    return Agent.objects.filter(pk__in=threads_of(user).filter(pk=thread).values("agent_id")).first()


def _threads(ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id, t.agent_id, t.user_id, t.last_seq, t.cleared_seq, latest.id
            FROM chat_thread t, LATERAL (
                SELECT id FROM chat_thread WHERE user_id = t.user_id AND agent_id = t.agent_id
                ORDER BY created_at DESC, id DESC LIMIT 1) AS latest
            WHERE t.id = ANY(%s)
            """,
            [ids],
        )
        names = ("agent", "user", "seq", "cleared", "latest_thread")
        return {row[0]: dict(zip(names, row[1:], strict=True)) for row in cursor.fetchall()}


def _new_lines(after: Mapping[UUID, int]) -> dict[UUID, list[Line]]:
    columns = ", ".join(f"m.{name}" for name in LINE_COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM unnest(%s::uuid[], %s::int[]) AS shown(thread_id, seq), LATERAL ("  # noqa: S608
            "  SELECT * FROM chat_message WHERE thread_id = shown.thread_id AND seq > shown.seq"
            "  AND (sender <> 'portal' OR kind = 'divider') ORDER BY seq LIMIT %s) AS m ORDER BY m.thread_id, m.seq",
            [list(after), list(after.values()), MOST_NEWS + 1],
        )
        found: dict[UUID, list[Line]] = {}
        for row in cursor.fetchall():
            payload = json.loads(row[PAYLOAD]) if row[PAYLOAD] is not None else None
            thread, line = _line((*row[:PAYLOAD], payload, *row[PAYLOAD + 1 :]))
            found.setdefault(thread, []).append(line)
    return found


def _line(row: Sequence[Any]) -> tuple[UUID, Line]:
    names = ("id", "seq", "session", "sender", "kind", "text", "language", "held", "at", "payload", "client_id")
    return row[0], Line(**dict(zip(names, row[1:], strict=True)))


def _sessions(threads: list[UUID], known: Iterable[UUID], now: datetime) -> dict[UUID, list[Facts]]:
    """The latest session of each thread, and those that somebody was told of before."""
    columns = ", ".join(f"s.{name}" for name in rows.COLUMNS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM chat_session s WHERE s.id = ANY(%s) OR s.id IN ("  # noqa: S608
            "  SELECT latest.id FROM unnest(%s::uuid[]) AS shown(thread_id), LATERAL ("
            "    SELECT id FROM chat_session WHERE thread_id = shown.thread_id"
            "    ORDER BY started_at DESC, id DESC LIMIT 1) AS latest"
            ") ORDER BY s.started_at, s.id",
            [list(known), threads],
        )
        found = [dict(zip(rows.COLUMNS, row, strict=True)) for row in cursor.fetchall()]
    policies = rows.policies(row["policy_id"] for row in found)
    by_thread: dict[UUID, list[Facts]] = {}
    for row in found:
        by_thread.setdefault(row["thread_id"], []).append(clocks.as_of(rows.facts_from(row, policies), now))
    return by_thread


def overdue(threads: list[UUID]) -> list[UUID]:
    """Open sessions of these threads whose deadline has passed, by the stored deadlines and the database's clock."""
    now = clock.now()
    found = ChatSession.objects.filter(thread__in=threads, state__in=[State.LIVE.value, State.IDLE.value])
    return list(found.filter(ends_at__lte=now).values_list("pk", flat=True))
