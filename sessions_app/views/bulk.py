"""One deed on many sessions of the table (7-screens.md, 11): the rows that were ticked, or all that match its filter.

What was chosen is confirmed on a page of its own, with how many there are; if there are more or fewer when it is to be
done, nothing is done. Without a script these are plain forms; a script gets told how far it is.
"""

import json
from collections.abc import AsyncIterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from portal.accounts import auth
from portal.accounts.permissions import Principal
from portal.lib.threads import in_database
from sessions_app.actions import bulk as doing
from sessions_app.actions.bulk import MOST, Action, Item, NotAsExpected, TooMany, Work
from sessions_app.forms import filters
from sessions_app.forms.filters import Asked
from sessions_app.queries import picked, tabs
from sessions_app.queries.picked import Found
from sessions_app.queries.shown import private_id
from sessions_app.queries.tabs import Tab
from sessions_app.views import bulk_words as words
from sessions_app.views import doors

LONGEST_REASON = 500
ACTIONS: dict[str, Action] = {"end": "end", "pause": "pause", "resume": "resume"}
LINES = "application/x-ndjson"


@dataclass(frozen=True, slots=True)
class Choice:
    """Who wants what done to which sessions of a page. `ids` is None where they mean all that match its filter."""

    principal: Principal
    tab: Tab
    asked: Asked
    action: Action | None
    ids: Sequence[UUID] | None

    @property
    def page(self) -> str:
        agent = self.tab.agent
        address = reverse("agent-sessions", args=[agent.slug]) if agent else reverse("sessions")
        return f"{address}?{self.asked.query}" if self.asked.query else address

    def found(self) -> Found:
        if self.ids is not None:
            return picked.of_ids(self.principal, self.ids, most=MOST)
        return picked.of_filter(self.principal, self.asked.wanted, most=MOST)

    def work(self, action: Action, *, expect: int, reason: str) -> Work:
        """Raises NotAsExpected, TooMany."""
        wanted = self.asked.wanted if self.ids is None else None
        return doing.work(
            principal=self.principal, action=action, ids=self.ids, wanted=wanted, expect=expect, reason=reason
        )


@require_http_methods(["GET", "POST"])
def sessions_bulk(request: HttpRequest) -> HttpResponseBase:
    """GET tells how many match; POST asks first, and does it when it comes with `expect`."""
    with doors.refusals():
        choice = _choice(request)
    if request.method == "GET":
        return _number(choice)
    if choice.action is None or choice.ids == []:
        return _back(request, choice, _("Nothing was done: tick the sessions first, then say what is to be done."))
    if "expect" not in request.POST:
        return _confirm(request, choice, choice.action)
    return _do(request, choice, choice.action)


def _choice(request: HttpRequest) -> Choice:
    """Raises NotVisible, NotAllowed."""
    sent = request.POST if request.method == "POST" else request.GET
    principal = auth.principal(request)
    tab = tabs.tab(principal, sent.get("agent") or None)
    ids = None if sent.get("all") else [id for id in map(private_id, sent.getlist("id")) if id is not None]
    return Choice(principal, tab, filters.asked(sent.get("query", ""), tab), ACTIONS.get(sent.get("action", "")), ids)


def _number(choice: Choice) -> JsonResponse:
    found = picked.number(choice.principal, choice.asked.wanted, most=MOST)
    return JsonResponse({"number": min(found, MOST), "more": found > MOST})


def _back(request: HttpRequest, choice: Choice, sentence: str) -> HttpResponse:
    messages.warning(request, sentence)
    return redirect(choice.page)


def _confirm(request: HttpRequest, choice: Choice, action: Action, *, saw: int | None = None) -> HttpResponse:
    """The question. With `saw` it comes for the second time, as there were so many the first time."""
    found = choice.found()
    if not found.number:
        return _back(request, choice, _("Nothing was done: no session fits any more."))
    context = {
        "choice": choice,
        "action": action,
        "found": found,
        "too_many": found.number > MOST,
        "most": MOST,
        "more": found.number - len(found.first),
        "notice": words.moved_on(saw, found.number) if saw is not None else "",
        "title": words.title(action, min(found.number, MOST)),
        "consequence": words.CONSEQUENCES[action],
        "button": words.BUTTONS[action],
        "states": words.states(found.states),
        "filter": words.filter_of(choice.asked, choice.tab),
        "reason": _reason(request),
    }
    status = 200 if saw is None else 409
    return render(request, "sessions/bulk/confirm.html", context, status=status)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "").replace("\0", "").strip()[:LONGEST_REASON]


def _do(request: HttpRequest, choice: Choice, action: Action) -> HttpResponseBase:
    expect = request.POST["expect"]
    saw = int(expect) if expect.isascii() and expect.isdecimal() and len(expect) <= len(str(MOST)) else 0
    try:
        work = choice.work(action, expect=saw, reason=_reason(request))
    except (NotAsExpected, TooMany):
        return _confirm(request, choice, action, saw=saw)
    if request.get_preferred_type(["text/html", LINES]) == LINES:
        return StreamingHttpResponse(_told(choice, work), content_type=LINES)
    done: dict[UUID, Item] = {}
    for batch in work.batches:
        done |= work.do(batch)
    return render(request, "sessions/bulk/done.html", _result(choice, work, done))


def _told(choice: Choice, work: Work) -> AsyncIterator[str]:
    """A line after each batch, and the result as the last one. Whoever leaves meanwhile stops it between two batches.

    The work is done as in this request: the audit log knows where it came from.
    """
    here = copy_context()

    async def lines() -> AsyncIterator[str]:
        done: dict[UUID, Item] = {}
        for batch in work.batches:
            done |= await in_database(partial(here.run, work.do, batch))
            yield json.dumps({"done": len(done), "of": len(work.order)}) + "\n"
        yield json.dumps({"html": await in_database(partial(here.run, _drawn, choice, work, done))}) + "\n"

    return lines()


def _drawn(choice: Choice, work: Work, done: dict[UUID, Item]) -> str:
    return render_to_string("sessions/bulk/_result.html", _result(choice, work, done))


def _result(choice: Choice, work: Work, done: dict[UUID, Item]) -> dict[str, Any]:
    items = work.items(done)
    failed = [item for item in items if item.result in ("skipped", "denied")]
    names = picked.names(choice.principal, [item.id for item in failed[: words.LISTED]])
    return {
        "choice": choice,
        "title": words.done(work.action, sum(item.result == "ok" for item in items)),
        "lines": words.tally(items),
        "failed": words.failures(failed, names),
        "more": max(len(failed) - words.LISTED, 0),
        "summary": ngettext("%(n)s session", "%(n)s sessions", len(items)) % {"n": f"{len(items):,}"},
    }
