"""One session: how it stands and why, what was said, and what can be done (7-screens.md, 16, 18, 20, 21).

Complete without JavaScript. With it, the page asks every few seconds whether something has changed, and gets nothing
(204) where nothing has. To open the page is to read somebody's transcript: a deed in the audit log, once, not for every
time it asks.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseStopPolling

from portal.accounts import auth
from sessions_app.actions import reading
from sessions_app.actions.reading import Opened
from sessions_app.forms.one import WriteForm
from sessions_app.queries import one
from sessions_app.queries.shown import private_id
from sessions_app.views import doors, one_words
from sessions_app.views.one_words import Card

LINES = 200  # of a transcript at once
UNCHANGED = 204
MOST_DIGITS = 9


@require_safe
def session(request: HttpRequest, id: str) -> HttpResponse:
    """`?before=` and `?after=` name a seq and lead through a long transcript, `?line=` to the lines around one. Asked
    again with `seen`, it answers with what is said about the session alone."""
    key = known(id)
    if "seen" in request.GET:
        return _news(request, key)
    with doors.refusals():
        found = card(request, key)
        if found.id != id:  # one address each
            return redirect("session", found.id)
    return page(request, found, WriteForm())


@require_safe
def session_lines(request: HttpRequest, id: str) -> HttpResponse:
    """What has been said since the line `after`; `proof` is that of the page that asks."""
    key = known(id)
    after, proof = number(request, "after") or 0, request.GET.get("proof", "")
    principal = auth.principal(request)
    with doors.refusals():
        opened = reading.news(principal=principal, session=key, limit=LINES, after=after, proof=proof)
        found = card(request, key)
    if not opened.page.lines:
        return HttpResponse(status=UNCHANGED) if found.follows else HttpResponseStopPolling()
    return render(request, "sessions/one/_lines.html", _said(found, opened))


def page(request: HttpRequest, found: Card, form: WriteForm, *, status: int = 200) -> HttpResponse:
    """The whole page: this opens the transcript."""
    at = number(request, "line")
    before = at + LINES // 2 if at is not None else number(request, "before")
    with doors.refusals():
        opened = reading.opening(
            principal=auth.principal(request),
            session=found.facts.id,
            limit=LINES,
            before=before,
            after=number(request, "after"),
        )
    found = card(request, found.facts.id)  # time has had its effect
    context = _head(found, box=found.talks) | _said(found, opened) | {"form": form}
    return render(request, "sessions/one/session.html", context, status=status)


def known(id: str) -> UUID:
    """404 for what is no id."""
    found = private_id(id)
    if found is None:
        raise Http404
    return found


def card(request: HttpRequest, session: UUID) -> Card:
    """Raises NotVisible."""
    principal = auth.principal(request)
    return one_words.card(one.look(principal, session), principal)


def number(request: HttpRequest, name: str) -> int | None:
    """None where it is none, as on the first page."""
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS else None


def _news(request: HttpRequest, session: UUID) -> HttpResponse:
    with doors.refusals():
        found = card(request, session)
    if request.GET["seen"] == found.seen:
        return HttpResponse(status=UNCHANGED)
    return render(request, "sessions/one/_head.html", _head(found, box="box" in request.GET))


def _head(found: Card, *, box: bool) -> dict[str, Any]:
    """`box`: the page has one to write in, which is not drawn anew under whoever writes."""
    asked = {"seen": found.seen} | ({"box": "yes"} if box else {})
    return {"card": found, "box": box, "again": f"{reverse('session', args=[found.id])}?{urlencode(asked)}"}


def _said(found: Card, opened: Opened) -> dict[str, Any]:
    page = opened.page
    last = page.lines[-1].seq if page.lines else page.since
    asked = urlencode({"after": last, "proof": opened.proof})
    return {
        "card": found,
        "lines": one_words.lines(page, user=found.row.name),
        "page": page,
        "first": page.lines[0].seq if page.lines else None,
        "last": last,
        "follows": not page.later and found.follows,
        "next": f"{reverse('session-lines', args=[found.id])}?{asked}",
    }
