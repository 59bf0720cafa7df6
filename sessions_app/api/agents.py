"""Agents: list them, look at one, build, change and remove them."""

import re
from typing import Any

from django.http import HttpResponse
from ninja import Query, Router, Status

from portal.accounts.permissions import Principal, Verb, allows
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent as Model
from portal.lib import clock
from portal.rest import pagination
from portal.rest.openapi import answers
from portal.rest.pagination import Paged
from portal.rest.problems import Problem
from sessions_app.actions import agents as saving
from sessions_app.actions import removing
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.agents import Agent, AgentChange, AgentList, AgentName, NewAgent
from sessions_app.core import agents as core
from sessions_app.core.agents import Settings
from sessions_app.queries import agents, slugs
from sessions_app.queries.agents import Owned

__all__ = ["AgentName", "router"]

router = Router(tags=["Agents"])
ETAG = re.compile(r'(?<!W/)"([0-9a-f]{1,64})"')  # a weak one never matches


@router.get("/agents", summary="List agents", **answers(AgentList, "invalid"))
def list_agents(request: ApiRequest, query: Query[Paged]) -> AgentList:
    """Those you may see, by slug. Translators see names and languages."""
    after = pagination.place(query.cursor, lambda slug: slug if slug.isprintable() else None)
    found, more = agents.page(request.auth, limit=query.limit, after=after or "")
    return AgentList(
        items=[_as_seen(request.auth, owned) for owned in found],
        next_cursor=pagination.cursor(found[-1].agent.slug) if more else None,
        server_now=clock.now(),
    )


@router.post(
    "/agents",
    summary="Build an agent",
    **answers(Agent, "forbidden", "invalid", "out_of_bounds", status=201),
)
def create_agent(request: ApiRequest, response: HttpResponse, body: NewAgent) -> Status[Agent]:
    """With version 1 of its session policy, the platform's defaults. You own it; an admin may name other owners. A
    scripted bot without a script gets a short one that answers at once."""
    slug = body.slug or slugs.free(body.name)
    settings = Settings(**body.values | _engine(body.engine, body.platform))
    agent = saving.create(principal=request.auth, slug=slug, settings=settings)
    return Status(201, _answer(response, agent))


@router.get("/agents/{slug:slug}", summary="Look at an agent", **answers(Agent | AgentName, "not_found"))
def get_agent(request: ApiRequest, response: HttpResponse, slug: str) -> Agent | AgentName:
    """With an `ETag` that changes with whatever of it is changed, for those who may change it."""
    seen = _as_seen(request.auth, owned := agents.one(request.auth, slug))
    return _answer(response, owned.agent, owners=owned.owners) if isinstance(seen, Agent) else seen


@router.patch(
    "/agents/{slug:slug}",
    summary="Change an agent",
    **answers(Agent, "forbidden", "not_found", "version_conflict", "invalid", "out_of_bounds"),
)
def change_agent(request: ApiRequest, response: HttpResponse, slug: str, body: AgentChange) -> Agent:
    """Any of its fields; the others stay as they are. With `If-Match`, only if nobody has changed it meanwhile. Another
    platform makes a new version of the session policy, whose values must be within its bounds."""
    agent = agents.named(request.auth, slug)
    if "slug" in body.model_fields_set and body.slug != agent.slug:
        raise _wrong("slug", "A slug never changes.")
    platform = body.platform if "platform" in body.model_fields_set else Platform(agent.platform)
    agent = saving.change(
        principal=request.auth,
        agent=agent,
        values=body.values | _engine(body.engine, platform),
        seen=_expected(request.headers.get("If-Match")),
    )
    return _answer(response, agent)


@router.delete(
    "/agents/{slug:slug}",
    summary="Remove an agent",
    **answers(None, "forbidden", "not_found", "state_changed", status=204),
)
def remove_agent(request: ApiRequest, slug: str) -> Status[None]:
    """With its policy, its texts, its past sessions and what was said in them, for good. Refused (`state_changed`)
    while a session with it is open: end it, or disable the agent first. Users whom other agents share stay."""
    removing.remove(principal=request.auth, agent=agents.named(request.auth, slug))
    return Status(204, None)


def _as_seen(caller: Principal, owned: Owned) -> Agent | AgentName:
    if allows(caller, Verb.SEE_SESSIONS, agent_id=owned.agent.pk):
        return Agent.of(owned)
    return AgentName.model_validate(owned.agent, from_attributes=True)


def _answer(response: HttpResponse, agent: Model, *, owners: tuple[str, ...] | None = None) -> Agent:
    settings = saving.settings_of(agent, owners=owners)
    response.headers["ETag"] = f'"{saving.fingerprint(settings)}"'
    return Agent.of(Owned(agent, settings.owners))


def _expected(if_match: str | None) -> list[str] | None:
    """The fingerprints of which one must be the agent's; None where any may be."""
    if if_match is None or if_match.strip() == "*":
        return None
    return ETAG.findall(if_match)


def _engine(sent: dict[str, Any] | None, platform: Platform) -> dict[str, Any]:
    """Fields of Settings. Nothing is kept that no engine here will read. Raises Problem."""
    if not sent:
        return {}
    if platform is Platform.EXTERNAL:
        raise _wrong("engine", "Your own back end answers for an external agent; leave engine empty.")
    if platform is not Platform.SCRIPTED:
        raise _wrong("engine", f"This copy of Portal has no engine for {platform.label} yet; leave engine empty.")
    script = sent.get("script")
    if not isinstance(script, str) or len(sent) > 1:
        raise _wrong("engine", "A scripted bot has a script, a text in YAML, and nothing else.")
    return {"script": core.unix(script)}


def _wrong(field: str, sentence: str) -> Problem:
    return Problem("invalid", f"{field}: {sentence}", errors={field: [sentence]})
