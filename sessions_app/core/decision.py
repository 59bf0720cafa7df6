"""What a decision consists of, and the draft in which one is put together."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Literal
from uuid import UUID

from localization.core.keys import Key
from portal.lib.ids import uuid7
from sessions_app.core.commands import PORTAL, Command, Kind, Sender
from sessions_app.core.data import Change
from sessions_app.core.facts import NOTHING_AROUND, Agent, Around, Facts, Thread
from sessions_app.core.values import replace

NOTHING: Mapping[str, Any] = MappingProxyType({})


class Refusal(StrEnum):
    """Why a command was not done. The values are the API's error codes (3-api.md, "Errors")."""

    NOT_FOUND = "not_found"
    SESSION_ENDED = "session_ended"
    SESSION_PAUSED = "session_paused"
    STATE_CHANGED = "state_changed"
    LIVE_CHAT_RUNNING = "live_chat_running"
    AGENT_DISABLED = "agent_disabled"
    TRANSFER_IMPOSSIBLE = "transfer_impossible"
    MODEL_OVERRIDE_OFF = "model_override_off"
    INTERNAL_READ_ONLY = "internal_read_only"
    SESSION_DATA_TOO_LARGE = "session_data_too_large"
    SESSION_LIMIT_REACHED = "session_limit_reached"
    INVALID = "invalid"


# again: other sessions are in the way and have to be dealt with first, without holding this one
Result = Literal["done", "already", "again"] | Refusal

# What somebody did to a session. That time passed is no activity, nor is it that somebody looked.
DEEDS = frozenset(
    {
        *("session.started", "session.held", "session.paused", "session.resumed", "session.extended"),
        *("session.transferred", "session.live_chat_started", "session.live_chat_ended", "session.model_changed"),
        *("session.data_changed",),
    }
)


class InTheWay(Exception):
    """A decision that has to wait until `first` has been done to other sessions."""

    def __init__(self, *first: Command) -> None:
        super().__init__()
        self.first = first


class Impossible(Exception):
    """A deed that cannot be done, with the sentence that says why."""

    def __init__(self, refusal: Refusal, why: str = "", *, open_sessions: tuple[UUID, ...] = ()) -> None:
        super().__init__(why)
        self.refusal, self.why, self.open_sessions = refusal, why, open_sessions


@dataclass(frozen=True, kw_only=True)
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
    fill: Mapping[str, str] = field(default_factory=dict)  # placeholders of the localized text, beside {agent}
    event: str = ""  # the name of an event put to the bot
    payload: Any = None
    language: str
    client_id: str | None = None
    held: bool = False
    after_end: bool = False
    interaction: bool = False  # a query to the bot
    answers: UUID | None = None  # the message that the bot answers with this one
    received_at: datetime | None = None  # of an imported message, whose `at` is what the import says

    @property
    def counted_at(self) -> datetime:
        """When it counted for the clocks."""
        return self.received_at or self.at

    def moved(self, by: timedelta) -> "Message":
        """The same, so much further in the past."""
        return replace(self, at=self.at - by, received_at=self.received_at - by if self.received_at else None)

    def earlier(self, by: timedelta) -> "Message":
        return replace(self, at=self.at - by, received_at=self.received_at and self.received_at - by)


@dataclass(frozen=True, kw_only=True)
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
    released: tuple[UUID, UUID] | None = None  # held messages of the first session are put to the bot in the second
    carried: tuple[UUID, UUID] | None = None  # variables of the first session go along into the second
    data: tuple[Change, ...] = ()
    understood: Mapping[UUID, Mapping[str, Any]] = field(default_factory=dict)  # session → what the bot made of a turn
    erased_data: tuple[UUID, ...] = ()  # sessions whose data is to be removed
    erased_transcripts: tuple[UUID, ...] = ()
    shifted: tuple[UUID, timedelta] | None = None  # a session whose whole history moves into the past
    said: Message | None = None  # the message the command itself was about
    previous: UUID | None = None  # the session the command was aimed at, when another one took it
    why: str = ""  # of a refusal, where there is more to say than its code does
    open_sessions: tuple[UUID, ...] = ()  # that take all the places there are
    first: tuple[Command, ...] = ()  # with "again": what is in the way

    @property
    def refused(self) -> bool:
        return isinstance(self.result, Refusal)


class Draft:
    """Gathers one decision. Lives for one call of `decide` and never leaves the core."""

    def __init__(self, thread: Thread, now: datetime, around: Around = NOTHING_AROUND) -> None:
        self.thread = thread  # but for its session, which is below
        self.session = thread.session  # the latest
        self.now = now
        self.around = around
        self.sessions: dict[UUID, Facts] = {}
        self.started: list[UUID] = []
        self.messages: list[Message] = []
        self.events: list[Event] = []
        self.turns: list[UUID] = []
        self.released: tuple[UUID, UUID] | None = None
        self.carried: tuple[UUID, UUID] | None = None
        self.data: list[Change] = []
        self.understood: dict[UUID, Mapping[str, Any]] = {}
        self.erased_data: list[UUID] = []
        self.erased_transcripts: list[UUID] = []
        self.shifted: tuple[UUID, timedelta] | None = None
        self.said: Message | None = None
        self.previous: UUID | None = None

    def begin(self, facts: Facts) -> None:
        self.started.append(facts.id)
        self.put(facts)

    def put(self, facts: Facts) -> Facts:
        """Keep the new facts of a session; the thread's latest one moves along."""
        self.sessions[facts.id] = facts
        if self.session is None or self.session.id == facts.id or facts.id in self.started:
            self.session = facts
        return facts

    def agent_of(self, facts: Facts) -> Agent:
        """Whose session it is: of an older one, not always the agent the thread is with now."""
        return self.around.agents.get(facts.agent, self.thread.agent)

    def now_of(self, facts: Facts) -> Facts:
        """The same session as this decision has left it so far."""
        return self.sessions.get(facts.id, facts)

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
            # A line that comes after the erasure is erased in its turn.
            self.change(facts, messages=facts.messages + 1, touched_at=self.now, transcript_erased_at=None)
        return message

    def shift(self, facts: Facts, by: timedelta) -> None:
        """Move what a session has been through into the past, what this decision has written so far as well."""
        self.shifted = (facts.id, by)
        self.messages = [m.earlier(by) if m.session == facts.id else m for m in self.messages]
        self.events = [replace(e, at=e.at - by) if e.session == facts.id else e for e in self.events]

    def decided(self, result: Result) -> Decision:
        for facts in list(self.sessions.values()):
            if (at := touched(facts, self.events, self.messages)) != facts.touched_at:
                self.put(replace(facts, touched_at=at))
        return Decision(
            result=result,
            thread=replace(self.thread, session=self.session),
            sessions=self.sessions,
            started=tuple(self.started),
            messages=tuple(self.messages),
            events=tuple(self.events),
            turns=tuple(self.turns),
            released=self.released,
            carried=self.carried,
            data=tuple(self.data),
            understood=self.understood,
            erased_data=tuple(self.erased_data),
            erased_transcripts=tuple(self.erased_transcripts),
            shifted=self.shifted,
            said=self.said,
            previous=self.previous,
        )


def touched(facts: Facts, events: Iterable[Event], messages: Iterable[Message]) -> datetime:
    """The last activity: a message or a deed. Time that passes is none."""
    last = facts.touched_at
    for event in events:
        if event.at > last and event.type in DEEDS and event.session == facts.id:
            last = event.at
    for line in messages:
        if line.kind is not Kind.DIVIDER and line.counted_at > last and line.session == facts.id:
            last = line.counted_at
    return last
