"""What sessions look like, and what may be sent about them (3-api.md, "Sessions")."""

from datetime import timedelta
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints, model_validator

from portal.accounts.permissions import Principal
from portal.rest.fields import PRINTABLE, Duration, Instant, SentInstant
from portal.rest.pagination import Paged, Query
from sessions_app.actions import bulk
from sessions_app.api.schemas.fields import (
    Body,
    Channel,
    Email,
    Language,
    Name,
    Payload,
    Reason,
    SiteUserId,
    Slug,
    UserId,
    Version,
)
from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.why import why
from sessions_app.queries.shown import Shown, allowed, public_id

FACTS = (
    *("thread", "state", "version", "channel", "language", "locale", "started_at", "last_interaction_at", "ended_at"),
    *("end_reason", "silent", "paused_at", "user_turns", "interactions", "conversations", "messages"),
    *("policy_version", "archived_at", "model_override", "row_version"),
)


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
class User(BaseModel):
    id: str
    name: str | None
    identified: bool


class Session(BaseModel):
    """A session at this instant, whatever a sweep has or has not done. `actions` is what this caller may do now."""

    id: str
    agent: str
    thread: UUID
    user: User
    state: State
    version: Version
    channel: str
    language: str
    locale: str
    model: str | None
    model_override: str | None
    started_at: Instant
    last_interaction_at: Instant | None
    idle_at: Instant | None
    ends_at: Instant | None
    ended_at: Instant | None
    end_reason: EndReason | None
    silent: bool
    paused_at: Instant | None
    live_chat: bool
    archived_at: Instant | None
    user_turns: int
    interactions: int
    conversations: int
    messages: int
    data_bytes: int
    policy_version: int
    transferred_from: str | None
    transferred_to: str | None
    pending_transfer: str | None
    row_version: int
    why: str
    actions: list[str]

    @classmethod
    def of(cls, shown: Shown, caller: Principal, **more: Any) -> Self:
        facts = shown.facts
        as_they_are = {name: getattr(facts, name) for name in FACTS}
        return cls(
            id=shown.id,
            agent=shown.agent_slug,
            user=User(id=shown.user_id, name=shown.user_name or None, identified=shown.identified),
            idle_at=shown.idle_at,
            ends_at=shown.ends_at,
            model=facts.model_override or shown.model or None,
            live_chat=facts.in_live_chat,
            data_bytes=shown.data_bytes,
            transferred_from=_id(facts.transferred_from, facts),
            transferred_to=_id(facts.transferred_to, facts),
            pending_transfer=shown.pending_to,
            why=why(facts),
            actions=list(allowed(shown, caller)),
            **as_they_are,
            **more,
        )


def _id(session: UUID | None, other: Facts) -> str | None:
    """The public id of a session that a transfer links with another: they are of one version."""
    return public_id(session, other.version) if session else None


class SessionAnswer(Session):
    server_now: Instant

    @classmethod
    def now(cls, shown: Shown, caller: Principal) -> Self:
        return cls.of(shown, caller, server_now=shown.now)


class SessionList(BaseModel):
    items: list[Session]
    next_cursor: str | None
    server_now: Instant


# ── questions ────────────────────────────────────────────────────────────────────────────────────────────────────────
class SessionsWanted(Query):
    """Which sessions are asked for, as parameters of an address."""

    agent: Slug | None = Field(default=None, description="The agent's slug.")
    state: Literal["open", "any", "live", "idle", "paused", "ended"] = Field(
        default="open", description="`open` is live, idle and paused."
    )
    user: UserId | None = Field(default=None, description="The user's id.")
    version: Version = Field(default="LIVE", description="`DRAFT` lists emulator sessions.")
    channel: Channel | None = None
    language: Language | None = None
    end_reason: EndReason | None = None
    archived: bool = False
    started_after: SentInstant | None = Field(default=None, description="This instant included.")
    started_before: SentInstant | None = Field(default=None, description="This instant not included.")
    q: UserId | None = Field(default=None, description="How the user's name or id begins, or a session's id.")


class SessionQuery(SessionsWanted, Paged):
    """A page of them."""


class StartUser(Body):
    """Whom a back end speaks for. What is told of a known user is kept."""

    id: SiteUserId
    name: Name | None = None
    email: Email | None = None
    attributes: Payload | None = None


class StartSession(Body):
    agent: Slug
    user: StartUser | None = Field(default=None, description="Required, but of visitors, who start as themselves.")
    thread: UUID | None = Field(default=None, description="One of this user with this agent; a new one without it.")
    language: Language | None = None
    locale: Language | None = None
    channel: Channel = "web"
    version: Version = "LIVE"
    prompt: bool = Field(default=False, description="Whether the agent's prompt opens the session.")

    @property
    def start(self) -> dict[str, Any]:
        """Fields of the command."""
        return {
            "language": self.language,
            "locale": self.locale or "",
            "channel": self.channel,
            "version": self.version,
            "prompt": "yes" if self.prompt else "no",
        }


class Deed(Body):
    """Why, and in which state the session was seen: if that has changed meanwhile, nothing is done."""

    reason: Reason = ""
    seen_state: State | None = None


class TransferTo(Deed):
    agent: Slug = Field(description="The slug of the agent that picks up at the user's next turn.")


Model = Annotated[str, StringConstraints(min_length=1, max_length=100), PRINTABLE]


class SetModel(Deed):
    model: Model | None = Field(description="One of the agent's models; `null` for the agent's own again.")


class NoState(Body):
    reason: Reason = ""


def _ahead(by: timedelta) -> timedelta:
    if not timedelta(0) < by <= LONGEST_JUMP:
        raise ValueError(f"More than nothing, and at most {LONGEST_JUMP.days} days.")
    return by


LONGEST_JUMP = timedelta(days=3650)


class FastForward(Body):
    by: Annotated[Duration, AfterValidator(_ahead)]


# ── many at once ─────────────────────────────────────────────────────────────────────────────────────────────────────
class SessionFilter(Body):
    """As the parameters of the list. A field that does not exist is refused: it would match everything."""

    agent: Slug | None = None
    state: Literal["open", "any", "live", "idle", "paused", "ended"] = "open"
    user: UserId | None = None
    version: Version = "LIVE"
    channel: Channel | None = None
    language: Language | None = None
    end_reason: EndReason | None = None
    archived: bool = False
    started_after: SentInstant | None = None
    started_before: SentInstant | None = None
    q: UserId | None = None


SessionId = Annotated[str, StringConstraints(min_length=1, max_length=60), PRINTABLE]


class Bulk(Body):
    """One deed on the sessions of `ids`, or on those a filter matches. With `expect`, only if there are so many."""

    action: Literal["end", "pause", "resume", "extend"]
    ids: list[SessionId] | None = Field(default=None, max_length=bulk.MOST)
    filter: SessionFilter | None = None
    expect: int | None = Field(default=None, ge=0)
    reason: Reason = ""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.ids is None) == (self.filter is None):
            raise ValueError("Send either ids or a filter.")
        return self


class BulkItem(BaseModel):
    """`reason` is the code of an error, where there is one."""

    id: str
    result: Literal["ok", "already", "skipped", "denied"]
    reason: str | None


class BulkAnswer(BaseModel):
    items: list[BulkItem]
    server_now: Instant
