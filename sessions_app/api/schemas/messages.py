"""What messages and events look like, and what may be said (3-api.md, "Sessions")."""

from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field, ValidationInfo, model_validator

from portal.accounts.permissions import NotAllowed
from portal.rest.fields import Instant
from sessions_app.api.schemas.fields import Body, ClientId, EventName, Payload, Text
from sessions_app.api.schemas.sessions import Session
from sessions_app.core.commands import Kind, Sender
from sessions_app.queries.transcripts import Entry, TimelineEvent


class Message(BaseModel):
    """A line of a transcript. `event` is the name of what was put to the bot; `held` waits for the end of a pause;
    `after_end` came when the session had ended."""

    id: UUID
    seq: int
    session: str
    sender: Sender = Field(alias="from")
    kind: Kind
    text: str
    event: str | None
    payload: Any
    language: str
    held: bool
    after_end: bool
    client_id: str | None
    at: Instant

    @classmethod
    def of(cls, entry: Entry, session: str) -> Self:
        names = ("id", "seq", "kind", "text", "payload", "language", "held", "after_end", "client_id", "at")
        values = {name: getattr(entry, name) for name in names}
        values |= {"from": entry.sender, "event": entry.event or None}
        return cls(session=session, **values)


class MessageList(BaseModel):
    items: list[Message]
    next_cursor: str | None
    server_now: Instant


class Exchange(BaseModel):
    """A message and what the bot answered. `session` is the one that took it; `previous_session`, the one that was
    written to, is there when that had ended."""

    message: Message
    replies: list[Message]
    session: Session
    previous_session: Session | None = None
    server_now: Instant


class Event(BaseModel):
    """A line of a timeline."""

    at: Instant
    type: str
    actor: str
    cause: str | None
    policy_version: int
    detail: dict[str, Any]

    @classmethod
    def of(cls, event: TimelineEvent) -> Self:
        names = ("at", "type", "actor", "policy_version", "detail")
        return cls(cause=event.cause or None, **{name: getattr(event, name) for name in names})


class EventList(BaseModel):
    items: list[Event]
    next_cursor: str | None
    server_now: Instant


class Say(Body):
    """A message. From a user it is a turn of theirs; a bot's, a human's or a preset prompt moves no clock."""

    kind: Literal["text", "event", "postback", "upload", "preset"] = "text"
    text: Text = ""
    event: EventName | None = None
    payload: Payload | None = None
    sender: Literal["user", "bot", "human"] | None = Field(
        default=None, alias="from", description="`user` unless given; of a preset prompt `bot`."
    )
    client_id: ClientId | None = Field(
        default=None, description="Your own id, unique in the thread: the same one never makes two messages."
    )

    @model_validator(mode="before")
    @classmethod
    def _as_themselves(cls, values: Any, info: ValidationInfo) -> Any:
        """Visitors write as themselves, now. Raises NotAllowed."""
        visitor = info.context is not None and info.context["request"].auth.kind == "visitor"
        if visitor and isinstance(values, dict) and (values.get("from", "user") != "user" or "at" in values):
            raise NotAllowed
        return values

    @model_validator(mode="after")
    def _complete(self) -> Self:
        """Each kind has what it is about."""
        needed, name = {
            "event": (self.event, "an event"),
            "postback": (self.text or self.payload, "a text or a payload"),
            "upload": (self.payload, "a payload"),
        }.get(self.kind, (self.text.strip(), "a text"))
        if not needed:
            raise ValueError(f"A message of kind {self.kind} needs {name}.")
        if self.said_by is not Sender.USER and self.kind in ("event", "postback"):
            raise ValueError(f"Only a user sends a message of kind {self.kind}.")
        if self.kind == "preset" and self.said_by is not Sender.BOT:
            raise ValueError("A preset prompt is the bot's.")
        return self

    @property
    def said_by(self) -> Sender:
        return Sender(self.sender or ("bot" if self.kind == "preset" else "user"))
