"""The settings of an agent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST

from localization.core import languages
from portal.accounts import auth
from portal.accounts.permissions import Verb
from portal.agents import actions as secrets
from portal.agents import queries as known
from portal.agents.core.platforms import TITLES
from portal.agents.models import Agent, Identity, PromptKind, Status
from sessions_app.actions import agents as actions
from sessions_app.actions.agents import Refused, SettingsChanged
from sessions_app.actions.policies import OutOfBounds
from sessions_app.core import agents as core
from sessions_app.core.agents import Settings
from sessions_app.forms.agent_settings import SettingsForm
from sessions_app.queries import targets
from sessions_app.queries.targets import Target
from sessions_app.views import doors

EMPTY = {"allowed_origins": lazy("any site"), "model": lazy("left to the bot")}


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
    offered = _offered(request, found, current)
    if request.method != "POST":
        return _page(request, found, SettingsForm(current=current, targets=offered))
    form = SettingsForm(request.POST, current=current, targets=offered)
    return _save(request, found, form) if form.is_valid() else _page(request, found, form)


@require_POST
def identity_secret(request: HttpRequest, slug: str) -> HttpResponse:
    """A new identity secret, on a page that shows it this once: nothing of it goes through a session or an address."""
    found = doors.agent_for(request, slug, Verb.EDIT_AGENT)
    made = secrets.make_identity_secret(principal=auth.principal(request), agent=found)
    return render(request, "agents/identity_secret.html", {"agent": found, "made": made})


def _save(request: HttpRequest, agent: Agent, form: SettingsForm) -> HttpResponse:
    try:
        seen = [form.cleaned_data["seen"]]
        actions.change(principal=auth.principal(request), agent=agent, values=form.values, seen=seen)
    except Refused as refused:
        form.refuse(refused.refusals)
        return _page(request, agent, form)
    except OutOfBounds as outside:
        for refusal in outside.refusals:
            form.add_error("platform", refusal.sentence)
        return _page(request, agent, form, misfits=True)
    except SettingsChanged as changed:
        over = form.over(changed.theirs, _offered(request, agent, changed.theirs))
        return _page(request, agent, over, theirs=changed.theirs)
    messages.success(request, _("The settings are saved."))
    return redirect("agent-settings", agent.slug)


def _offered(request: HttpRequest, agent: Agent, current: Settings) -> list[Target]:
    return targets.offered(auth.principal(request), agent, chosen=current.transfer_targets)


def _page(
    request: HttpRequest, agent: Agent, form: SettingsForm, *, theirs: Settings | None = None, misfits: bool = False
) -> HttpResponse:
    context = {
        "agent": agent,
        "form": form,
        "misfits": misfits,
        "stale": theirs is not None,
        "has_secret": known.has_identity_secret(agent.pk),
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
    if name == "script":
        return _("%s lines") % len(value.splitlines())
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if not value:
        return str(EMPTY.get(name, _("none")))
    if isinstance(value, tuple):
        return ", ".join(value)
    choices: Mapping[str, Mapping[Any, Any]] = {
        "platform": TITLES,
        "prompt_kind": dict(PromptKind.choices),
        "identity": dict(Identity.choices),
        "status": dict(Status.choices),
    }
    return str(choices.get(name, {}).get(value, value))
