"""Agents as the lifecycle sees them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

from django.db.models import Q

from portal.accounts.models import Grant
from portal.accounts.names import GrantRole
from portal.accounts.permissions import NotVisible, Principal, Verb, agents_q
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent, Status
from sessions_app.core import facts as f
from sessions_app.core.facts import PromptKind
from sessions_app.core.policy import Policy
from sessions_app.models import PolicyVersion, Thread, policy_from


@dataclass(frozen=True, slots=True)
class Owned:
    """An agent and the user names of its owners."""

    agent: Agent
    owners: tuple[str, ...]


def page(principal: Principal, *, limit: int, after: str = "") -> tuple[list[Owned], bool]:
    """The agents this principal sees, by slug, those after `after`; and whether there are more. Two queries."""
    seen = Agent.objects.filter(agents_q(principal, Verb.SEE_AGENT), slug__gt=after).order_by("slug")
    found = list(seen[: limit + 1])
    return _owned(found[:limit]), len(found) > limit


def one(principal: Principal, slug: str) -> Owned:
    """Raises NotVisible."""
    return _owned([named(principal, slug)])[0]


def named(principal: Principal, slug: str) -> Agent:
    """The agent of that slug, if this principal sees it. Raises NotVisible."""
    return _first(agents_q(principal, Verb.SEE_AGENT), slug)


def known(principal: Principal, slug: str) -> Agent:
    """The same; for a visitor one they chat with, though they do not see it as staff does. Raises NotVisible."""
    if principal.user_id is None:
        return named(principal, slug)
    return _first(Q(pk__in=Thread.objects.filter(user=principal.user_id).values("agent")), slug)


def by_slug(slug: str) -> Agent | None:
    """For those who need no right: whoever comes to chat."""
    return Agent.objects.filter(slug=slug).first()


def _first(seen: Q, slug: str) -> Agent:
    agent = Agent.objects.filter(seen, slug=slug).first()
    if agent is None:
        raise NotVisible
    return agent


def _owned(agents: list[Agent]) -> list[Owned]:
    grants = Grant.objects.filter(agent__in=[agent.pk for agent in agents], role=GrantRole.OWNER)
    names: dict[int, list[str]] = {}
    for agent_id, name in grants.order_by("account__username").values_list("agent_id", "account__username"):
        names.setdefault(agent_id, []).append(name)
    return [Owned(agent, tuple(names.get(agent.pk, ()))) for agent in agents]


def for_lifecycle(ids: Iterable[int]) -> dict[int, f.Agent]:
    """Agent id → what the core needs of it, with its current policy. Two queries, however many agents."""
    wanted = sorted(set(ids))
    policies = current_policies(wanted)
    return {agent.pk: _agent(agent, *policies[agent.pk]) for agent in Agent.objects.filter(pk__in=wanted)}


def current_policies(ids: Iterable[int]) -> dict[int, tuple[Policy, int, int]]:
    """Agent id → (policy, id of its version, number of its version), of each agent's current version."""
    rows = PolicyVersion.objects.filter(agent__in=ids).order_by("agent_id", "-number").distinct("agent_id").values()
    return {row["agent_id"]: (policy_from(row), row["id"], row["number"]) for row in rows}


def _agent(agent: Agent, policy: Policy, policy_id: int, policy_version: int) -> f.Agent:
    prompt = f.Prompt(kind=cast(PromptKind, agent.prompt_kind), event=agent.prompt_event, text=agent.prompt_text)
    return f.Agent(
        id=agent.pk,
        name=agent.name,
        languages=tuple(agent.languages),
        default_language=agent.default_language,
        prompt=prompt,
        answers=Platform(agent.platform).answers,
        active=agent.status == Status.ACTIVE,
        policy=policy,
        policy_id=policy_id,
        policy_version=policy_version,
    )
