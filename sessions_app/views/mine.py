"""My sessions: what somebody who is signed in chats with the agents, for themselves (1-product.md, "Pages").

Complete without JavaScript. With it, a page asks every few seconds whether something has changed, and gets nothing
(204) where nothing has: who reads, chooses or listens is not disturbed.
"""

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe
from django_htmx.http import HttpResponseClientRefresh

from portal.accounts import auth
from portal.accounts.permissions import Principal
from sessions_app.actions import reading
from sessions_app.queries import mine
from sessions_app.queries.mine import Mark
from sessions_app.queries.transcripts import Entry
from sessions_app.views import doors, mine_words
from sessions_app.views.mine_words import Card

LINES = 200  # of a transcript at once
UNCHANGED = 204
DIGITS = 16


@require_safe
def my_sessions(request: HttpRequest) -> HttpResponse:
    asked = request.GET.get("cursor", "")
    after = Mark.parse(asked) if asked else None
    if asked and after is None:
        return redirect("my-sessions")
    look = mine.page(mine.users(account_of(request)), after=after)
    cards = mine_words.cards(look)
    seen = _seen(cards)
    if request.GET.get("seen") == seen:
        return HttpResponse(status=UNCHANGED)
    context = {
        "open_ones": [card for card in cards if not card.over],
        "ended": [card for card in cards if card.over],
        "first": after is None,
        "older": f"?{urlencode({'cursor': str(look.until)})}" if look.until else "",
        "again": f"{reverse('my-sessions')}?{urlencode({'cursor': asked, 'seen': seen} if asked else {'seen': seen})}",
    }
    return render(request, "me/_sessions.html" if "seen" in request.GET else "me/sessions.html", context)


@require_safe
def my_session(request: HttpRequest, id: UUID) -> HttpResponse:
    """Asked again with `seen`, it answers with the facts alone; when it has ended meanwhile, what is in view of it may
    be another than before, and the page is loaded anew."""
    who = own_user(request, id)
    with doors.refusals():
        (card,) = mine_words.cards(mine.one(who, id))
    context = _facts(who, card)
    if "seen" in request.GET:
        return _news(request, card, context)
    lines, more = _lines(request, who, id)
    return render(request, "me/session.html", context | _transcript(card, lines, more, request))


@require_safe
def my_session_lines(request: HttpRequest, id: UUID) -> HttpResponse:
    """What has been said since the line `after`."""
    who = own_user(request, id)
    with doors.refusals():
        (card,) = mine_words.cards(mine.one(who, id))
    lines, more = _lines(request, who, id)
    if not lines:
        return HttpResponse(status=UNCHANGED)
    return render(request, "me/_lines.html", _transcript(card, lines, more, request))


def account_of(request: HttpRequest) -> int:
    account = auth.principal(request).account_id
    assert account is not None, "the wiring lets nobody else in"
    return account


def own_user(request: HttpRequest, id: UUID) -> Principal:
    """As whom they chat in this session; 404 where it is not theirs."""
    with doors.refusals():
        return mine.user_of(account_of(request), id)


def _seen(cards: Sequence[Card]) -> str:
    """Names what is on view."""
    return hashlib.sha256("|".join(card.version for card in cards).encode()).hexdigest()[:DIGITS]


# ── one session
def _facts(who: Principal, card: Card) -> dict[str, Any]:
    facts, seen = card.facts, _seen([card])
    names = mine.siblings(who, (facts.transferred_from, facts.transferred_to))
    return {
        "card": card,
        "came_from": (facts.transferred_from, names.get(facts.transferred_from)) if facts.transferred_from else None,
        "went_to": (facts.transferred_to, names.get(facts.transferred_to)) if facts.transferred_to else None,
        "again": f"{reverse('my-session', args=[card.id])}?{urlencode({'seen': seen, 'was': facts.state.value})}",
    }


def _news(request: HttpRequest, card: Card, context: dict[str, Any]) -> HttpResponse:
    if request.GET["seen"] == _seen([card]):
        return HttpResponse(status=UNCHANGED)
    if not card.facts.is_open and request.GET.get("was") != card.facts.state:
        return HttpResponseClientRefresh()
    return render(request, "me/_session.html", context)


def _lines(request: HttpRequest, who: Principal, id: UUID) -> tuple[list[Entry], bool]:
    after = request.GET.get("after", "")
    most = int(after) if after.isascii() and after.isdigit() and len(after) < 10 else 0
    with doors.refusals():
        return reading.transcript(principal=who, session=id, limit=LINES, after=most)


def _transcript(card: Card, lines: Sequence[Entry], more: bool, request: HttpRequest) -> dict[str, Any]:
    """`last` is how far the lines go, for whoever asks for the next ones: by hand where there are more, else again and
    again while the talk goes on."""
    asked = request.GET.get("after", "0")
    return {
        "card": card,
        "lines": [line for line in lines if line.text],
        "last": lines[-1].seq if lines else asked if asked.isdigit() else 0,
        "more": more,
        "follows": not more and (card.facts.is_open or card.facts.in_live_chat),
    }
