"""A session's timeline: every event, the messages between them, and what each did to the clocks (7-screens.md, 17).

Complete without JavaScript. With it, the last page asks every few seconds whether something has happened, and gets
nothing (204) where nothing has.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.accounts import auth
from sessions_app.actions import reading
from sessions_app.core import chronicle
from sessions_app.core.chronicle import Moment
from sessions_app.core.decision import Event
from sessions_app.queries import people
from sessions_app.queries.histories import History, Place
from sessions_app.views import doors, headings, timeline_words
from sessions_app.views.headings import Heading

LINES = 100  # on a page
UNCHANGED = 204
BEGIN = Place(0, 0)  # before everything


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address says. `news`: whoever has the page already asks what is new since `after`."""

    after: Place
    moved: bool
    news: bool

    def but(self, *, after: Place | None = None, moved: bool | None = None, **more: str) -> str:
        moved = self.moved if moved is None else moved
        given = {"moved": "1"} if moved else {}
        given |= {"after": str(after)} if after is not None else {}
        return f"?{urlencode(given | more)}"


@require_safe
def timeline(request: HttpRequest, id: str) -> HttpResponse:
    session, after = headings.session_id(id), Place.parse(request.GET.get("after", "0.0"))
    if after is None:
        return redirect("session-timeline", id)
    asked = Asked(after if "after" in request.GET else BEGIN, "moved" in request.GET, "news" in request.GET)
    with doors.refusals():
        principal = auth.principal(request)
        history = reading.history(principal=principal, session=session, unless_at=after if asked.news else None)
    if history is None:
        return HttpResponse(status=UNCHANGED)
    context = _context(headings.heading(request, session), history, asked)
    return render(request, "sessions/one/timeline_news.html" if asked.news else "sessions/one/timeline.html", context)


@dataclass(frozen=True, slots=True)
class Line:
    place: Place
    moment: Moment


def _context(heading: Heading, history: History, asked: Asked) -> dict[str, Any]:
    lines = _lines(history)
    ahead = [line for line in lines if line.place > asked.after]
    fitting = [line for line in ahead if line.moment.moved or not asked.moved]
    shown, more = fitting[:LINES], len(fitting) > LINES
    whole = _is_whole(history)
    follows = not more and (heading.shown.facts.is_open or heading.shown.facts.in_live_chat)
    return {
        "heading": heading,
        "shown": heading.shown,
        "items": timeline_words.items(
            shown, before=_had(lines, asked), names=_names(shown), user=heading.name, whole=whole
        ),
        "whole": whole,
        "asked": asked,
        "all": f"{_address(heading)}",
        "only_moved": f"{_address(heading)}{asked.but(moved=True)}",
        "first": f"{_address(heading)}{asked.but()}" if asked.after != BEGIN else "",
        "next": f"{_address(heading)}{asked.but(after=shown[-1].place)}" if more else "",
        "latest": _latest(heading, lines, asked) if more else "",
        "again": _again(heading, lines, asked) if follows else "",
    }


def _lines(history: History) -> list[Line]:
    """In order, each with its place."""
    ids = {id(event): number for event, number in zip(history.events, history.ids, strict=True)}
    moments = chronicle.moments(
        history.session,
        events=history.events,
        messages=history.messages,
        policies=history.policies,
        answers=history.answers,
    )
    return [Line(Place(m.line.seq, ids.get(id(m.line), 0)), m) for m in moments]


def _had(lines: Sequence[Line], asked: Asked) -> Line | None:
    """The last line that whoever asks for news has."""
    had = [line for line in lines if line.place <= asked.after] if asked.news else []
    return had[-1] if had else None


def _is_whole(history: History) -> bool:
    """Messages that are erased have moved clocks, too: without them nobody can tell."""
    return chronicle.is_whole(history.session, history.messages)


def _names(lines: Sequence[Line]) -> Any:
    return people.names({line.moment.line.actor for line in lines if isinstance(line.moment.line, Event)})


def _address(heading: Heading) -> str:
    return reverse("session-timeline", args=[heading.shown.id])


def _latest(heading: Heading, lines: Sequence[Line], asked: Asked) -> str:
    """The page that ends with the last line."""
    fitting = [line for line in lines if line.moment.moved or not asked.moved]
    return f"{_address(heading)}{asked.but(after=fitting[-LINES - 1].place)}"


def _again(heading: Heading, lines: Sequence[Line], asked: Asked) -> str:
    """Asks from the last line on, whether that fits or not."""
    last = lines[-1].place if lines else asked.after
    return f"{_address(heading)}{asked.but(after=last, news='1')}"
