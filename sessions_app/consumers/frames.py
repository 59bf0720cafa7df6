"""The frames of a chat: read from clients, written to them (docs/chat-protocol.md)."""

import json
import math
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.lib.instants import iso
from portal.lib.strict_json import DEEPEST
from sessions_app.core import deadlines
from sessions_app.core.commands import Kind
from sessions_app.core.facts import Facts, State
from sessions_app.core.limits import LARGEST_PAYLOAD, LONGEST_CLIENT_ID, LONGEST_EVENT, LONGEST_TEXT
from sessions_app.core.why import possible
from sessions_app.queries.chats import Answering, Line
from sessions_app.queries.shown import public_id

_UNKEEPABLE = re.compile("[\0\ud800-\udfff]")
KINDS = (Kind.TEXT, Kind.POSTBACK, Kind.EVENT)


@dataclass
class Invalid(Exception):
    """A frame that says something a chat cannot take. The text is a sentence for whoever sent it."""

    detail: str


class Unreadable(Exception):
    """Not a frame at all: the connection is not worth keeping."""


def read(text: str | None) -> dict[str, Any]:
    """A frame as an object with a `type`."""
    try:
        frame = json.loads(text or "")
    except (ValueError, RecursionError):
        raise Unreadable("A frame is one JSON object in a text message.") from None
    if not isinstance(frame, dict) or not isinstance(frame.get("type"), str):
        raise Unreadable("A frame is one JSON object with a type.")
    return frame


def text(frame: dict[str, Any], name: str, *, most: int, required: bool = False) -> str:
    """A field that is a text of at most `most` characters; "" where it is left out."""
    value = frame.get(name)
    if value is None and not required:
        return ""
    if not isinstance(value, str) or (required and not value):
        raise Invalid(f"{name} must be a text.")
    if len(value) > most:
        raise Invalid(f"{name} has {len(value):,} characters; at most {most:,} can be sent.")
    if not _can_be_kept(value):
        raise Invalid(f"{name} has a character that cannot be kept.")
    return value


def client_id(frame: dict[str, Any]) -> str | None:
    """The client's own id of the frame, or None. A broken one is not an error here: it only cannot be answered."""
    value = frame.get("client_id")
    fits = isinstance(value, str) and 0 < len(value) <= LONGEST_CLIENT_ID and _can_be_kept(value)
    return value if fits else None


def _can_be_kept(value: str) -> bool:
    """Neither NUL nor half a character: what JSON can write and neither the database nor a socket takes."""
    return _UNKEEPABLE.search(value) is None


def uuid(frame: dict[str, Any], name: str) -> UUID | None:
    value = frame.get(name)
    if value is None:
        return None
    try:
        return UUID(value)
    except (ValueError, AttributeError, TypeError):
        raise Invalid(f"{name} is not an id.") from None


def number(frame: dict[str, Any], name: str) -> int:
    value = frame.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**31:
        raise Invalid(f"{name} must be a whole number from 0.")
    return value


def said(frame: dict[str, Any]) -> dict[str, Any]:
    """The fields of `commands.Say` in a `message` frame."""
    kind = frame.get("kind", Kind.TEXT)
    if kind not in KINDS:
        raise Invalid("kind must be text, postback or event.")
    event = text(frame, "event", most=LONGEST_EVENT, required=kind == Kind.EVENT)
    words = text(frame, "text", most=LONGEST_TEXT, required=kind != Kind.EVENT)
    if kind == Kind.TEXT and not words.strip():
        raise Invalid("text is empty.")
    return {"kind": Kind(kind), "text": words, "event": event, "payload": _payload(frame)}


def _payload(frame: dict[str, Any]) -> Any:
    payload = frame.get("payload")
    _refuse_unstorable(payload)
    written = json.dumps(payload)
    if len(written) > LARGEST_PAYLOAD:
        raise Invalid(f"payload has {len(written):,} characters; at most {LARGEST_PAYLOAD:,} can be sent.")
    return payload


def _refuse_unstorable(value: Any, depth: int = 1) -> None:
    """What JSON text can say and a database cannot keep, or nobody could read afterwards. The frame is level 0."""
    if depth > DEEPEST:
        raise Invalid(f"payload is nested too deeply: at most {DEEPEST} levels can be sent.")
    if isinstance(value, dict):
        for name, inner in value.items():
            _refuse_unstorable(name, depth)
            _refuse_unstorable(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _refuse_unstorable(inner, depth + 1)
    elif isinstance(value, str):
        text({"payload": value}, "payload", most=LARGEST_PAYLOAD)
    elif isinstance(value, float) and not math.isfinite(value):
        raise Invalid("payload has a number that cannot be kept.")


# ── to the client ────────────────────────────────────────────────────────────────────────────────────────────────────
def write(kind: str, now: datetime, /, **fields: Any) -> str:
    return json.dumps({"type": kind, **fields, "server_now": iso(now)}, ensure_ascii=False)


def line(shown: Line) -> dict[str, Any]:
    """A line of the history, without type and server_now."""
    common = {
        "seq": shown.seq,
        "text": shown.text,
        "language": shown.language,
        "direction": shown.direction,
        "at": iso(shown.at),
    }
    if shown.kind == Kind.DIVIDER:
        return common | {"kind": "divider"}
    return common | {
        "id": str(shown.id),
        "session": str(shown.session),
        "from": shown.sender,
        "kind": shown.kind,
        "client_id": shown.client_id,
        "held": shown.held,
        "payload": shown.payload,
    }


OFFERED = ("end", "pause", "resume", "extend")  # by the chat; staff can do more


def session(facts: Facts, *, leads_on: bool) -> dict[str, Any]:
    """A session as its user sees it. `leads_on`: there are agents that they may go to."""
    offered = (*OFFERED, "transfer") if leads_on else OFFERED
    running = facts.state in (State.LIVE, State.IDLE)
    return {
        "id": public_id(facts.id, facts.version),
        "state": facts.state,
        "language": facts.language,
        "started_at": iso(facts.started_at),
        "idle_at": iso(deadlines.idle_at(facts)) if running else None,
        "ends_at": iso(deadlines.ends_at(facts)) if running else None,
        "paused_at": iso(facts.paused_at),
        "ended_at": iso(facts.ended_at),
        "end_reason": facts.end_reason,
        "silent": facts.silent,
        "actions": [action for action in possible(facts) if action in offered],
    }


def agent(answering: Answering) -> dict[str, str]:
    """An agent as the users see it."""
    return {"slug": answering.slug, "name": answering.name}
