"""End, pause, resume: what a row of the table offers; and to call a transfer off, what the strip above it does. Each
names the session, and a row's the state it was shown in, so that what has moved on meanwhile is never hit
(7-screens.md, 9)."""

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
from sessions_app.queries import live, sessions, tabs
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


@require_POST
def cancel_transfer(request: HttpRequest, id: str) -> HttpResponse:
    with doors.refusals():
        desk = _desk(request, id)
        try:
            deeds.cancel_transfer(principal=desk.principal, session=desk.session, reason=_reason(request))
        except deeds.Refused as refused:
            too_late = _("Nothing was done: another agent has picked up the session of %(name)s by now.")
            return _answer(request, desk, too_late, refused.refusal)
    return _answer(request, desk, _("The transfer of %(name)s is cancelled. %(agent)s answers the next message."))


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
        told = {"reason": _reason(request), "seen_state": desk.seen_state}
        try:
            deed(principal=desk.principal, session=desk.session, **told)
        except deeds.Refused as refused:
            return _answer(request, desk, "", refused.refusal)
    return _answer(request, desk, done)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]


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


def _answer(request: HttpRequest, desk: Desk, sentence: str, refusal: Refusal | None = None) -> HttpResponse:
    """What came of it: to the page's script with the row as it is now, to a browser by going back to the page."""
    look = live.these(desk.principal, desk.asked.wanted, ids=[desk.session])
    shown = look.others[0] if look.others else sessions.one(desk.principal, desk.session)
    if shown is None:
        raise Http404
    told = _Told(desk, look, shown, sentence, refusal)
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return told.as_json()
    messages.add_message(request, messages.WARNING if refusal else messages.SUCCESS, told.detail)
    return redirect(desk.page)


@dataclass(frozen=True, slots=True)
class _Told:
    """The answer in its two shapes. `sentence` is of a deed that was done, or why it was not where that can be said in
    advance. The session is not on every page that offers the deed: a transfer is shown on its target's, too."""

    desk: Desk
    look: Look
    shown: Shown
    sentence: str
    refusal: Refusal | None

    @property
    def detail(self) -> str:
        if self.sentence:
            return self.sentence % {
                "name": self.shown.user_name or self.shown.user_id,
                "agent": self.shown.agent_name,
            }
        about = {"why": why(self.shown.facts, time=_clock_time), "now": self.shown.facts.state.value}
        if self.desk.seen_state is None:
            return _("Nothing was done: the session is %(now)s by now. %(why)s.") % about
        about["seen"] = self.desk.seen_state.value
        return _("Nothing was done: you saw this session %(seen)s, and it is %(now)s by now. %(why)s.") % about

    def as_json(self) -> JsonResponse:
        strip = fragments.strip(self.look.waiting, principal=self.desk.principal)
        body = {
            "detail": self.detail,
            "row": self._row() if self.look.others else None,
            "transfers": fragments.drawn(strip),
            "server_now": iso(self.look.now),
        }
        if self.refusal is None:
            return JsonResponse(body)
        problem = {"type": "about:blank", "title": _("Nothing was done"), "status": 409, "code": self.refusal.value}
        return JsonResponse(problem | body, status=409, content_type="application/problem+json")

    def _row(self) -> dict[str, Any]:
        fits = self.shown.facts.id in self.look.fitting
        with_agent = self.desk.tab.agent is None
        principal = self.desk.principal
        return fragments.pushed(
            fragments.row(self.shown, principal=principal, look=self.look, with_agent=with_agent, fits=fits)
        )


def _clock_time(instant: datetime) -> str:
    return f"{instant:%H:%M:%S} UTC"
