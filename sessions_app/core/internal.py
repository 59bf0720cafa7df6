"""The read-only fields of the session data, `internal.*` (3-api.md, "Session data"): what each is made of, and how
large it can be. All of them together take at most LARGEST bytes, whatever users type and bots make of it.

What a bot understood is kept per session between its turns, as one object: `expression`, `intent`, `entities`,
`intents` and `sentiment` of the latest expression, `current` and `previous` for the dialog states. A key is there once
something is known of it.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sessions_app.core.commands import Kind, Sender
from sessions_app.core.data import compact
from sessions_app.core.facts import Version

LARGEST = 64 * 1024  # bytes as compact JSON
# What each may take of it: a text of the full length fits in most of the world's scripts.
LARGEST_TEXT = 24 * 1024
LARGEST_ENTITIES = 3 * 1024
LARGEST_ATTRIBUTES = 3 * 1024
LARGEST_NAME = 320
MOST_INTENTS = 5
DEEPEST = 8  # levels within an entity
LARGEST_NUMBER = 10**300
GUEST = "Guest"  # whom nobody has introduced

NLP = ("expression", "intent", "entities", "intents", "sentiment")
STATE = ("id", "name", "type")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_TYPES = {Kind.TEXT: "text", Kind.EVENT: "postback", Kind.POSTBACK: "postback", Kind.UPLOAD: "upload"}

Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Whose session it is. `returning`: they have had one with this agent before."""

    id: str
    name: str = ""
    email: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)
    identified: bool = False
    returning: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """The last thing that the user said, or the prompt that was put to the bot in their name."""

    sender: Sender
    kind: Kind
    text: str = ""
    event: str = ""
    payload: Any = None

    @property
    def type(self) -> str:
        """intro, postback, text or upload."""
        return _TYPES.get(self.kind, "intro") if self.sender is Sender.USER else "intro"

    @property
    def content(self) -> str | None:
        """Its text; else the name of the event, of the button's intent, or of the file."""
        payload = self.payload if isinstance(self.payload, dict) else {}
        named = (payload.get(name) for name in ("postback", "name", "url"))
        return next((text for text in (self.text, self.event, *named) if text and isinstance(text, str)), None)


def fields(
    *,
    agent: str,
    session: str,
    version: Version,
    channel: str,
    language: str,
    locale: str,
    user: User,
    said: Said | None,
    understood: Mapping[str, Any] | None,
) -> Object:
    """The `internal` object. `agent` is a slug, `session` a public id. All fields are there from the start."""
    content = cut(said.content, LARGEST_TEXT) if said and said.content else None
    known = understood or ({"expression": content} if said and said.kind is Kind.TEXT else {})
    return {
        "botId": agent,
        "sessionId": session,
        "version": version,
        "channel": channel,
        "user": _user(user),
        "preferredLanguage": language,
        "locale": locale,
        "nlp": {name: known.get(name) for name in NLP},
        "currentDialogstate": known.get("current"),
        "previousDialogstate": known.get("previous"),
        "messageContent": content,
        "messageType": said.type if said else None,
    }


def _user(user: User) -> Object:
    """An anonymous visitor has no name: what staff calls them is not what they are called."""
    name = user.name.strip() if user.identified else ""
    first, _, last = name.partition(" ")
    told = user.attributes
    return {
        "id": user.id,
        "firstName": _told(told, "firstName") or first or GUEST,
        "lastName": _told(told, "lastName") or last.strip() or None,
        "name": name or None,
        "email": user.email or None,
        "identified": user.identified,
        "returning": user.returning,
        "attributes": fitting(told, LARGEST_ATTRIBUTES),
    }


def _told(attributes: Mapping[str, Any], name: str) -> str | None:
    """A name as the site has it: where one name ends and the other begins cannot be seen in “Vincent van Gogh”."""
    text = attributes.get(name)
    return cut(text, LARGEST_NAME) if isinstance(text, str) else None


# ── what the bot understood ──────────────────────────────────────────────────────────────────────────────────────────
def understood(
    *,
    expression: str | None = None,
    intent: str | None = None,
    score: float | None = None,
    entities: Iterable[Any] = (),
    intents: Iterable[tuple[str, float]] = (),
    sentiment: tuple[str, float] | None = None,
    dialogstate: Mapping[str, Any] | None = None,
) -> Object:
    """What a bot made of one turn, for keeping, within its bounds and fit for the database.

    `expression` is what the user said; None for events, which leave what is known of the latest expression as it is.
    `dialogstate` {id, name, type}: what was triggered; None where nothing was, or the bot does not say.
    """
    found: Object = {}
    if expression is not None:
        found = {
            "expression": _text(expression, LARGEST_TEXT),
            "intent": _scored(intent, score),
            "entities": fitting_list((_plain(entity, DEEPEST) for entity in entities), LARGEST_ENTITIES),
            "intents": [_scored(*one) for one in intents][:MOST_INTENTS],
            "sentiment": _scored(*sentiment) if sentiment else None,
        }
    if dialogstate is not None:
        found["current"] = {name: _text(str(dialogstate.get(name, "")), LARGEST_NAME) for name in STATE}
    return found


def understood_after(before: Mapping[str, Any] | None, now: Mapping[str, Any]) -> Object:
    """What is kept after another turn: the dialog state that was current is the previous one. The write path's store
    does the same with what the database has."""
    before = before or {}
    moved = {"previous": before["current"]} if "current" in before and "current" in now else {}
    return {**before, **moved, **now}


def _scored(name: str | None, score: float | None) -> Object:
    return {"name": None if name is None else _text(name, LARGEST_NAME), "score": _plain(score, 0)}


# ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def cut(text: str, most: int) -> str:
    """As much of the beginning as takes at most so many bytes as JSON."""
    while (size := _size(text)) > most:
        text = text[: min(len(text) - 1, len(text) * most // size)]
    return text


def fitting(found: Mapping[str, Any], most: int) -> Object:
    """The members, in their order, that fit together; one that is too large does not keep out those after it."""
    kept: Object = {}
    left = most
    for name, value in found.items():
        size = _size({name: value})
        if size <= left:
            kept[name] = value
            left -= size
    return kept


def fitting_list(found: Iterable[Any], most: int) -> list[Any]:
    """The same of a list."""
    return list(fitting({str(place): value for place, value in enumerate(found)}, most).values())


def _size(value: Any) -> int:
    return len(compact(value).encode())


def _text(text: str, most: int) -> str:
    return cut(_UNSTORABLE.sub("\ufffd", text), most)


def _plain(value: Any, deepest: int) -> Any:
    """The value as JSON that can be kept; null for what cannot."""
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= LARGEST_NUMBER else None
        case float():
            return value if math.isfinite(value) else None
        case str():
            return _UNSTORABLE.sub("\ufffd", value)
        case Mapping() if deepest:
            return {str(_plain(str(name), 0)): _plain(inner, deepest - 1) for name, inner in value.items()}
        case list() | tuple() if deepest:
            return [_plain(inner, deepest - 1) for inner in value]
    return None
