"""Transcripts and timelines for those who read them line by line."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from sessions_app.models import Event, Message
from sessions_app.queries.chats import LINE_COLUMNS, SHOWN_LINES, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Line):
    """A line with what only its readers elsewhere see: the event that was put to the bot, if it came after the end."""

    event: str
    after_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """A line of the timeline."""

    id: int
    at: datetime
    type: str
    actor: str
    cause: str
    policy_version: int
    detail: Mapping[str, Any]


def lines(session: UUID, *, limit: int, after: int = 0) -> tuple[list[Entry], bool]:
    """Everything said in a session after that `seq`, in order; and whether there is more."""
    return _some(Message.objects.filter(session=session, seq__gt=after), limit)


def lines_in_view(session: UUID, *, limit: int, after: int = 0) -> tuple[list[Entry], bool]:
    """The same, as its user sees it: without what they have cleared, and what was put to the bot in their name."""
    shown = Message.objects.filter(SHOWN_LINES, session=session, seq__gt=after)
    return _some(shown.filter(seq__gt=_cleared(session)), limit)


def timeline(session: UUID, *, limit: int, after: int = 0) -> tuple[list[TimelineEvent], bool]:
    """The events of a session after that id, in order; and whether there are more."""
    names = ("id", "at", "type", "actor", "cause", "policy_version", "detail")
    found = Event.objects.filter(session=session, pk__gt=after).order_by("pk").values(*names)[: limit + 1]
    events = [TimelineEvent(**row) for row in found]
    return events[:limit], len(events) > limit


def _cleared(session: UUID) -> int:
    return Message.objects.filter(session=session).values_list("thread__cleared_seq", flat=True).first() or 0


def _some(found: QuerySet[Message], limit: int) -> tuple[list[Entry], bool]:
    entries = _entries(found.order_by("seq")[: limit + 1])
    return entries[:limit], len(entries) > limit


def _entries(found: QuerySet[Message]) -> list[Entry]:
    return [entry(row) for row in found.values_list(*COLUMNS)]


def entry(row: Iterable[Any]) -> Entry:
    """Of a row of COLUMNS."""
    return Entry(**dict(zip(_NAMES, row, strict=True)))


COLUMNS = (*LINE_COLUMNS[1:], "event", "after_end")
_NAMES = [name.removesuffix("_id") if name == "session_id" else name for name in COLUMNS]
