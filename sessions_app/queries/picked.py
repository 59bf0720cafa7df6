"""Which sessions somebody means, before anything is done to them: how many, in which states, and who the first are."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import QuerySet

from portal.accounts.permissions import Principal
from portal.lib import clock
from sessions_app.core.facts import State
from sessions_app.models import ChatSession
from sessions_app.queries import sessions
from sessions_app.queries.sessions import Filter
from sessions_app.queries.shown import public_id

FIRST = 8


class Named(NamedTuple):
    id: str
    name: str
    state: State


@dataclass(frozen=True, slots=True)
class Found:
    """`number` is one more than was asked for where there are more. `states` are of them all, `first` the newest."""

    number: int
    states: Mapping[State, int]
    first: Sequence[Named]


def number(principal: Principal, wanted: Filter, *, most: int) -> int:
    """How many match a filter, or `most` + 1."""
    return sessions.all_matching(principal, wanted).order_by()[: most + 1].count()


def of_ids(principal: Principal, ids: Collection[UUID], *, most: int) -> Found:
    """Those of them that are visible. Three queries."""
    return _found(sessions.visible(principal).filter(pk__in=ids), most)


def of_filter(principal: Principal, wanted: Filter, *, most: int) -> Found:
    """Three queries."""
    return _found(sessions.all_matching(principal, wanted), most)


def _found(those: QuerySet[ChatSession], most: int) -> Found:
    now = clock.now()
    seen = those.annotate(effective=sessions.effective_state(now)).order_by("-started_at", "-id")
    states = Counter(map(State, seen.order_by().values_list("effective", flat=True)[: most + 1]))
    return Found(states.total(), {state: states[state] for state in State if states[state]}, _named(seen[:FIRST]))


def _named(those: Any) -> list[Named]:
    rows = those.values_list("pk", "version", "user__name", "user__external_id", "effective")
    return [Named(public_id(id, version), name or user, State(state)) for id, version, name, user, state in rows]


def names(principal: Principal, ids: Iterable[UUID]) -> Mapping[UUID, str]:
    """Whose sessions these are, as far as this principal sees them. One query."""
    rows = sessions.visible(principal).filter(pk__in=list(ids)).values_list("pk", "user__name", "user__external_id")
    return {id: name or user for id, name, user in rows}
