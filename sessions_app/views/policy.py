"""The Session Policy tab of an agent: what is set, what it means, and every version there has been."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from localization import queries as localization
from localization.core import placeholders
from localization.core.keys import Key
from portal.accounts import auth
from portal.accounts.permissions import Verb
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.actions import policies
from sessions_app.actions.policies import OutOfBounds, PolicyChanged
from sessions_app.forms.policy import PolicyForm
from sessions_app.forms.versions import Conflict, VersionForm, over
from sessions_app.queries import policies as versions
from sessions_app.queries.policies import Version
from sessions_app.views import doors, drawing

VERSIONS_SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
def session_policy(request: HttpRequest, slug: str) -> HttpResponse:
    """Everything that is set, with its default, range and effect; `?before=<number>` lists older versions."""
    agent = doors.agent_for(request, slug, Verb.EDIT_AGENT)
    if request.method == "POST":
        return _save(request, agent)
    version = current(agent)
    return _page(request, agent, VersionForm(platform=Platform(agent.platform), version=version))


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """What is typed, said back: for `static/portal/policy.js`. `?agent=` has a policy to compare with, `?platform=`
    is that of an agent in the making."""
    doors.operator(request)
    slug, platform = request.GET.get("agent"), request.GET.get("platform", "")
    if slug:
        agent = doors.agent_for(request, slug, Verb.EDIT_AGENT)
        form = PolicyForm(request.POST, platform=Platform(agent.platform), current=current(agent).policy)
    elif platform in list(Platform):
        form = PolicyForm(request.POST, platform=Platform(platform))
    else:
        raise Http404
    return render(request, "policy/preview.html", {"form": form, "drawing": drawing.of(form)})


def current(agent: Agent) -> Version:
    return versions.current([agent.pk])[agent.pk]


def save(request: HttpRequest, agent: Agent, form: VersionForm) -> Version | Conflict | None:
    """The version that this valid form became; the conflict that kept it from it; None when it was refused."""
    try:
        saved = policies.save(
            principal=auth.principal(request),
            agent=agent,
            policy=form.policy,
            reach=form.saved_for,
            reason=form.cleaned_data.get("reason", ""),
            expected_version=form.expected,
        )
        return versions.one(agent.pk, saved.number)
    except OutOfBounds as outside:
        form.refuse(outside.refusals)
        return None
    except PolicyChanged:
        return over(form, opened=versions.one(agent.pk, form.expected), theirs=current(agent))


def _save(request: HttpRequest, agent: Agent) -> HttpResponse:
    form = VersionForm(request.POST, platform=Platform(agent.platform), version=current(agent))
    done = save(request, agent, form) if form.is_valid() else None
    if isinstance(done, Conflict):
        return _page(request, agent, done.form, done)
    if done is None:
        return _page(request, agent, form)
    messages.success(request, said(form.version, done))
    return redirect("session-policy", agent.slug)


def said(before: Version, after: Version) -> str:
    """What came of saving."""
    if after.number == before.number:
        return _("Nothing was changed: version %s has these values already.") % after.number
    if after.running:
        return _("Version %s is saved. It applies to running and new sessions.") % after.number
    return _("Version %s is saved. It applies to new sessions; running ones keep their version.") % after.number


def _page(request: HttpRequest, agent: Agent, form: VersionForm, conflict: Conflict | None = None) -> HttpResponse:
    before = request.GET.get("before", "")
    listed = versions.history(
        agent.pk, limit=VERSIONS_SHOWN, before=int(before) if before.isdecimal() and len(before) < 10 else None
    )
    context = {
        "agent": agent,
        "form": form,
        "version": form.version,
        "conflict": conflict,
        "drawing": drawing.of(form),
        "divider": divider(agent),
        "versions": listed,
        "older": listed[-1].version.number if listed and listed[-1].version.number > 1 else None,
        "preview": f"?agent={agent.slug}",
    }
    return render(request, "policy/agent.html", context, status=422 if form.errors or conflict else 200)


def divider(agent: Agent) -> dict[str, str]:
    """The line that users of the default language read between two sessions."""
    found = localization.resolve(agent_id=agent.pk, key=Key.SESSION_EXPIRED, language=agent.default_language)
    text = placeholders.fill(found.text, {"agent": agent.name})
    return {"text": text, "language": found.language, "direction": found.direction}
