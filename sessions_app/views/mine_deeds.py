"""What people do to their own sessions on their pages. Each form names the state it was shown in: what has moved on
meanwhile is never hit, and they are told."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from portal.accounts.permissions import Principal
from sessions_app.actions import Outcome, deeds
from sessions_app.actions.deeds import Refused, UnknownTarget
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import State
from sessions_app.queries import mine
from sessions_app.views import doors, mine_words
from sessions_app.views.mine import own_user

LONGEST_REASON = 500
Deed = Callable[..., Outcome]


@require_POST
def pause(request: HttpRequest, id: UUID) -> HttpResponse:
    done = _("The session with %(agent)s is paused. It does not end before you resume it.")
    return _do(request, id, deeds.pause, done, seen_state=_state(request))


@require_POST
def resume(request: HttpRequest, id: UUID) -> HttpResponse:
    done = _("The session with %(agent)s goes on with the time that was left.")
    return _do(request, id, deeds.resume, done, seen_state=_state(request))


@require_POST
def extend(request: HttpRequest, id: UUID) -> HttpResponse:
    done = _("The session with %(agent)s goes on. The time until it ends begins anew.")
    return _do(request, id, deeds.extend, done, seen_state=_state(request))


@require_POST
def end(request: HttpRequest, id: UUID) -> HttpResponse:
    done = _("The session with %(agent)s has ended.")
    return _do(request, id, deeds.end, done, seen_state=_state(request), reason=_reason(request))


@require_POST
def transfer(request: HttpRequest, id: UUID) -> HttpResponse:
    done = _("The session with %(agent)s has ended, and %(target)s answers when you write in the chat.")
    to = request.POST.get("to", "").replace("\0", "")
    told = {"seen_state": _state(request), "reason": _reason(request), "to": to}
    return _do(request, id, deeds.transfer, done, **told)


@require_POST
def cancel_transfer(request: HttpRequest, id: UUID) -> HttpResponse:
    done = _("It is called off. %(agent)s answers when you write in the chat.")
    return _do(request, id, deeds.cancel_transfer, done)


def _do(request: HttpRequest, id: UUID, deed: Deed, done: str, **told: Any) -> HttpResponse:
    """And back to where they came from, which says what came of it."""
    who = own_user(request, id)
    try:
        with doors.refusals():
            outcome = deed(principal=who, session=id, **told)
    except UnknownTarget:
        messages.warning(request, _("Nothing was done: choose an agent to hand the session on to."))
    except Refused as refused:
        messages.warning(request, _why_not(refused, told.get("seen_state")))
    else:
        _tell(request, who, outcome, done)
    return redirect("my-session", id) if request.POST.get("back") == "one" else redirect("my-sessions")


def _tell(request: HttpRequest, who: Principal, outcome: Outcome, done: str) -> None:
    if outcome.result != "done" or outcome.session is None:
        messages.info(request, _("Nothing had to be done: it was so already."))
        return
    (card,) = mine_words.cards(mine.one(who, outcome.session.id))
    messages.success(request, done % {"agent": card.agent, "target": card.goes_to})


def _why_not(refused: Refused, seen: State | None) -> str:
    session = refused.outcome.session
    if refused.refusal is Refusal.TRANSFER_IMPOSSIBLE and refused.outcome.open_sessions:
        return _("Nothing was done: you have as many sessions open with that agent as it allows. End one first.")
    if refused.refusal is Refusal.TRANSFER_IMPOSSIBLE:
        return _("Nothing was done: the session cannot be handed on to that agent.")
    if refused.refusal is Refusal.LIVE_CHAT_RUNNING:
        return _("Nothing was done: somebody is talking with you. It can be paused when they are done.")
    if session is None or seen is None:
        return _("Nothing was done: the session has moved on by now.")
    about = {"seen": mine_words.STATES[seen], "now": mine_words.STATES[session.state]}
    return _("Nothing was done: you saw the session %(seen)s, and by now it is %(now)s.") % about


def _state(request: HttpRequest) -> State | None:
    """400 for a state that no page shows."""
    text = request.POST.get("seen_state", "")
    try:
        return State(text) if text else None
    except ValueError:
        raise BadRequest("There is no such state.") from None


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]
