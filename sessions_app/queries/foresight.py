"""What a policy would do now to an agent's open sessions and to their users: counted, with the first of each by name.

Nothing is written, and no more is held in memory than one batch of rows, however many sessions there are.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import heappush, heappushpop
from itertools import groupby
from typing import Any
from uuid import UUID

from django.db import transaction

from portal.lib import clock
from sessions_app.core import clocks, foresight
from sessions_app.core.facts import Facts, State
from sessions_app.core.policy import Policy
from sessions_app.models import ChatSession, ChatUser
from sessions_app.queries import facts as rows
from sessions_app.queries.shown import public_id

NAMED = 20
BATCH = 2000


@dataclass(frozen=True, slots=True)
class Affected:
    """How many, and the ids of at most NAMED: of the newest sessions, of the users with the most of them."""

    count: int
    first: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Foresight:
    """`over_limit` are users, who would have more sessions open than they may; nobody's session ends because of it."""

    ends_now: Affected
    longer: Affected
    shorter: Affected
    over_limit: Affected


class _Tally:
    """Counts, and keeps the names that rank highest."""

    def __init__(self) -> None:
        self.count = 0
        self._highest: list[tuple[Any, UUID]] = []

    def add(self, rank: Any, id: UUID) -> None:
        self.count += 1
        keep = heappush if self.count <= NAMED else heappushpop
        keep(self._highest, (rank, id))

    @property
    def first(self) -> list[UUID]:
        return [id for _, id in sorted(self._highest, reverse=True)]


def foresee(agent_id: int, policy: Policy) -> Foresight:
    """What saving `policy` for running sessions would do at this instant. Emulator sessions are not counted."""
    found = {name: _Tally() for name in ("ends_now", "longer", "shorter", "over_limit")}
    now = clock.now()
    reserved = _reserved(agent_id, now)
    for user, sessions in groupby(_open(agent_id, now), key=lambda facts: facts.user):
        stay = reserved.pop(user, 0)
        for facts in sessions:
            effect = foresight.effect(facts, policy, now)
            stay += effect != "ends_now"
            if effect is not None:
                found[effect].add(facts.started_at, facts.id)
        _weigh(found["over_limit"], policy, user, stay)
    for user, places in reserved.items():
        _weigh(found["over_limit"], policy, user, places)
    users = _user_ids(found["over_limit"].first)
    named = {name: Affected(t.count, [public_id(id, "LIVE") for id in t.first]) for name, t in found.items()}
    return Foresight(**named | {"over_limit": Affected(found["over_limit"].count, users)})


def _weigh(over_limit: _Tally, policy: Policy, user: UUID, places: int) -> None:
    limit = policy.max_concurrent_per_user
    if limit is not None and places > limit:
        over_limit.add(places, user)


def _open(agent_id: int, now: datetime) -> Iterator[Facts]:
    """The sessions that are open at `now`, those of one user after the other, as they were at one instant."""
    there = ChatSession.objects.filter(agent=agent_id, version="LIVE").exclude(state=State.ENDED.value)
    with transaction.atomic():  # the rows stay with the database until they are wanted
        for row in there.order_by("user_id").values(*rows.COLUMNS).iterator(chunk_size=BATCH):
            facts = clocks.as_of(rows.facts_from(row, rows.policies([row["policy_id"]])), now)
            if facts.is_open:
                yield facts


def _reserved(agent_id: int, now: datetime) -> Counter[UUID]:
    """User → the places that transfers keep for them."""
    waiting = ChatSession.objects.filter(pending_to=agent_id, pending_until__gt=now, version="LIVE")
    return Counter(waiting.values_list("user_id", flat=True).iterator(chunk_size=BATCH))


def _user_ids(users: Sequence[UUID]) -> list[str]:
    """As programs know them."""
    names = dict(ChatUser.objects.filter(pk__in=users).values_list("pk", "external_id"))
    return [names[user] for user in users if user in names]
