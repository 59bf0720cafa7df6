"""The session policy of an agent. What can be set, and within which bounds, comes from `core.policy.SETTINGS`."""

import re
from typing import Any, Self

from django.http import HttpResponse
from ninja import Router
from pydantic import Field, StrictBool, StrictInt, create_model

from portal.accounts.permissions import Verb, demand
from portal.agents.core.platforms import Platform
from portal.rest.fields import Days, Duration, Instant
from portal.rest.openapi import answers
from sessions_app.actions import policies as saving
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.fields import Body, Reason
from sessions_app.core.policy import SETTINGS, Setting
from sessions_app.queries import agents, policies
from sessions_app.queries.policies import Version

router = Router(tags=["Session policy"])
ETAG = re.compile(r'(?<!W/)"(\d{1,9})"')  # a weak one never matches


# ── the schemas ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _type(setting: Setting) -> Any:
    types = {"duration": Duration, "days": Days, "count": StrictInt, "flag": StrictBool}
    known: Any = setting.choices or types[setting.kind]
    return known if setting.blank is None else known | None


def _words(setting: Setting) -> str:
    """What the setting does, and its bounds, with those of platforms that have their own."""
    own = [f"on {platform.label} {setting.range_words(platform)}" for platform in setting.bounds_on or {}]
    bounds = "; ".join([setting.range_words(Platform.EXTERNAL), *own])
    return f"{setting.effect} {bounds[:1].upper()}{bounds[1:]}{'.' if bounds else ''}".strip()


def _fields(*default: Any) -> dict[str, Any]:
    return {s.field: (_type(s), Field(*default, title=s.title, description=_words(s))) for s in SETTINGS}


Settings: Any = create_model("Settings", **_fields())
SomeSettings: Any = create_model("SomeSettings", __base__=Body, **_fields(None))


class Policy(Settings):  # type: ignore[misc]  # its fields are data
    """The settings that sessions start under, flat, with the version they are."""

    version: int
    reason: str
    author: str | None
    saved_at: Instant

    @classmethod
    def of(cls, version: Version) -> Self:
        settings = {setting.field: getattr(version.policy, setting.field) for setting in SETTINGS}
        names = {"version": version.number, "author": version.author or None}
        return cls(**settings, **names, reason=version.reason, saved_at=version.saved_at)


class PolicyChange(SomeSettings):  # type: ignore[misc]  # its fields are data
    """Any of the settings; the others stay as they are."""

    reason: Reason = ""

    @property
    def values(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.model_fields_set - {"reason"}}


# ── the operations ───────────────────────────────────────────────────────────────────────────────────────────────────
@router.get(
    "/agents/{slug:slug}/session-policy", summary="Read the policy", **answers(Policy, "forbidden", "not_found")
)
def get_policy(request: ApiRequest, response: HttpResponse, slug: str) -> Policy:
    """With its version as `ETag`."""
    agent = agents.named(request.auth, slug)
    demand(request.auth, Verb.SEE_SESSIONS, see=Verb.SEE_AGENT, agent_id=agent.pk)
    return _answer(response, agent.pk)


@router.put(
    "/agents/{slug:slug}/session-policy",
    summary="Change the policy",
    **answers(Policy, "forbidden", "not_found", "version_conflict", "invalid", "out_of_bounds"),
)
def put_policy(request: ApiRequest, response: HttpResponse, slug: str, body: PolicyChange) -> Policy:
    """For sessions that start from now on. With `If-Match`, only if nobody has saved another version meanwhile."""
    agent = agents.named(request.auth, slug)
    saving.change(
        principal=request.auth,
        agent=agent,
        values=body.values,
        reason=body.reason,
        expected_version=_expected(request.headers.get("If-Match")),
    )
    return _answer(response, agent.pk)


def _answer(response: HttpResponse, agent_id: int) -> Policy:
    version = policies.current([agent_id])[agent_id]
    response.headers["ETag"] = f'"{version.number}"'
    return Policy.of(version)


def _expected(if_match: str | None) -> int | None:
    """The version that must be the current one. Of several only the newest can be; no version has the number 0."""
    if if_match is None or if_match.strip() == "*":
        return None
    return max(map(int, ETAG.findall(if_match)), default=0)
