"""The list of agents, and an agent's own page."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from localization.core import languages
from localization.core.languages import LanguageNames
from portal.accounts import auth
from portal.accounts import queries as people
from portal.accounts.permissions import Principal, Verb, agents_q, allows
from portal.agents.core.platforms import TITLES, Platform
from portal.agents.models import Agent, PromptKind, Status
from sessions_app.core import policy_words
from sessions_app.queries import policies as versions
from sessions_app.queries import sessions
from sessions_app.queries.policies import Version
from sessions_app.views import checklist, doors

AGENTS_PER_PAGE = 50
NO_COUNTS: Mapping[str, int] = {}
# The address is promised: not hashed, the same for every copy (3-api.md, "The widget").
WIDGET = "/static/widget/portal-chat.js"
SNIPPET = '<script type="module" src="{src}"></script>\n<portal-chat agent="{slug}"></portal-chat>'


# ── the list ───────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Listed:
    """An agent in the list. `version` is None, and the counts are empty, for those who see its name and languages."""

    agent: Agent
    platform: str
    spoken: Sequence[LanguageNames]
    version: Version | None
    counts: Mapping[str, int]

    @property
    def open(self) -> int:
        return sum(self.counts.values())

    @property
    def policy(self) -> str:
        return policy_words.summary(self.version.policy) if self.version else ""


@require_safe
def agents(request: HttpRequest) -> HttpResponse:
    """Every agent whoever asks may see; with its sessions and policy where they may see those."""
    principal = auth.principal(request)
    seen = Agent.objects.filter(agents_q(principal, Verb.SEE_AGENT))
    page = Paginator(seen, AGENTS_PER_PAGE).get_page(request.GET.get("page"))
    listed = _listed(principal, list(page))
    context = {
        "listed": listed,
        "operates": any(each.version for each in listed),
        "page": page,
        "previous": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next": f"?page={page.next_page_number()}" if page.has_next() else "",
        "may_create": allows(principal, Verb.CREATE_AGENT),
    }
    return render(request, "agents/list.html", context)


def _listed(principal: Principal, found: Sequence[Agent]) -> list[Listed]:
    watched = tuple(agent.pk for agent in found if allows(principal, Verb.SEE_SESSIONS, agent_id=agent.pk))
    counts = sessions.counts(principal, agent_ids=watched).by_agent if watched else {}
    current = versions.current(watched) if watched else {}
    return [
        Listed(
            agent,
            TITLES[Platform(agent.platform)],
            spoken(agent),
            current.get(agent.pk),
            counts.get(agent.pk, NO_COUNTS),
        )
        for agent in found
    ]


def spoken(agent: Agent) -> list[LanguageNames]:
    return [languages.names(tag) for tag in agent.languages]


# ── one agent ──────────────────────────────────────────────────────────────────────────────────────────────────────
@require_safe
def agent(request: HttpRequest, slug: str) -> HttpResponse:
    """What it is, how to put it on a site, and what is left to do; to a translator its name and languages."""
    found = doors.agent_for(request, slug, Verb.SEE_AGENT)
    principal = auth.principal(request)
    context: dict[str, Any] = {"agent": found, "spoken": spoken(found)}
    if allows(principal, Verb.EDIT_AGENT, agent_id=found.pk):
        context |= _inside(principal, found)
    return render(request, "agents/agent.html", context)


def _inside(principal: Principal, agent: Agent) -> dict[str, Any]:
    version = versions.current([agent.pk])[agent.pk]
    return {
        "inside": True,
        "platform": TITLES[Platform(agent.platform)],
        "prompt": PromptKind(agent.prompt_kind).label,
        "owners": people.owners(agent.pk),
        "counts": sessions.counts(principal, agent_ids=(agent.pk,)),
        "version": version,
        "policy": policy_words.summary(version.policy),
        "checklist": checklist.of(agent),
        "snippet": SNIPPET.format(src=f"{settings.PORTAL_URL}{WIDGET}", slug=agent.slug),
        "active": agent.status == Status.ACTIVE,
    }
