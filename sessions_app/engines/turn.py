"""What Portal puts to a bot and what comes back: the seam that all engines share (4-architecture.md, "Bot engines")."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

Kind = Literal["text", "event", "postback", "upload"]


class EngineFailed(Exception):
    """The bot gave no answer. The text is a sentence for the agent's owner; the user gets `bot_unavailable`."""


class EngineUnavailable(Exception):
    """This copy of Portal has no engine for the platform. The text is a sentence for the agent's owner."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One interaction, already committed, for the bot to answer.

    language, default_language: BCP 47 tags; the second is the agent's.
    text: what the user typed, or the label of the button they pressed. event: its name, with kind "event".
    payload: what came along; of a pressed button {"postback": <name of an intent>}.
    returning: the user has had a session with this agent before. script: YAML, of scripted agents only.
    """

    agent_slug: str
    session_id: str
    language: str
    default_language: str
    kind: Kind
    text: str = ""
    event: str = ""
    payload: Mapping[str, Any] | None = None
    user_name: str = ""
    returning: bool = False
    script: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyMessage:
    """One message of the bot. payload: what the widget shows beside the text, as
    {"buttons": [{"text": …, "event": …} or {"text": …, "postback": …}]}, or None."""

    text: str
    payload: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """A guess and how sure it is, 0 to 1."""

    name: str
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogstate:
    """The dialog, or the block of one, that a bot has triggered. The same one has the same id at every turn."""

    id: str
    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The bot's answer: zero or more messages, in order.

    ends_session: the bot says that the talk is over (`bot_ended`). wants_human: it asks for a person to take over.
    intent, score: what was understood and how surely, 0 to 1; intent is None when nothing was.
    intents: the likeliest ones, best first. entities: what was found in the text, as the platform says it.
    sentiment: positive, neutral or negative, and how much so. dialogstate: what answered.
    language: the tag of the texts. Each is empty where the platform does not say.
    """

    messages: tuple[ReplyMessage, ...] = ()
    ends_session: bool = False
    wants_human: bool = False
    intent: str | None = None
    score: float | None = None
    intents: tuple[Scored, ...] = ()
    entities: tuple[Mapping[str, Any], ...] = ()
    sentiment: Scored | None = None
    dialogstate: Dialogstate | None = None
    language: str | None = None


class Engine(Protocol):
    """One module per platform. It knows no database and no clock; the caller sets the time limit."""

    async def reply(self, turn: Turn) -> Reply:
        """The bot's answer to this turn, or EngineFailed."""
        ...
