"""What is done to a session on its own page, and what a human writes there. Each deed names the state it was shown in,
so that what has moved on meanwhile is never hit, and it is told (7-screens.md, 9, 10, 20)."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_POST
from django_htmx.http import trigger_client_event

from portal.accounts import auth
from sessions_app.actions import Outcome, deeds
from sessions_app.actions import messages as talk
from sessions_app.actions.deeds import Refused, UnknownTarget
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import State
from sessions_app.core.limits import LONGEST_REASON
from sessions_app.forms.one import WriteForm
from sessions_app.views import doors
from sessions_app.views.one import card, known, page
from sessions_app.views.one_words import Card

UNPROCESSABLE = 422


class Deed(NamedTuple):
    """`takes` are the fields of the form that it is told."""

    do: Callable[..., Outcome]
    done: Any
    takes: tuple[str, ...] = ("reason", "seen_state")


DEEDS: Mapping[str, Deed] = {
    "end": Deed(deeds.end, lazy("The session has ended.")),
    "pause": Deed(deeds.pause, lazy("The session is paused; both clocks stand.")),
    "resume": Deed(deeds.resume, lazy("The session goes on with the time that was left.")),
    "take_over": Deed(deeds.take_over, lazy("You talk with the user now, instead of the bot.")),
    "hand_back": Deed(deeds.hand_back, lazy("The bot goes on. The inactivity clock begins anew."), ("reason",)),
    "transfer": Deed(
        deeds.transfer,
        lazy("The session has ended. The other agent picks up when the user writes again."),
        ("reason", "seen_state", "to"),
    ),
    "cancel_transfer": Deed(
        deeds.cancel_transfer, lazy("The transfer is cancelled. This agent answers the next message."), ("reason",)
    ),
}


@require_POST
def do(request: HttpRequest, id: str) -> HttpResponse:
    """`deed` is one of DEEDS. And back to the page, which says what came of it."""
    key, deed = known(id), DEEDS.get(request.POST.get("deed", ""))
    if deed is None:
        raise BadRequest("There is no such deed.")
    seen = _state(request) if "seen_state" in deed.takes else None
    given = {"reason": _reason(request), "seen_state": seen, "to": _plain(request, "to")}
    told = {name: given[name] for name in deed.takes}
    with doors.refusals():
        try:
            outcome = deed.do(principal=auth.principal(request), session=key, **told)
        except UnknownTarget:
            messages.warning(request, _("Nothing was done: choose an agent to hand the session on to."))
        except Refused as refused:
            messages.warning(request, _why_not(refused, seen))
        else:
            _tell(request, outcome, deed)
        return redirect("session", card(request, key).id)


@require_POST
def write(request: HttpRequest, id: str) -> HttpResponse:
    """A message from the human who talks. What is not sent stays in its box."""
    key, form = known(id), WriteForm(request.POST)
    with doors.refusals():
        found = card(request, key)
    if form.is_valid() and not (refusal := _say(request, key, found, form)):
        return _sent(request, found)
    if form.is_valid():
        form.add_error(None, refusal)
    if request.headers.get("HX-Request"):
        return render(request, "sessions/one/_write.html", {"card": found, "form": form}, status=UNPROCESSABLE)
    return page(request, found, form, status=UNPROCESSABLE)


def _say(request: HttpRequest, session: UUID, found: Card, form: WriteForm) -> str:
    """Why it was not sent; empty when it was."""
    if not found.talks:
        return _(
            "Nothing was sent: you do not talk with the user any more. Your text is kept here; take over again first."
        )
    given = form.cleaned_data["client_id"]
    with doors.refusals():
        try:
            talk.say(
                principal=auth.principal(request),
                session=session,
                sender=Sender.HUMAN,
                kind=Kind.TEXT,
                text=form.cleaned_data["text"],
                client_id=str(given) if given else None,
            )
        except Refused:
            return _("Nothing was sent: the session has moved on by now. Your text is kept here.")
    return ""


def _sent(request: HttpRequest, found: Card) -> HttpResponse:
    """To the page's script an empty box, and word that there is a line to fetch."""
    if request.headers.get("HX-Request"):
        answer = render(request, "sessions/one/_write.html", {"card": found, "form": WriteForm()})
        return trigger_client_event(answer, "said", after="settle")
    return redirect(f"{reverse('session', args=[found.id])}#write")


def _tell(request: HttpRequest, outcome: Outcome, deed: Deed) -> None:
    if outcome.result == "done":
        messages.success(request, str(deed.done))
    else:
        messages.info(request, _("Nothing had to be done: it was so already."))


def _why_not(refused: Refused, seen: State | None) -> str:
    session = refused.outcome.session
    match refused.refusal:
        case Refusal.TRANSFER_IMPOSSIBLE if refused.outcome.open_sessions:
            return _("Nothing was done: the user has as many sessions open with that agent as it allows.")
        case Refusal.TRANSFER_IMPOSSIBLE:
            return _("Nothing was done: the session cannot be handed on to that agent.")
        case Refusal.LIVE_CHAT_RUNNING:
            return _("Nothing was done: a human is talking with the user.")
    if session is None or seen is None or session.state is seen:
        return _("Nothing was done: the session has moved on by now.")
    about = {"seen": seen.value, "now": session.state.value}
    return _("Nothing was done: you saw this session %(seen)s, and it is %(now)s by now.") % about


def _state(request: HttpRequest) -> State | None:
    """400 for a state that no page shows."""
    text = request.POST.get("seen_state", "")
    try:
        return State(text) if text else None
    except ValueError:
        raise BadRequest("There is no such state.") from None


def _reason(request: HttpRequest) -> str:
    return _plain(request, "reason").strip()[:LONGEST_REASON]


def _plain(request: HttpRequest, name: str) -> str:
    """The database takes no NUL."""
    return request.POST.get(name, "").replace("\0", "")
