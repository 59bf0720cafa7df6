"""What can be asked of a thread and its session. Each is a value; deciding is `lifecycle.decide`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from localization.core.keys import Key
from portal.lib.ids import uuid7
from sessions_app.core.facts import EndReason, State, Version

PORTAL = "portal"  # the actor of what time alone does
USER = "user"
BOT = "bot"


def account_actor(account_id: int) -> str:
    """People are named by id: an erased person leaves no name in the history."""
    return f"account:{account_id}"


class Sender(StrEnum):
    USER = "user"
    BOT = "bot"
    HUMAN = "human"
    PORTAL = "portal"


class Kind(StrEnum):
    TEXT = "text"
    EVENT = "event"
    POSTBACK = "postback"
    UPLOAD = "upload"
    PRESET = "preset"
    DIVIDER = "divider"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewThread:
    """A thread that begins with the command that names it: it comes to be if that is not refused."""

    user: UUID
    agent: int
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Addressed to a thread, to one of its sessions, or to a thread that begins with it."""

    thread: UUID | None = None
    session: UUID | None = None
    opens: NewThread | None = None
    actor: str = PORTAL
    reason: str = ""  # what somebody gave as the reason, for the timeline
    seen_state: State | None = None  # the state the deed was aimed at; it is refused if that has changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick(Command):
    """Let time have its effect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Start(Command):
    """Open the chat: the open session, or a new one. `prompt` auto asks the table of "a new session starts because"."""

    prompt: Literal["auto", "yes", "no"] = "auto"
    language: str | None = None  # None: as before, else the agent's default
    locale: str = ""
    channel: str = "web"
    version: Version = "LIVE"
    cause: str = "opened"
    after: UUID | None = None  # only if this is still the latest session: somebody may have gone on meanwhile
    new_session: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Command):
    """A message. From a user it is a turn; a preset prompt, a bot's or a human's message moves no clock."""

    sender: Sender
    kind: Kind
    text: str = ""
    event: str = ""
    payload: Any = None
    language: str | None = None
    client_id: str | None = None
    at: datetime | None = None  # of an imported message: dates the message, never a deadline
    message: UUID = field(default_factory=uuid7)
    new_session: UUID = field(default_factory=uuid7)  # for a message that comes after the end


@dataclass(frozen=True, slots=True, kw_only=True)
class BotMessage:
    text: str
    payload: Any = None
    language: str | None = None  # of the text, where the bot says it
    text_key: Key | None = None  # a localized text instead, e.g. bot_unavailable
    id: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Command):
    """What the bot said to one turn. A turn is answered once, whoever else tries."""

    turn: UUID
    messages: tuple[BotMessage, ...] = ()
    ends_session: bool = False
    wants_human: bool = False
    failure: str | None = None  # why the bot could not answer, for the owner
    understood: Mapping[str, Any] | None = None  # what the bot made of the turn (`core.internal`)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Command):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume(Command):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class End(Command):
    end_reason: EndReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Displace(Command):
    """End a session so that another one of the same user has room, if it is still as it was when it was chosen."""

    inactive_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Command):
    """ "Keep chatting": the inactivity clock starts again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Command):
    """End the session and let the agent `target` pick up at the user's next turn."""

    target: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTransfer(Command):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeOver(Command):
    """A human, the actor, talks instead of the bot."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandBack(Command):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SetModel(Command):
    model: str | None  # None: the agent's own again


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeData(Command):
    """A JSON merge patch of the session's variables."""

    patch: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class FastForward(Command):
    """Emulator only: everything of the session moves into the past by so much."""

    by: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearHistory(Command):
    """Empty the user's view, end the session, begin a new one with the prompt."""

    new_session: UUID = field(default_factory=uuid7)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLanguage(Command):
    language: str
