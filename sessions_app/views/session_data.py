"""The data debugger: `internal` and the variables of a session, to look at and to change (7-screens.md, 19)."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from portal.accounts import auth
from portal.accounts.permissions import Verb, allows
from sessions_app.actions import data
from sessions_app.core.data import LARGEST, READ_ONLY, NothingThere
from sessions_app.forms.session_data import LONGEST_TEXT, VariableForm, pretty
from sessions_app.queries import people
from sessions_app.views import doors, headings, session_data_saving, timeline_words
from sessions_app.views.headings import Heading
from sessions_app.views.session_data_tree import NODES, Node, Pen

VARIABLES = 50  # on a page
CHANGES = 20
NAMES = 50  # of one change
FEWEST_NODES = 8  # of one variable, however many there are


@require_http_methods(["GET", "HEAD", "POST"])
def session_data(request: HttpRequest, id: str) -> HttpResponse:
    """`?path=` shows one value by itself, `?edit=` a variable in a form, `?after=` the variables after that one."""
    session = headings.session_id(id)
    with doors.refusals():
        if request.method == "POST":
            return _change(request, session, id)
        if "path" in request.GET:
            return _one_value(request, session)
        return page(request, session, form=_form(request, session))


@require_POST
@never_cache
def reveal(request: HttpRequest, id: str) -> HttpResponse:
    """A sensitive variable, once, in this answer; the audit log notes it."""
    session, name = headings.session_id(id), _name(request)
    with doors.refusals():
        headings.heading(request, session)
        found = data.read(principal=auth.principal(request), session=session, names=[name], reveal=[name])
        if not found.variables:
            messages.warning(request, _("There is no variable “%s” any more.") % name)
            return redirect("session-data", id)
        (_same, text), *_rest = found.variables
        shown = text if len(text) > LONGEST_TEXT else pretty(text)
        revealed = {"name": name, "text": shown[:LONGEST_TEXT], "cut": max(len(shown) - LONGEST_TEXT, 0)}
        return page(request, session, revealed=revealed)


def _change(request: HttpRequest, session: UUID, id: str) -> HttpResponse:
    """Save what was typed, or remove a variable."""
    headings.heading(request, session)
    principal = auth.principal(request)
    if request.POST.get("deed") == "remove":
        name = _name(request)
        told = session_data_saving.removed(principal, session, name)
        (messages.warning if told else messages.success)(request, told or _("The variable “%s” is removed.") % name)
        return redirect("session-data", id)
    form = VariableForm(request.POST)
    if not session_data_saving.saved(principal, session, form):
        return page(request, session, form=form, status=422)
    messages.success(request, _("The variable “%s” is saved.") % form.cleaned_data["name"])
    return redirect("session-data", id)


def _name(request: HttpRequest) -> str:
    name = request.POST.get("name", "")
    if "\0" in name:
        raise BadRequest("No variable has such a name.")
    return name


def _form(request: HttpRequest, session: UUID) -> VariableForm | None:
    """To change the variable that the address names, or to add one; None where nothing of that is asked for."""
    if "add" in request.GET:
        return VariableForm()
    name = request.GET.get("edit", "")
    if not name or "\0" in name:
        return None
    found = data.read(principal=auth.principal(request), session=session, names=[name])
    texts = dict(found.variables)
    if name not in texts or len(texts[name]) > LONGEST_TEXT:
        return None
    if name in found.masked:
        return VariableForm(initial={"name": name, "was": texts[name]})
    return VariableForm(initial={"name": name, "was": texts[name], "value": pretty(texts[name])})


# ── the page
def page(
    request: HttpRequest, session: UUID, *, form: VariableForm | None = None, status: int = 200, **more: Any
) -> HttpResponse:
    heading = headings.heading(request, session)
    after = request.GET.get("after", "").replace("\0", "")
    principal = auth.principal(request)
    found = data.contents(principal=principal, session=session, after=after, limit=VARIABLES, changes=CHANGES)
    facts = heading.shown.facts
    context = _about(heading) | {
        "form": form,
        "editing": form["was"].value() if form else "",
        "masked_form": form is not None and form["was"].value() == data.MASK,
        "contents": found,
        "internal": Pen().draw(READ_ONLY, found.document.internal, path=READ_ONLY),
        "variables": _variables(found),
        "largest": LARGEST,
        "size": _("%(bytes)s of %(largest)s bytes") % {"bytes": f"{found.bytes:,}", "largest": f"{LARGEST:,}"},
        "share": f"{100 * found.bytes / LARGEST:.2f}",
        "changes": _changes(found, heading),
        "next": urlencode({"after": found.sizes[-1][0]}) if found.more else "",
        "after": after,
        "edits": facts.is_open and allows(principal, Verb.EDIT_SESSION_DATA, agent_id=facts.agent),
    }
    return render(request, "sessions/one/data.html", context | more, status=status)


def _about(heading: Heading) -> dict[str, Any]:
    return {"heading": heading, "shown": heading.shown}


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A variable as the page shows it. `edit` is the query that puts it into the form."""

    name: str
    size: int
    masked: bool
    editable: bool
    node: Node

    @property
    def edit(self) -> str:
        return urlencode({"edit": self.name})


def _variables(found: data.Contents) -> list[Listed]:
    """Each with its tree; together they have no more nodes than a page."""
    sizes, pen = dict(found.sizes), Pen()
    pen.drawn = NODES  # the numbers below are of `internal`
    most = max(NODES // max(len(sizes), 1), FEWEST_NODES)
    return [
        Listed(
            name=name,
            size=sizes[name],
            masked=name in found.document.masked,
            editable=len(text) <= LONGEST_TEXT,
            node=pen.draw(name, json.loads(text), path=name, most=most),
        )
        for name, text in found.document.variables
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What changed after the message `seq`; `more` names are left out."""

    at: datetime
    seq: int
    by: str
    names: tuple[str, ...]
    more: int


def _changes(found: data.Contents, heading: Heading) -> list[Change]:
    names = people.names({change.actor for change in found.changes})
    return [
        Change(
            at=change.at,
            seq=change.seq,
            by=timeline_words.person(change.actor, names=names, user=heading.name) or _("Portal"),
            names=change.names[:NAMES],
            more=max(len(change.names) - NAMES, 0),
        )
        for change in found.changes
    ]


# ── one value
def _one_value(request: HttpRequest, session: UUID) -> HttpResponse:
    """404 for a path at which nothing is."""
    heading, path = headings.heading(request, session), request.GET["path"].replace("\0", "")
    try:
        text = data.value(principal=auth.principal(request), session=session, path=path)
    except NothingThere:
        raise Http404 from None
    start = _start(request)
    node = Pen().draw_from(path.rpartition(".")[2], json.loads(text), path=path, start=start)
    context = {"path": path, "node": node, "start": start, "first": start + 1, "last": _last(node, start)}
    return render(request, "sessions/one/data_value.html", _about(heading) | context)


def _start(request: HttpRequest) -> int:
    given = request.GET.get("from", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 9 else 0


def _last(node: Node, start: int) -> int:
    return start + len(node.children)
