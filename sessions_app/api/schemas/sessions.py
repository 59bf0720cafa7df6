"""What sessions look like, and what may be sent about them (3-api.md, "Sessions")."""

from collections.abc import Mapping
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from portal.accounts.permissions import Principal, Verb, allows
from portal.rest.fields import Instant
from portal.rest.pagination import Paged
from sessions_app.api.schemas.fields import Body, Channel, Email, Language, Name, Payload, Reason, Slug, UserId, Version
from sessions_app.core.facts import EndReason, State
from sessions_app.core.why import possible, why
from sessions_app.queries.shown import Shown

# What nothing sets before there are models, live chat, session data and transfers.
NOT_YET: Mapping[str, Any] = {
    **dict.fromkeys(("model", "model_override", "transferred_from", "transferred_to", "pending_transfer")),
    "live_chat": False,
    "data_bytes": 0,
}
FACTS = (
    *("thread", "state", "version", "channel", "language", "locale", "started_at", "last_interaction_at", "ended_at"),
    *("end_reason", "silent", "paused_at", "user_turns", "interactions", "conversations", "messages"),
    *("policy_version", "row_version"),
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
            archived_at=shown.archived_at,
            why=why(facts),
            actions=_actions(shown, caller),
            **as_they_are,
            **NOT_YET,
            **more,
        )


def _actions(shown: Shown, caller: Principal) -> list[str]:
    facts = shown.facts
    may = allows(caller, Verb.CONTROL_SESSION, agent_id=facts.agent, user_id=facts.user)
    return list(possible(facts)) if may else []


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
class SessionQuery(Paged):
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
    started_after: AwareDatetime | None = Field(default=None, description="This instant included.")
    started_before: AwareDatetime | None = Field(default=None, description="This instant not included.")
    q: UserId | None = Field(default=None, description="How the user's name or id begins, or a session's id.")


class StartUser(Body):
    """Whom a back end speaks for. What is told of a known user is kept."""

    id: UserId
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
