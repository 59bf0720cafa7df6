"""Session Management: how long sessions last and what users see at their end, for all agents side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods
from django_htmx.http import trigger_client_event
from django_htmx.middleware import HtmxDetails

from portal.accounts.permissions import Principal, Verb, agents_q
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.forms.policy import Row as Cell
from sessions_app.forms.versions import Conflict, RowForm, VersionForm
from sessions_app.queries import policies as versions
from sessions_app.queries.policies import Version
from sessions_app.views import doors, policy

SHOWN = ("session_duration", "end_behavior", "idle_timeout", "max_duration", "max_concurrent_per_user")
AGENTS_PER_PAGE = 50
ROW = "policy/includes/managed.html"


class HtmxRequest(HttpRequest):
    """A request that has passed django-htmx's middleware, as all have."""

    htmx: HtmxDetails


@dataclass(frozen=True, slots=True)
class Managed:
    """One agent's row. `editing` when its boxes are open; `conflict` when somebody's version has come between."""

    agent: Agent
    form: VersionForm
    editing: bool = False
    conflict: Conflict | None = None
    returning: bool = False

    @property
    def version(self) -> Version:
        return self.form.version

    @property
    def cells(self) -> list[Cell]:
        return self.form.rows


@require_http_methods(["GET", "HEAD", "POST"])
def session_management(request: HtmxRequest) -> HttpResponse:
    """`?edit=<slug>` opens that agent's row; posting to the same address saves it. With htmx a row is swapped."""
    principal = doors.operator(request)
    slug = request.GET.get("edit") or request.GET.get("agent")
    if slug is None:
        return _page(request, principal)
    agent = doors.agent_for(request, slug, Verb.EDIT_AGENT)
    if request.method == "POST":
        return _save(request, principal, agent)
    row = Managed(agent, _form(agent, policy.current(agent)), editing="edit" in request.GET, returning=True)
    return _answer(request, principal, row)


def _form(agent: Agent, version: Version, data: Any = None) -> RowForm:
    """Several rows can be open: ids carry the slug."""
    return RowForm(
        data,
        platform=Platform(agent.platform),
        version=version,
        only=SHOWN,
        auto_id=f"{agent.slug}-%s",
        form_id=f"edit-{agent.slug}",
    )


def _save(request: HtmxRequest, principal: Principal, agent: Agent) -> HttpResponse:
    form = _form(agent, policy.current(agent), request.POST)
    done = policy.save(request, agent, form) if form.is_valid() else None
    if isinstance(done, Conflict):
        return _answer(request, principal, Managed(agent, done.form, editing=True, conflict=done), status=422)
    if done is None:
        return _answer(request, principal, Managed(agent, form, editing=True), status=422)
    said = f"{agent.name}: {policy.said(form.version, done)}"
    if not request.htmx:
        messages.success(request, said)
        return redirect(f"{reverse('session-management')}#agent-{agent.slug}")
    response = _answer(request, principal, Managed(agent, _form(agent, done), returning=True))
    return trigger_client_event(response, "portal:toast", {"text": said, "level": "good"})


def _answer(request: HtmxRequest, principal: Principal, row: Managed, *, status: int = 200) -> HttpResponse:
    """The row alone, or the whole page with that row as it is."""
    if request.htmx:
        return render(request, ROW, {"row": row}, status=status)
    return _page(request, principal, row, status=status)


def _page(
    request: HttpRequest, principal: Principal, opened: Managed | None = None, *, status: int = 200
) -> HttpResponse:
    agents = Agent.objects.filter(agents_q(principal, Verb.EDIT_AGENT))
    page = Paginator(agents, AGENTS_PER_PAGE).get_page(request.GET.get("page"))
    rows = _rows(list(page))
    context = {
        "rows": [opened if opened and opened.agent == row.agent else row for row in rows],
        "columns": rows[0].cells if rows else [],
        "page": page,
        "previous": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next": f"?page={page.next_page_number()}" if page.has_next() else "",
    }
    return render(request, "policy/management.html", context, status=status)


def _rows(agents: Sequence[Agent]) -> list[Managed]:
    current = versions.current(agent.pk for agent in agents)
    return [Managed(agent, _form(agent, current[agent.pk])) for agent in agents]
