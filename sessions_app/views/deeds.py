"""End, pause, resume: what a row of the table offers. Each names the session and the state it was shown in, so that
what has moved on meanwhile is never hit (7-screens.md, 9)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts import auth
from portal.accounts.permissions import Principal
from portal.lib.instants import iso
from sessions_app import fragments
from sessions_app.actions import Outcome, deeds
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import State
from sessions_app.core.why import why
from sessions_app.forms import filters
from sessions_app.forms.filters import Asked
from sessions_app.queries import live, tabs
from sessions_app.queries.live import Look
from sessions_app.queries.shown import Shown, private_id
from sessions_app.queries.tabs import Tab
from sessions_app.views import doors

LONGEST_REASON = 500
Deed = Callable[..., Outcome]


@require_POST
def end(request: HttpRequest, id: str) -> HttpResponse:
    return _do(request, id, deeds.end, _("The session of %(name)s has ended."))


@require_POST
def pause(request: HttpRequest, id: str) -> HttpResponse:
    return _do(request, id, deeds.pause, _("The session of %(name)s is paused; both clocks stand."))


@require_POST
def resume(request: HttpRequest, id: str) -> HttpResponse:
    return _do(request, id, deeds.resume, _("The session of %(name)s goes on with the time that was left."))


@dataclass(frozen=True, slots=True)
class Desk:
    """Who does it, to which session, and the page on which they saw it."""

    principal: Principal
    session: UUID
    seen_state: State | None
    tab: Tab
    asked: Asked

    @property
    def page(self) -> str:
        agent = self.tab.agent
        address = reverse("agent-sessions", args=[agent.slug]) if agent else reverse("sessions")
        return f"{address}?{self.asked.query}" if self.asked.query else address


def _do(request: HttpRequest, id: str, deed: Deed, done: str) -> HttpResponse:
    with doors.refusals():
        desk = _desk(request, id)
        reason = request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
        try:
            deed(principal=desk.principal, session=desk.session, reason=reason, seen_state=desk.seen_state)
        except deeds.Refused as refused:
            return _answer(request, desk, refused.refusal)
    return _answer(request, desk, done)


def _desk(request: HttpRequest, id: str) -> Desk:
    """404 for what is no id, 400 for a state that no page shows."""
    session = private_id(id)
    if session is None:
        raise Http404
    principal = auth.principal(request)
    tab = tabs.tab(principal, request.POST.get("agent") or None)
    asked = filters.asked(request.POST.get("query", ""), tab)
    return Desk(principal, session, _state(request.POST.get("seen_state", "")), tab, asked)


def _state(text: str) -> State | None:
    try:
        return State(text) if text else None
    except ValueError:
        raise BadRequest("There is no such state.") from None


def _answer(request: HttpRequest, desk: Desk, result: Refusal | str) -> HttpResponse:
    """What came of it: to the page's script with the row as it is now, to a browser by going back to the page."""
    look = live.these(desk.principal, desk.asked.wanted, ids=[desk.session])
    if not look.others:
        raise Http404
    told = _Told(desk, look, result)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return told.as_json()
    messages.add_message(request, messages.WARNING if told.refused else messages.SUCCESS, told.detail)
    return redirect(desk.page)


@dataclass(frozen=True, slots=True)
class _Told:
    """The answer in its two shapes. `result` is the sentence of a deed that was done, or what refused it."""

    desk: Desk
    look: Look
    result: Refusal | str

    @property
    def refused(self) -> bool:
        return isinstance(self.result, Refusal)

    @property
    def shown(self) -> Shown:
        return self.look.others[0]

    @property
    def detail(self) -> str:
        if not isinstance(self.result, Refusal):
            return self.result % {"name": self.shown.user_name or self.shown.user_id}
        about = {"why": why(self.shown.facts, time=_clock_time), "now": self.shown.facts.state.value}
        if self.desk.seen_state is None:
            return _("Nothing was done: the session is %(now)s by now. %(why)s.") % about
        about["seen"] = self.desk.seen_state.value
        return _("Nothing was done: you saw this session %(seen)s, and it is %(now)s by now. %(why)s.") % about

    def as_json(self) -> JsonResponse:
        body = {"detail": self.detail, "row": self._row(), "server_now": iso(self.look.now)}
        if not isinstance(self.result, Refusal):
            return JsonResponse(body)
        problem = {"type": "about:blank", "title": _("Nothing was done"), "status": 409, "code": self.result.value}
        return JsonResponse(problem | body, status=409, content_type="application/problem+json")

    def _row(self) -> dict[str, Any]:
        fits = self.shown.facts.id in self.look.fitting
        with_agent = self.desk.tab.agent is None
        row = fragments.row(self.shown, principal=self.desk.principal, with_agent=with_agent, fits=fits)
        return fragments.pushed(row)


def _clock_time(instant: datetime) -> str:
    return f"{instant:%H:%M:%S} UTC"
