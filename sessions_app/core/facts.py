"""What is known of a session and its thread. A change is a new value (2-lifecycle.md, "Facts kept per session").

     ┌───────── interaction ─────────┐
     ▼                               │
   live ──── idle timeout ───────▶ idle
     │ ▲                             │ ▲
pause│ │resume                  pause│ │resume
     ▼ │                             ▼ │
   paused (one state; resume finds the time that was left)

   live, idle ── deadline ──▶ ended        live, idle, paused ── somebody ──▶ ended (terminal)
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal
from uuid import UUID

from localization.core import languages
from sessions_app.core.data import Stored
from sessions_app.core.policy import Policy


class State(StrEnum):
    LIVE = "live"
    IDLE = "idle"
    PAUSED = "paused"
    ENDED = "ended"


OPEN = (State.LIVE, State.IDLE, State.PAUSED)


class EndReason(StrEnum):
    EXPIRED = "expired"
    MAX_DURATION = "max_duration"
    USER_ENDED = "user_ended"
    OWNER_ENDED = "owner_ended"
    ADMIN_ENDED = "admin_ended"
    BOT_ENDED = "bot_ended"
    TRANSFERRED = "transferred"
    HISTORY_CLEARED = "history_cleared"
    DISPLACED = "displaced"
    RETENTION = "retention"
    ERASED = "erased"


LIMITS = (EndReason.EXPIRED, EndReason.MAX_DURATION)
PromptKind = Literal["intent", "preset", "none"]
Version = Literal["LIVE", "DRAFT"]


@dataclass(frozen=True, kw_only=True)
class Facts:
    """One session. Instants are aware and UTC; counts start at 0."""

    id: UUID
    thread: UUID
    agent: int
    user: UUID
    version: Version
    channel: str
    language: str
    locale: str
    policy: Policy
    policy_id: int
    policy_version: int
    policy_effective_at: datetime
    state: State = State.LIVE
    started_at: datetime
    inactive_since: datetime  # where the inactivity clock counts from
    last_interaction_at: datetime | None = None
    paused_at: datetime | None = None
    paused_for: timedelta = timedelta(0)  # sum of the finished pauses
    busy_until: datetime | None = None  # a turn is being answered
    unanswered: int = 0  # turns the bot has not answered yet
    held: int = 0  # messages that wait for the end of the pause
    idled: bool = False  # an idle stretch began since the last user turn
    user_turns: int = 0
    interactions: int = 0
    conversations: int = 0
    messages: int = 0
    touched_at: datetime  # the last message or deed, by whomever
    model_override: str | None = None
    live_chat_by: str | None = None  # the actor who has taken over from the bot; goes on when the session expires
    live_chat_since: datetime | None = None
    transferred_from: UUID | None = None
    transferred_to: UUID | None = None
    pending_to: int | None = None  # the agent that picks up at the user's next turn; a place is reserved there
    pending_until: datetime | None = None
    ended_at: datetime | None = None
    end_reason: EndReason | None = None
    silent: bool = False
    archived_at: datetime | None = None
    data_erased_at: datetime | None = None
    transcript_erased_at: datetime | None = None
    row_version: int = 1

    @property
    def is_open(self) -> bool:
        return self.state is not State.ENDED

    @property
    def in_live_chat(self) -> bool:
        return self.live_chat_by is not None

    @property
    def own_version(self) -> "InForce":
        since = self.policy_effective_at
        return InForce(policy=self.policy, id=self.policy_id, version=self.policy_version, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """How an agent opens a chat. An intent prompt is an event the bot answers; a preset prompt is a fixed text."""

    kind: PromptKind
    event: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """A policy version and since when: the latest one that is for open sessions, too, or a session's own."""

    policy: Policy
    id: int
    version: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What the lifecycle needs of an agent, with the policy that new sessions get."""

    id: int
    slug: str
    name: str
    languages: tuple[str, ...]
    default_language: str
    prompt: Prompt
    answers: bool  # Portal puts turns to a bot; False for external back ends, which are never busy
    active: bool
    policy: Policy
    policy_id: int
    policy_version: int
    running: InForce | None = None
    model: str = ""
    models: tuple[str, ...] = ()  # that may be chosen for one session
    transfer_targets: tuple[str, ...] = ()  # slugs of the agents that users may go to
    realm: str = ""
    remember: bool = True
    sensitive: frozenset[str] = frozenset()  # variables that stay when a session is transferred

    def spoken(self, wanted: str | None) -> str | None:
        """The agent's language for a wanted tag, if it has one."""
        return languages.spoken(wanted, self.languages)

    def keeps(self, facts: Facts) -> InForce:
        """Under which policy an ended session is kept. How long things are kept may change after its end."""
        return self.newer_than(facts.policy_version) or facts.own_version

    def newer_than(self, version: int) -> InForce | None:
        """The version that is for sessions under an older one, too, where this is one."""
        return self.running if self.running is not None and self.running.version > version else None


@dataclass(frozen=True, kw_only=True)
class Thread:
    """One user's chat history with its latest session: the open one, if there is one."""

    id: UUID
    user: UUID
    agent: Agent
    last_seq: int = 0
    cleared_seq: int = 0  # the user's view starts after this message
    ends_with_prompt: bool = False  # nothing but the bot's answer came after the last prompt
    session: Facts | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A place that one user takes with one agent: an open session, or one reserved by a transfer."""

    session: UUID
    thread: UUID
    until: datetime | None  # past it the place is only waiting to be given free; None while paused
    inactive_since: datetime
    policy_version: int | None  # None: reserved, under no policy of this agent yet
    fixed: bool  # paused, reserved, in live chat, or being answered: never displaced


Seats = Mapping[tuple[UUID, int], tuple[Seat, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a decision may have to know beside the thread itself."""

    agents: Mapping[int, Agent] = field(default_factory=dict)  # those that transfers lead to
    seats: Seats | None = field(default_factory=dict)  # (user, agent) → places, where there is a limit; None: keep none
    data: Mapping[UUID, Stored] = field(default_factory=dict)  # session → what is stored of the variables to be changed


NOTHING_AROUND = Around()
