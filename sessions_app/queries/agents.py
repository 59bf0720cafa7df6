"""Agents as the lifecycle sees them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.db.models import Q, QuerySet

from portal.accounts.models import Grant
from portal.accounts.names import GrantRole
from portal.accounts.permissions import NotVisible, Principal, Verb, agents_q
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent, Status
from sessions_app.core import facts as f
from sessions_app.core.facts import PromptKind
from sessions_app.core.policy import Policy, Reach
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
    """Agent id → what the core needs of it, with its current policy. Two queries, however many agents; one more where
    the latest version is for new sessions only."""
    wanted = sorted(set(ids))
    latest = _versions(PolicyVersion.objects.filter(agent__in=wanted))
    behind = [agent for agent, row in latest.items() if row["reach"] != Reach.RUNNING]
    running = latest | _running(behind)
    agents = Agent.objects.filter(pk__in=wanted)
    return {agent.pk: _agent(agent, latest[agent.pk], _in_force(running[agent.pk])) for agent in agents}


def current_policies(ids: Iterable[int]) -> dict[int, tuple[Policy, int, int]]:
    """Agent id → (policy, id of its version, number of its version), of each agent's current version."""
    rows = _versions(PolicyVersion.objects.filter(agent__in=ids))
    return {agent: (policy_from(row), row["id"], row["number"]) for agent, row in rows.items()}


def _running(agents: Sequence[int]) -> dict[int, dict[str, Any]]:
    if not agents:
        return {}
    return _versions(PolicyVersion.objects.filter(agent__in=agents, reach=Reach.RUNNING.value))


def _versions(found: QuerySet[PolicyVersion]) -> dict[int, dict[str, Any]]:
    """The latest of these of each agent."""
    latest = found.order_by("agent_id", "-number").distinct("agent_id")
    return {row["agent_id"]: dict(row) for row in latest.values()}


def _in_force(row: Mapping[str, Any]) -> f.InForce | None:
    if row["reach"] != Reach.RUNNING:
        return None
    return f.InForce(policy=policy_from(row), id=row["id"], version=row["number"], since=row["saved_at"])


def _agent(agent: Agent, version: Mapping[str, Any], running: f.InForce | None) -> f.Agent:
    prompt = f.Prompt(kind=cast(PromptKind, agent.prompt_kind), event=agent.prompt_event, text=agent.prompt_text)
    return f.Agent(
        id=agent.pk,
        slug=agent.slug,
        name=agent.name,
        languages=tuple(agent.languages),
        default_language=agent.default_language,
        prompt=prompt,
        answers=Platform(agent.platform).answers,
        active=agent.status == Status.ACTIVE,
        policy=policy_from(version),
        policy_id=version["id"],
        policy_version=version["number"],
        running=running,
        model=agent.model,
        models=tuple(agent.models),
        transfer_targets=tuple(agent.transfer_targets),
        realm=agent.realm,
        remember=agent.remember,
        sensitive=frozenset(agent.sensitive_variables),
    )
