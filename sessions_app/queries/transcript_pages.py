"""Pages of a transcript for those who run the agent: everything that was said, and what happened between two lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from sessions_app.models import ChatSession, Event, Message
from sessions_app.queries.transcripts import COLUMNS, Entry, entry

# What stands between two lines; the rest is told by the timeline.
BREAKS = (
    *("session.idle", "session.active", "session.paused", "session.resumed"),
    *("session.live_chat_started", "session.live_chat_ended", "session.ended"),
)


@dataclass(frozen=True, slots=True)
class Break:
    """Something that happened after the thread's line `seq` and before the next one."""

    seq: int
    at: datetime
    type: str
    actor: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Some lines in order. `earlier` and `later`: there are more on that side. The user does not see lines up to the
    seq `cleared` any more. `since` is the last seq before the page, 0 where it is the first."""

    lines: Sequence[Entry]
    breaks: Sequence[Break]
    earlier: bool
    later: bool
    cleared: int
    since: int


def page(session: UUID, *, limit: int, before: int | None = None, after: int | None = None) -> Page:
    """The latest lines; with `before` the latest of those under that seq, with `after` the first of those over it.
    By the thread's index, however long the transcript is."""
    thread, cleared = ChatSession.objects.values_list("thread_id", "thread__cleared_seq").get(pk=session)
    said = Message.objects.filter(thread=thread, session=session)
    lines, earlier, later, since = _ahead(said, after, limit) if after is not None else _back(said, before, limit)
    breaks = _breaks(session, since, lines[-1].seq) if lines else []
    return Page(lines=lines, breaks=breaks, earlier=earlier, later=later, cleared=cleared, since=since)


def _ahead(said: QuerySet[Message], after: int, limit: int) -> tuple[list[Entry], bool, bool, int]:
    found = _entries(said.filter(seq__gt=after).order_by("seq")[: limit + 1])
    return found[:limit], said.filter(seq__lte=after).exists(), len(found) > limit, after


def _back(said: QuerySet[Message], before: int | None, limit: int) -> tuple[list[Entry], bool, bool, int]:
    older = said if before is None else said.filter(seq__lt=before)
    found = _entries(older.order_by("-seq")[: limit + 1])[::-1]
    earlier = len(found) > limit
    later = before is not None and said.filter(seq__gte=before).exists()
    return found[-limit:], earlier, later, found[0].seq if earlier else 0


def _entries(found: QuerySet[Message]) -> list[Entry]:
    return [entry(row) for row in found.values_list(*COLUMNS)]


def _breaks(session: UUID, since: int, last: int) -> list[Break]:
    """What came after the last line is no break yet: the state of the session tells it."""
    found = Event.objects.filter(session=session, type__in=BREAKS, seq__gte=since, seq__lt=last).order_by("pk")
    return [Break(*row) for row in found.values_list("seq", "at", "type", "actor", "cause")]
