"""Agents, for those who see them."""

from typing import Any, Literal, Self

from ninja import Query, Router
from pydantic import BaseModel

from portal.accounts.permissions import Principal, Verb, allows
from portal.agents.core.platforms import Platform
from portal.lib import clock
from portal.rest import pagination
from portal.rest.fields import Instant
from portal.rest.openapi import answers
from portal.rest.pagination import Paged
from sessions_app.api.caller import ApiRequest
from sessions_app.core.facts import PromptKind
from sessions_app.queries import agents
from sessions_app.queries.agents import Owned

router = Router(tags=["Agents"])


class AgentName(BaseModel):
    """What everybody sees who may see the agent at all."""

    slug: str
    name: str
    languages: list[str]
    default_language: str


class Prompt(BaseModel):
    kind: PromptKind
    event: str | None
    text: str | None


class Agent(AgentName):
    """An agent, for those who run it."""

    platform: Platform
    prompt: Prompt
    model: str | None
    models: list[str]
    allowed_origins: list[str]
    identity: Literal["none", "optional", "required"]
    transfer_targets: list[str]
    realm: str
    remember: bool
    owners: list[str]
    status: Literal["active", "disabled"]
    engine: dict[str, Any]

    @classmethod
    def of(cls, owned: Owned) -> Self:
        agent = owned.agent
        names = ("slug", "name", "platform", "languages", "default_language", "allowed_origins", "realm", "status")
        kind = agent.prompt_kind
        event, text = agent.prompt_event if kind == "intent" else None, agent.prompt_text if kind == "preset" else None
        return cls(
            prompt=Prompt.model_validate({"kind": kind, "event": event, "text": text}),
            owners=list(owned.owners),
            model=None,
            models=[],
            identity="none",
            transfer_targets=[],
            remember=False,
            engine={},
            **{name: getattr(agent, name) for name in names},
        )


class AgentList(BaseModel):
    items: list[Agent | AgentName]
    next_cursor: str | None
    server_now: Instant


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


@router.get("/agents/{slug:slug}", summary="Look at an agent", **answers(Agent | AgentName, "not_found"))
def get_agent(request: ApiRequest, slug: str) -> Agent | AgentName:
    return _as_seen(request.auth, agents.one(request.auth, slug))


def _as_seen(caller: Principal, owned: Owned) -> Agent | AgentName:
    if allows(caller, Verb.SEE_SESSIONS, agent_id=owned.agent.pk):
        return Agent.of(owned)
    return AgentName.model_validate(owned.agent, from_attributes=True)
