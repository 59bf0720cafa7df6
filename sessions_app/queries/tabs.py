"""Whose sessions a page lists: those of one agent, or of every agent its reader may see."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import OuterRef, Subquery

from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, agents_q, allows
from portal.agents.models import Agent
from sessions_app.core.policy import Policy
from sessions_app.models import PolicyVersion
from sessions_app.queries import facts


@dataclass(frozen=True, slots=True)
class Tab:
    """`agent` is None on the page of all agents. `languages` are those that sessions here can be in."""

    agent: Agent | None
    languages: tuple[str, ...]
    policy: Policy | None = None

    @property
    def agent_ids(self) -> tuple[int, ...] | None:
        return (self.agent.pk,) if self.agent else None


def tab(principal: Principal, slug: str | None) -> Tab:
    """The tab of the agent of that name, or of all. One query. Raises NotVisible, NotAllowed."""
    return _of_agent(principal, slug) if slug else _of_all(principal)


def _of_agent(principal: Principal, slug: str) -> Tab:
    if "\0" in slug:  # a form may hold one, and the database takes none
        raise NotVisible
    newest = PolicyVersion.objects.filter(agent=OuterRef("pk")).order_by("-number").values("pk")[:1]
    seen = Agent.objects.filter(agents_q(principal, Verb.SEE_AGENT), slug=slug).annotate(policy_id=Subquery(newest))
    agent = seen.first()
    if agent is None:
        raise NotVisible
    if not allows(principal, Verb.SEE_SESSIONS, agent_id=agent.pk):
        raise NotAllowed
    policies: Mapping[int, tuple[Policy, int]] = facts.policies([agent.policy_id])
    return Tab(agent, tuple(agent.languages), policies[agent.policy_id][0])


def demand_any(principal: Principal) -> None:
    """Return for whoever runs agents, or may; a list of theirs can be empty. Raises NotAllowed."""
    if not principal.owns and not allows(principal, Verb.CREATE_AGENT):
        raise NotAllowed


def _of_all(principal: Principal) -> Tab:
    demand_any(principal)
    spoken = Agent.objects.filter(agents_q(principal, Verb.SEE_SESSIONS)).values_list("languages", flat=True)
    return Tab(None, tuple(sorted({language for languages in spoken for language in languages})))
