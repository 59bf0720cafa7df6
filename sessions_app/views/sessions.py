"""The Sessions tab of one agent, and the same table over all of them. It is complete without JavaScript; what changes
afterwards is told by `consumers.live`."""

from dataclasses import dataclass
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from portal.accounts import auth
from portal.accounts.permissions import Principal, Verb, allows
from portal.agents.core.platforms import Platform
from sessions_app import fragments
from sessions_app.core import policy_words
from sessions_app.core.facts import EndReason, State
from sessions_app.forms import filters
from sessions_app.forms.filters import Asked
from sessions_app.fragments import END_REASONS
from sessions_app.queries import live, tabs
from sessions_app.queries.live import Look
from sessions_app.queries.sessions import STATES
from sessions_app.queries.tabs import Tab
from sessions_app.views import doors


@require_safe
def agent_sessions(request: HttpRequest, slug: str) -> HttpResponse:
    return _page(request, slug)


@require_safe
def all_sessions(request: HttpRequest) -> HttpResponse:
    return _page(request, None)


def _page(request: HttpRequest, slug: str | None) -> HttpResponse:
    principal = auth.principal(request)
    with doors.refusals():
        tab = tabs.tab(principal, slug)
    asked = filters.asked(request.META["QUERY_STRING"], tab)
    look = live.page(principal, asked.wanted, after=asked.after)
    return render(request, "sessions/list.html", _context(principal, tab, asked, look))


def _context(principal: Principal, tab: Tab, asked: Asked, look: Look) -> dict[str, Any]:
    with_agent = tab.agent is None
    return {
        "agent": tab.agent,
        "tab": tab,
        "asked": asked,
        "look": look,
        "rows": [fragments.row(item, principal=principal, look=look, with_agent=with_agent) for item in look.page],
        "strip": fragments.strip(look.waiting, principal=principal),
        "with_agent": with_agent,
        "states": _states(asked, look),
        "reasons": _reasons(asked),
        "chips": _chips(asked),
        "subtitle": _subtitle(tab),
        "never_idle": tab.policy is not None and tab.policy.idle_timeout >= tab.policy.session_duration,
        "edits_policy": tab.agent is not None and allows(principal, Verb.EDIT_AGENT, agent_id=tab.agent.pk),
        "older": asked.but(cursor=str(look.until)) if look.until else "",
        "newest": asked.but() if asked.after else "",
        "filtered": bool(asked.given.keys() - {"cursor"}),
    }


@dataclass(frozen=True, slots=True)
class Segment:
    """One of the states to choose from; `count` where it is known."""

    state: str
    label: str
    url: str
    current: bool
    count: int | None


def _states(asked: Asked, look: Look) -> list[Segment]:
    counts = look.counts
    known = {"open": counts.open, State.LIVE: counts.live, State.IDLE: counts.idle, State.PAUSED: counts.paused}
    labels = {
        "open": _("Open"),
        State.LIVE: _("Live"),
        State.IDLE: _("Idle"),
        State.PAUSED: _("Paused"),
        State.ENDED: _("Ended"),
        "any": _("Any"),
    }
    return [
        Segment(str(state), label, _of_state(asked, str(state)), asked.wanted.state == state, known.get(state))
        for state, label in labels.items()
    ]


def _of_state(asked: Asked, state: str) -> str:
    """An end reason stays only where sessions have one."""
    kept = {} if State.ENDED in STATES[state] else {"end_reason": ""}
    return asked.but(state="" if state == filters.DEFAULTS["state"] else state, **kept)


def _reasons(asked: Asked) -> list[tuple[str, Any]]:
    ended = State.ENDED in STATES[asked.wanted.state]
    return [(reason.value, label) for reason, label in END_REASONS.items()] if ended else []


class Chip(NamedTuple):
    """A filter that is in force, and the address without it."""

    label: str
    url: str


def _chips(asked: Asked) -> list[Chip]:
    labels = {
        "q": f"“{asked.wanted.q}”",
        "language": asked.wanted.language,
        "end_reason": str(END_REASONS[EndReason(asked.wanted.end_reason)]) if asked.wanted.end_reason else "",
    }
    return [Chip(label, asked.but(**{name: ""})) for name, label in labels.items() if name in asked.given]


def _subtitle(tab: Tab) -> str:
    if tab.agent is None or tab.policy is None:
        return ""
    return f"{Platform(tab.agent.platform).label} · {policy_words.summary(tab.policy)}"
