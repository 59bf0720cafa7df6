"""What a chat shows its user: the lines of a thread and its latest sessions."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from localization.core.languages import direction
from portal.agents.models import Agent
from portal.lib import clock
from sessions_app.core import clocks
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.facts import Facts, State
from sessions_app.models import ChatSession, Message, Thread
from sessions_app.queries import facts as rows
from sessions_app.queries import people

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


@dataclass(frozen=True, slots=True)
class Answering:
    """An agent as those who chat with it know it."""

    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """A thread as its user sees it. `sessions` are as of `now`, oldest first, the latest last; `latest_thread` is the
    one the user's chat with this agent is about now: another one after a "New chat". `seq` is how far `lines` go: to
    the thread's last one, unless there is `more`.

    `answering` is the agent that answers the next turn: the thread's, or the one that is to pick up. `leads_on`: the
    thread's agent has others to hand its users to. `talker` is the human who talks instead of a bot, by name.
    """

    thread: UUID
    user: UUID
    answering: Answering
    leads_on: bool
    talker: str | None
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
    """Thread → what is new in it. Four queries, however many threads, and one more each where an agent is to pick up or
    a human talks. Lines at or before `seq` are left out, and those that were cleared."""
    now = clock.now()
    threads = _threads(list(seen))
    lines = _new_lines({thread: max(seen[thread].seq, values["cleared"]) for thread, values in threads.items()})
    sessions = _sessions(list(threads), [one.session for one in seen.values() if one.session], now)
    _add_who_answers(threads, {thread: found[-1] for thread, found in sessions.items()}, now)
    return {
        thread: _chat(values, lines.get(thread, []), thread=thread, sessions=tuple(sessions.get(thread, ())), now=now)
        for thread, values in threads.items()
    }


def _chat(values: dict[str, Any], lines: list[Line], **others: Any) -> Chat:
    more = len(lines) > MOST_NEWS
    seq = lines[MOST_NEWS - 1].seq if more else values["seq"]
    return Chat(**values | {"seq": seq}, lines=tuple(lines[:MOST_NEWS]), more=more, **others)


def _add_who_answers(threads: dict[UUID, dict[str, Any]], latest: Mapping[UUID, Facts], now: datetime) -> None:
    """Not always the thread's agent: another one may be to pick up, or a human talks."""
    waiting = {thread: facts.pending_to for thread, facts in latest.items() if _is_pending(facts, now)}
    targets = _agents(set(waiting.values())) if waiting else {}
    talking = {thread: facts.live_chat_by for thread, facts in latest.items() if facts.in_live_chat}
    names = people.names(talking.values())
    for thread, values in threads.items():
        own = values["answering"]
        values["answering"] = targets.get(waiting.get(thread), own)
        # Whoever talks does so for the agent, also when their account is gone.
        values["talker"] = names.get(talking[thread] or "", own.name) if thread in talking else None


def _is_pending(facts: Facts, now: datetime) -> bool:
    return facts.pending_until is not None and facts.pending_until > now


def _agents(ids: set[int | None]) -> dict[int | None, Answering]:
    found = Agent.objects.filter(pk__in=ids).values_list("pk", "slug", "name")
    return {id: Answering(slug, name) for id, slug, name in found}


def history(thread: UUID, *, cleared: int) -> tuple[Line, ...]:
    """The latest lines that are still in view, in order."""
    found = Message.objects.filter(SHOWN_LINES, thread=thread, seq__gt=cleared).order_by("-seq")
    return tuple(reversed([_line(row)[1] for row in found.values_list(*LINE_COLUMNS)[:MOST_HISTORY]]))


def threads_of(user: UUID) -> QuerySet[Thread]:
    """The user's threads, the latest first."""
    return Thread.objects.filter(user=user).order_by("-created_at", "-id")


def with_agent(agent: Agent, *, user: UUID) -> Thread | None:
    """The user's latest thread that this agent has, or had before it handed it on."""
    had = ChatSession.objects.filter(thread=OuterRef("pk"), agent=agent)
    return threads_of(user).filter(Q(agent=agent) | Exists(had)).first()


def agents_of(thread: UUID, *, user: UUID) -> list[Agent]:
    """The agents that one of the user's threads has been with, its present one among them; none where the thread is not
    theirs."""
    mine = threads_of(user).filter(pk=thread).order_by()
    had = ChatSession.objects.filter(thread__in=mine.values("pk"))
    return list(Agent.objects.filter(Q(pk__in=mine.values("agent")) | Q(pk__in=had.values("agent"))))


def target_of(thread: UUID, slug: str) -> int | None:
    """The agent of that slug, if the thread's own lets its users go there."""
    offers = Thread.objects.filter(pk=thread, agent__transfer_targets__contains=[slug])
    return Agent.objects.filter(Exists(offers), slug=slug).values_list("pk", flat=True).first()


def _threads(ids: list[UUID]) -> dict[UUID, dict[str, Any]]:
    """A chat is about the newest thread its user began with its agent. One that came to the agent by a transfer was not
    begun with it; nor is one that was there before the thread itself came to the agent a new chat beside it."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT t.id, t.user_id, t.last_seq, t.cleared_seq, COALESCE(newer.id, t.id),
                   a.slug, a.name, a.transfer_targets <> '{}'
            FROM chat_thread t JOIN agents_agent a ON a.id = t.agent_id
            LEFT JOIN LATERAL (
                SELECT n.id FROM chat_thread n
                WHERE n.user_id = t.user_id AND n.agent_id = t.agent_id
                AND (n.created_at, n.id) > (t.created_at, t.id)
                AND NOT EXISTS (
                    SELECT FROM chat_session s WHERE s.thread_id = n.id AND s.transferred_from IS NOT NULL)
                AND NOT EXISTS (
                    SELECT FROM chat_session s WHERE s.thread_id = t.id AND s.transferred_from IS NOT NULL
                    AND s.started_at > n.created_at)
                ORDER BY n.created_at DESC, n.id DESC LIMIT 1) AS newer ON true
            WHERE t.id = ANY(%s)
            """,
            [ids],
        )
        return {id: _thread(*row) for id, *row in cursor.fetchall()}


def _thread(user: UUID, seq: int, cleared: int, latest: UUID, slug: str, name: str, leads_on: bool) -> dict[str, Any]:
    values = {"user": user, "seq": seq, "cleared": cleared, "latest_thread": latest}
    return values | {"answering": Answering(slug, name), "leads_on": leads_on}


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
