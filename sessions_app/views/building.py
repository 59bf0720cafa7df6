"""Building an agent: Basics → Session Policy → Languages → Review. Nothing exists before the last step."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from localization.core import languages
from localization.core.keys import Key
from localization.core.shipped import SHIPPED
from portal.accounts import auth
from portal.accounts.permissions import Verb, allows
from portal.agents.core.platforms import Platform
from portal.agents.models import PromptKind
from sessions_app.actions import agents as actions
from sessions_app.actions.agents import Refused
from sessions_app.core.policy import default_policy
from sessions_app.forms.agents import BasicsForm, LanguagesForm, settings_from
from sessions_app.forms.policy import PolicyForm, typed
from sessions_app.queries import slugs
from sessions_app.views import drafts, drawing
from sessions_app.views.drafts import Draft

STEPS = {
    "basics": gettext_lazy("Basics"),
    "policy": gettext_lazy("Session Policy"),
    "languages": gettext_lazy("Languages"),
    "review": gettext_lazy("Review"),
}
NAMES = list(STEPS)


@dataclass(frozen=True, slots=True)
class Building:
    """The forms of a draft. A step that nobody has been at is unbound: not wrong, and not done."""

    draft: Draft
    basics: BasicsForm
    policy: PolicyForm
    languages: LanguagesForm

    @property
    def first_open(self) -> str:
        """The first step that still needs somebody; `review` when all is there."""
        forms: Mapping[str, Form] = {"basics": self.basics, "policy": self.policy, "languages": self.languages}
        return next((name for name, form in forms.items() if not form.is_valid()), "review")


@require_http_methods(["GET", "HEAD", "POST"])
def agent_new(request: HttpRequest) -> HttpResponse:
    """`?draft=` is the agent in the making, `?step=` where one is. Going back never asks whether all is right."""
    _builder(request)
    id = request.GET.get("draft", "")[: drafts.LONGEST_ID]
    if not id:  # the first step has the draft in its address too, so that the browser's Back leads to it
        return redirect(_address(Draft(drafts.new_id()), "basics"))
    draft = drafts.find(request, id)
    step = request.GET.get("step", "basics")
    step = step if step in STEPS else "basics"
    if not draft.steps and step != "basics" and request.method != "POST":
        messages.warning(request, _("That draft is no longer there: it has become an agent, or you have signed out."))
    return _sent(request, draft, step) if request.method == "POST" else _shown(request, draft, step)


@require_POST
def slug(request: HttpRequest) -> HttpResponse:
    """The slug that is typed, or would be made from the name, said back: for `static/portal/policy.js`."""
    _builder(request)
    name, wanted = request.POST.get("name", ""), request.POST.get("slug", "").strip()
    return render(
        request, "agents/slug.html", {"slug": wanted or slugs.free(name), "proposed": bool(name) and not wanted}
    )


def _builder(request: HttpRequest) -> None:
    if not allows(auth.principal(request), Verb.CREATE_AGENT):
        raise PermissionDenied


def _building(draft: Draft) -> Building:
    platform = _platform(draft)
    return Building(
        draft,
        BasicsForm(draft.typed("basics")),
        PolicyForm(_on(platform, draft.typed("policy")), platform=platform),
        LanguagesForm(draft.typed("languages")),
    )


def _platform(draft: Draft) -> Platform:
    sent = draft.typed("basics")
    given = sent.get("platform") if sent is not None else None
    return Platform(given) if given in list(Platform) else Platform.SCRIPTED


def _on(platform: Platform, sent: QueryDict | None) -> Mapping[str, Any] | None:
    """What was typed for the policy, on this platform: whatever was left at the default of the platform of then is at
    the default of this one; what somebody chose stays, and is named where it no longer fits."""
    then = sent.get("platform") if sent is not None else None
    if sent is None or then == platform or then not in list(Platform):
        return sent
    left, now = typed(default_policy(Platform(then))), typed(default_policy(platform))
    return {name: now[name] if sent.get(name, "") == left[name] else sent.get(name, "") for name in now}


def _shown(request: HttpRequest, draft: Draft, step: str) -> HttpResponse:
    """A step, or the first one before it that is not done."""
    building = _building(draft)
    if NAMES.index(step) > NAMES.index(building.first_open):
        return redirect(_address(draft, building.first_open))
    return _page(request, building, step)


def _sent(request: HttpRequest, draft: Draft, step: str) -> HttpResponse:
    if step == "review":
        return _create(request, draft)
    drafts.keep(request, draft, step)
    here = NAMES.index(step)
    if request.POST.get("go") == "back":
        return redirect(_address(draft, NAMES[max(0, here - 1)]))
    building = _building(draft)
    if NAMES.index(building.first_open) <= here:
        return _page(request, building, step, status=422)
    return redirect(_address(draft, NAMES[here + 1]))


def _create(request: HttpRequest, draft: Draft) -> HttpResponse:
    building = _building(draft)
    if building.first_open != "review":
        return redirect(_address(draft, building.first_open))
    values = building.basics.cleaned_data
    try:
        agent = actions.create(
            principal=auth.principal(request),
            slug=values["slug"],
            settings=settings_from(values, **building.languages.cleaned_data),
            policy=building.policy.policy,
        )
    except Refused as refused:
        return _page(request, building, "review", status=422, refusals=refused.refusals)
    drafts.forget(request, draft)
    messages.success(request, _("%s is there. It is yours.") % agent.name)
    return redirect("agent", agent.slug)


def _page(request: HttpRequest, building: Building, step: str, *, status: int = 200, **more: Any) -> HttpResponse:
    here = NAMES.index(step)
    platform = building.policy.platform
    context = {
        "building": building,
        "form": {"basics": building.basics, "policy": building.policy, "languages": building.languages}.get(step),
        "step": step,
        "steps": [
            (title, "done" if n < here else "current" if n == here else "") for n, title in enumerate(STEPS.values())
        ],
        "platform": platform,
        "preview": f"?platform={platform}",
        "back": _address(building.draft, NAMES[here - 1]) if here else "",
        "addresses": {name: _address(building.draft, name) for name in NAMES},
        **(_policy_context(building) if step == "policy" else {}),
        **(_review_context(building) if step == "review" else {}),
        **more,
    }
    return render(request, f"agents/new/{step}.html", context, status=status)


def _policy_context(building: Building) -> dict[str, Any]:
    shipped = {"text": SHIPPED["en"][Key.SESSION_EXPIRED], "language": "en", "direction": "ltr"}
    return {"drawing": drawing.of(building.policy), "divider": shipped}


def _review_context(building: Building) -> dict[str, Any]:
    spoken = building.languages.cleaned_data
    return {
        "drawing": drawing.of(building.policy),
        "prompt": PromptKind(building.basics.cleaned_data["prompt_kind"]).label,
        "spoken": [languages.names(tag) for tag in spoken["languages"]],
        "default_language": languages.names(spoken["default_language"]),
    }


def _address(draft: Draft, step: str) -> str:
    return f"{reverse('agent-new')}?{urlencode({'draft': draft.id, 'step': step})}"
