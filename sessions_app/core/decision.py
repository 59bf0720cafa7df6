"""What a decision consists of, and the draft in which one is put together."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from localization.core.keys import Key
from portal.lib.ids import uuid7
from sessions_app.core.commands import PORTAL, Kind, Sender
from sessions_app.core.facts import Facts, Thread

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Refusal(StrEnum):
    """Why a command was not done. The values are the API's error codes (3-api.md, "Errors")."""

    NOT_FOUND = "not_found"
    SESSION_ENDED = "session_ended"
    SESSION_PAUSED = "session_paused"
    STATE_CHANGED = "state_changed"
    AGENT_DISABLED = "agent_disabled"
    INVALID = "invalid"


Result = Literal["done", "already"] | Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A line of the transcript. `text_key` stands for a localized text that is looked up when it is stored."""

    id: UUID
    seq: int
    session: UUID
    at: datetime
    sender: Sender
    kind: Kind
    text: str = ""
    text_key: Key | None = None
    event: str = ""  # the name of an event put to the bot
    payload: Any = None
    language: str
    client_id: str | None = None
    held: bool = False
    after_end: bool = False
    interaction: bool = False  # a query to the bot
    answers: UUID | None = None  # the message that the bot answers with this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A line of the timeline, stamped with the instant at which it was due.

    `seq` is its place in the transcript: it comes after the thread's message of that number and before the next one.
    Events and messages of one instant keep their order by it.
    """

    session: UUID
    seq: int
    at: datetime
    type: str
    actor: str
    cause: str = ""
    policy_version: int
    detail: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The new facts and what is to be written with them. `sessions` holds every session that is new or changed."""

    result: Result
    thread: Thread
    sessions: Mapping[UUID, Facts] = field(default_factory=dict)
    started: tuple[UUID, ...] = ()
    messages: tuple[Message, ...] = ()
    events: tuple[Event, ...] = ()
    turns: tuple[UUID, ...] = ()  # messages to be put to the bot, in order
    released: UUID | None = None  # the session whose held messages are put to the bot now
    said: Message | None = None  # the message the command itself was about
    previous: UUID | None = None  # the session the command was aimed at, when another one took it

    @property
    def refused(self) -> bool:
        return isinstance(self.result, Refusal)


class Draft:
    """Gathers one decision. Lives for one call of `decide` and never leaves the core."""

    def __init__(self, thread: Thread, now: datetime) -> None:
        self.thread = thread
        self.now = now
        self.sessions: dict[UUID, Facts] = {}
        self.started: list[UUID] = []
        self.messages: list[Message] = []
        self.events: list[Event] = []
        self.turns: list[UUID] = []
        self.released: UUID | None = None
        self.said: Message | None = None
        self.previous: UUID | None = None

    @property
    def session(self) -> Facts | None:
        """The thread's latest session."""
        return self.thread.session

    def begin(self, facts: Facts) -> None:
        self.started.append(facts.id)
        self.put(facts)

    def put(self, facts: Facts) -> Facts:
        """Keep the new facts of a session; the thread's latest one moves along."""
        self.sessions[facts.id] = facts
        if self.session is None or self.session.id == facts.id or facts.id in self.started:
            self.thread = replace(self.thread, session=facts)
        return facts

    def change(self, facts: Facts, **values: Any) -> Facts:
        return self.put(replace(facts, **values))

    def note(
        self,
        facts: Facts,
        type: str,
        *,
        at: datetime | None = None,
        actor: str = PORTAL,
        cause: str = "",
        detail: Mapping[str, Any] = NOTHING,
    ) -> None:
        self.events.append(
            Event(
                session=facts.id,
                seq=self.thread.last_seq,
                at=at or self.now,
                type=type,
                actor=actor,
                cause=cause,
                policy_version=facts.policy_version,
                detail=detail,
            )
        )

    def write(self, facts: Facts, *, sender: Sender, kind: Kind, id: UUID | None = None, **values: Any) -> Message:
        """Add a line to the transcript under `facts`, with the thread's next `seq`. Dividers are not counted."""
        seq = self.thread.last_seq + 1
        given: dict[str, Any] = {"at": self.now, "language": facts.language}
        given |= {name: value for name, value in values.items() if value is not None}
        message = Message(id=id or uuid7(), seq=seq, session=facts.id, sender=sender, kind=kind, **given)
        self.messages.append(message)
        self.thread = replace(self.thread, last_seq=seq)
        if kind is not Kind.DIVIDER:
            self.change(facts, messages=facts.messages + 1)
        return message

    def decided(self, result: Result) -> Decision:
        return Decision(
            result=result,
            thread=self.thread,
            sessions=self.sessions,
            started=tuple(self.started),
            messages=tuple(self.messages),
            events=tuple(self.events),
            turns=tuple(self.turns),
            released=self.released,
            said=self.said,
            previous=self.previous,
        )
