"""Agents as this part knows them, which is beneath theirs: by their names."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import Q

from portal.accounts.permissions import Principal, Verb, agents_q


class AgentName(NamedTuple):
    id: int
    slug: str
    name: str
    languages: list[str]


def seen(principal: Principal, verb: Verb = Verb.SEE_AGENT, *, slugs: Collection[str] | None = None) -> list[AgentName]:
    """Those to which this principal may do `verb`, by name; of these slugs only, where some are given."""
    only = Q() if slugs is None else Q(slug__in=slugs)
    return _named(agents_q(principal, verb) & only) if slugs is None or slugs else []


def by_id(ids: Iterable[int]) -> list[AgentName]:
    """Those of them that there still are, whoever asks."""
    return _named(Q(pk__in=list(ids)))


def _named(which: Q) -> list[AgentName]:
    agents: Any = apps.get_model("agents", "Agent").objects
    return [AgentName(*row) for row in agents.filter(which).order_by("name", "pk").values_list(*AgentName._fields)]
