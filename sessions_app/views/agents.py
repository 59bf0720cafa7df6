"""The list of agents, an agent's own page, and its settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from localization.core import languages
from localization.core.languages import LanguageNames
from portal.accounts import auth
from portal.accounts import queries as people
from portal.accounts.permissions import Principal, Verb, agents_q, allows
from portal.agents.core.platforms import TITLES, Platform
from portal.agents.models import Agent, PromptKind, Status
from sessions_app.actions import agents as actions
from sessions_app.actions.agents import Refused, SettingsChanged
from sessions_app.actions.policies import OutOfBounds
from sessions_app.core import agents as core
from sessions_app.core import policy_words
from sessions_app.core.agents import Settings
from sessions_app.forms.agents import SettingsForm
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


# ── its settings ───────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Disagreement:
    """A setting as somebody else has saved it meanwhile, and as it is typed here."""

    title: str
    theirs: str
    mine: str


@require_http_methods(["GET", "HEAD", "POST"])
def agent_settings(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything of an agent that is not its policy."""
    found = doors.agent_for(request, slug, Verb.EDIT_AGENT)
    current = actions.settings_of(found)
    if request.method != "POST":
        return _page(request, found, SettingsForm(current=current))
    form = SettingsForm(request.POST, current=current)
    return _save(request, found, form) if form.is_valid() else _page(request, found, form)


def _save(request: HttpRequest, agent: Agent, form: SettingsForm) -> HttpResponse:
    try:
        actions.change(
            principal=auth.principal(request), agent=agent, settings=form.settings, seen=form.cleaned_data["seen"]
        )
    except Refused as refused:
        form.refuse(refused.refusals)
        return _page(request, agent, form)
    except OutOfBounds as outside:
        for refusal in outside.refusals:
            form.add_error("platform", refusal.sentence)
        return _page(request, agent, form, misfits=True)
    except SettingsChanged as changed:
        return _page(request, agent, form.over(changed.theirs), theirs=changed.theirs)
    messages.success(request, _("The settings are saved."))
    return redirect("agent-settings", agent.slug)


def _page(
    request: HttpRequest, agent: Agent, form: SettingsForm, *, theirs: Settings | None = None, misfits: bool = False
) -> HttpResponse:
    context = {
        "agent": agent,
        "form": form,
        "misfits": misfits,
        "stale": theirs is not None,
        "disagreements": _disagreements(form, theirs) if theirs else [],
    }
    return render(request, "agents/settings.html", context, status=422 if form.errors or theirs else 200)


def _disagreements(form: SettingsForm, theirs: Settings) -> list[Disagreement]:
    differing = core.changes(theirs, form.settings)
    return [
        Disagreement(str(form[name].label), _words(name, now), _words(name, mine))
        for name, (now, mine) in differing.items()
    ]


def _words(name: str, value: Any) -> str:
    if name == "languages":
        return ", ".join(languages.names(tag).english for tag in value)
    if name == "allowed_origins":
        return ", ".join(value) or _("any site")
    if name == "script":
        return _("%s lines") % len(value.splitlines())
    choices: Mapping[str, Mapping[Any, Any]] = {
        "platform": TITLES,
        "prompt_kind": dict(PromptKind.choices),
        "status": dict(Status.choices),
    }
    return str(choices.get(name, {}).get(value, value))
