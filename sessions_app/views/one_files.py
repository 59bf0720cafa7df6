"""A transcript to take away, as text or as JSON. Each is a deed in the audit log. A file holds so many lines at most,
and names the address of what follows: however long a transcript is, no request holds more of it."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from portal.accounts import auth
from portal.lib.instants import iso
from sessions_app.actions import reading
from sessions_app.queries.transcript_pages import Page
from sessions_app.views import doors, one_words
from sessions_app.views.one import card, known, number
from sessions_app.views.one_words import Card, Line

LINES = 5000
INDENT = "    "  # so that no line of a message passes for one of the transcript
AS_THEY_ARE = ("seq", "kind", "text", "payload", "language", "held", "after_end", "client_id")


@require_safe
def as_text(request: HttpRequest, id: str) -> HttpResponse:
    found, page = _page(request, id, "text")
    body = "\n".join(_text(found, page)) + "\n"
    return _file(body, found, "text/plain; charset=utf-8", "txt")


@require_safe
def as_json(request: HttpRequest, id: str) -> HttpResponse:
    """Lines as the API has them."""
    found, page = _page(request, id, "json")
    lines = [_object(found, line) for line in one_words.lines(page, user=found.row.name)]
    body: dict[str, Any] = {"session": found.id, "agent": found.shown.agent_slug, "user": found.shown.user_id}
    body |= {"started_at": iso(found.facts.started_at), "ended_at": iso(found.facts.ended_at)}
    body |= {"items": lines, "next": _next(found, page, "session-json")}
    return _file(json.dumps(body, ensure_ascii=False, indent=1), found, "application/json", "json")


def _page(request: HttpRequest, id: str, form: str) -> tuple[Card, Page]:
    key, after = known(id), number(request, "after") or 0
    with doors.refusals():
        page = reading.download(principal=auth.principal(request), session=key, form=form, limit=LINES, after=after)
        return card(request, key), page


def _file(body: str, found: Card, content_type: str, ending: str) -> HttpResponse:
    name = f"session-{found.id}.{ending}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return HttpResponse(body, content_type=content_type, headers=headers)


def _next(found: Card, page: Page, name: str) -> str | None:
    """Where the transcript goes on; None where it does not."""
    asked = urlencode({"after": page.lines[-1].seq}) if page.later else ""
    return f"{reverse(name, args=[found.id])}?{asked}" if asked else None


def _text(found: Card, page: Page) -> Iterator[str]:
    yield f"Session {found.id} of {_one_line(found.row.name)} with {_one_line(found.shown.agent_name)}"
    yield f"Started {iso(found.facts.started_at)}"
    yield ""
    for line in one_words.lines(page, user=found.row.name):
        for gap in line.gaps:
            yield f"--- {gap.said} {iso(gap.at)} ---"
        first, *rest = line.words.splitlines() or [""]
        marks = "".join(f" ({mark})" for mark in _marks(line))
        yield f"[{iso(line.entry.at)}] {_one_line(line.who)}{marks}: {first}"
        yield from (INDENT + each for each in rest)
    if address := _next(found, page, "session-text"):
        yield f"--- goes on at {address} ---"


def _marks(line: Line) -> Iterator[str]:
    """In English, as the file is: it may be read by programs."""
    marks = {"held": line.entry.held, "cleared": line.cleared, "after the end": line.entry.after_end}
    yield from (mark for mark, holds in marks.items() if holds)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _object(found: Card, line: Line) -> dict[str, Any]:
    entry = line.entry
    values = {"id": str(entry.id), "session": found.id, "from": entry.sender, "event": entry.event or None}
    values |= {name: getattr(entry, name) for name in AS_THEY_ARE}
    return values | {"cleared": line.cleared, "at": iso(entry.at)}
