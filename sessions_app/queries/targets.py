"""Where an agent may hand its users to, as its owner chooses it."""

from collections.abc import Sequence
from dataclasses import dataclass

from portal.accounts.permissions import Principal, Verb, agents_q
from portal.agents.models import Agent, Status


@dataclass(frozen=True, slots=True)
class Target:
    """An agent that can be chosen, or has been. Without a name it is one that whoever looks does not see."""

    slug: str
    name: str = ""
    active: bool = True


def offered(principal: Principal, agent: Agent, *, chosen: Sequence[str] = ()) -> list[Target]:
    """Those that have been chosen, in their order, then all others this principal sees, by name. One query."""
    seen_by = Agent.objects.filter(agents_q(principal, Verb.SEE_AGENT)).exclude(pk=agent.pk)
    rows = seen_by.order_by("name", "slug").values_list("slug", "name", "status")
    seen = {slug: Target(slug, name, status == Status.ACTIVE) for slug, name, status in rows}
    return [*(seen.pop(slug, Target(slug)) for slug in dict.fromkeys(chosen)), *seen.values()]
