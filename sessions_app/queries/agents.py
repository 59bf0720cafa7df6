"""Agents as the lifecycle sees them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from portal.accounts.models import Grant
from portal.accounts.names import GrantRole
from portal.accounts.permissions import NotVisible, Principal, Verb, agents_q
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent, Status
from portal.lib.prepared import Prepared, among
from sessions_app.core import facts as f
from sessions_app.core.policy import Policy, Reach
from sessions_app.models import PolicyVersion, Thread, policy_from
from sessions_app.queries import facts


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
    the latest version is for new sessions only, and one where a version is new here."""
    wanted = sorted(set(ids))
    latest = {version.agent_id: version for version in map(_Version._make, _LATEST.rows(agents=wanted))}
    behind = [agent for agent, version in latest.items() if version.reach != Reach.RUNNING]
    running = latest | ({v.agent_id: v for v in map(_Version._make, _RUNNING.rows(agents=behind))} if behind else {})
    policies = facts.policies(version.id for version in (*latest.values(), *running.values()))
    return {
        row["id"]: _agent(row, latest[row["id"]], running[row["id"]], policies) for row in _AGENTS.dicts(agents=wanted)
    }


def current_policies(ids: Iterable[int]) -> dict[int, tuple[Policy, int, int]]:
    """Agent id → (policy, id of its version, number of its version), of each agent's current version."""
    rows = _versions(PolicyVersion.objects.filter(agent__in=ids))
    return {agent: (policy_from(row), row["id"], row["number"]) for agent, row in rows.items()}


def _versions(found: QuerySet[PolicyVersion]) -> dict[int, dict[str, Any]]:
    """The latest of these of each agent."""
    latest = found.order_by("agent_id", "-number").distinct("agent_id")
    return {row["agent_id"]: dict(row) for row in latest.values()}


class _Version(NamedTuple):
    agent_id: int
    id: int
    number: int
    reach: str
    saved_at: datetime


def _latest(**only: Any) -> QuerySet[PolicyVersion, Any]:
    found = PolicyVersion.objects.filter(among("agent_id", "agents"), **only)
    return found.order_by("agent_id", "-number").distinct("agent_id").values_list(*_Version._fields)


_LATEST = Prepared(_latest)
_RUNNING = Prepared(partial(_latest, reach=Reach.RUNNING.value))
_AGENTS = Prepared(lambda: Agent.objects.filter(among("id", "agents")).values())


def _in_force(version: _Version, policies: facts.Policies) -> f.InForce | None:
    if version.reach != Reach.RUNNING:
        return None
    return f.InForce(policy=policies[version.id][0], id=version.id, version=version.number, since=version.saved_at)


def _agent(row: Mapping[str, Any], latest: _Version, running: _Version, policies: facts.Policies) -> f.Agent:
    prompt = f.Prompt(kind=row["prompt_kind"], event=row["prompt_event"], text=row["prompt_text"])
    return f.Agent(
        id=row["id"],
        slug=row["slug"],
        name=row["name"],
        languages=tuple(row["languages"]),
        default_language=row["default_language"],
        prompt=prompt,
        answers=Platform(row["platform"]).answers,
        active=row["status"] == Status.ACTIVE,
        policy=policies[latest.id][0],
        policy_id=latest.id,
        policy_version=latest.number,
        running=_in_force(running, policies),
        model=row["model"],
        models=tuple(row["models"]),
        transfer_targets=tuple(row["transfer_targets"]),
        realm=row["realm"],
        remember=row["remember"],
        sensitive=frozenset(row["sensitive_variables"]),
    )
