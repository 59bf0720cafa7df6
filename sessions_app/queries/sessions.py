"""Which sessions there are, for whoever may see them: filtered, sorted, in pages (3-api.md, "Sessions")."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, CharField, Count, F, Q, QuerySet, Value, When

from portal.accounts.permissions import Principal, Verb, agents_q
from portal.lib import clock
from sessions_app.core.facts import OPEN, State
from sessions_app.models import ChatSession
from sessions_app.queries.shown import SHOWN, Shown, shown

STATES: Mapping[str, tuple[State, ...]] = {
    "open": OPEN,
    "any": tuple(State),
    **{state.value: (state,) for state in State},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for. Empty means: not filtered by. `state` is a key of STATES."""

    agent_ids: tuple[int, ...] | None = None
    state: str = "open"
    user: str = ""
    version: str = "LIVE"
    channel: str = ""
    end_reason: str = ""
    language: str = ""
    q: str = ""
    archived: bool = False
    started_after: datetime | None = None
    started_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Some sessions, newest first. `after` is where the next page begins; None on the last one."""

    items: list[Shown]
    after: tuple[datetime, UUID] | None
    now: datetime


def visible(principal: Principal, verb: Verb = Verb.SEE_SESSION) -> QuerySet[ChatSession]:
    """The sessions this principal may see: the query twin of the permission function."""
    return ChatSession.objects.filter(agents_q(principal, verb, agent="agent_id", user="user_id"))


def one(principal: Principal, id: UUID) -> Shown | None:
    """One session, or None where it does not exist for this principal."""
    found = shown(visible(principal).filter(pk=id).values(*SHOWN), clock.now())
    return found[0] if found else None


def page(
    principal: Principal,
    wanted: Filter,
    *,
    limit: int,
    after: tuple[datetime, UUID] | None = None,
    now: datetime | None = None,
) -> Page:
    """A page of sessions, newest first. Three queries, however many sessions: the order is stable under writes. With
    `now`, they are as they were at that instant by their deadlines."""
    now = now or clock.now()
    found = matching(visible(principal), wanted, now)
    if after is not None:
        found = found.filter(Q(started_at__lt=after[0]) | Q(started_at=after[0], id__lt=after[1]))
    rows = list(found.order_by("-started_at", "-id").values(*SHOWN)[: limit + 1])
    items = shown(rows[:limit], now)
    last = items[-1].facts if len(rows) > limit else None
    return Page(items, (last.started_at, last.id) if last else None, now)


def all_matching(principal: Principal, wanted: Filter) -> QuerySet[ChatSession]:
    """The visible sessions that a filter asks for, newest first."""
    return matching(visible(principal), wanted, clock.now()).order_by("-started_at", "-id")


def effective_state(now: datetime) -> Case:
    """The state at `now` by the stored deadlines: right when no sweep runs."""
    return Case(
        When(state__in=[State.ENDED.value, State.PAUSED.value], then=F("state")),
        When(ends_at__lte=now, then=Value(State.ENDED.value)),
        When(idle_at__lte=now, then=Value(State.IDLE.value)),
        default=F("state"),
        output_field=CharField(),
    )


def matching(sessions: QuerySet[ChatSession], wanted: Filter, now: datetime) -> QuerySet[ChatSession]:
    """The sessions among these that a filter asks for."""
    exact = {
        "user__external_id": wanted.user,
        "version": wanted.version,
        "channel": wanted.channel,
        "end_reason": wanted.end_reason,
        "language": wanted.language,
        "started_at__gte": wanted.started_after,
        "started_at__lt": wanted.started_before,
    }
    found = sessions.filter(in_state(wanted.state, now), **{name: value for name, value in exact.items() if value})
    found = found.filter(archived_at__isnull=not wanted.archived)
    if wanted.agent_ids is not None:
        found = found.filter(agent_id__in=wanted.agent_ids)
    return found.filter(_search(wanted.q)) if wanted.q else found


def in_state(state: str, now: datetime) -> Q:
    """Sessions whose effective state at `now` is one that `state` (a key of STATES) names."""
    over = Q(state=State.ENDED.value) | (Q(state__in=[State.LIVE.value, State.IDLE.value]) & Q(ends_at__lte=now))
    running = Q(state__in=[State.LIVE.value, State.IDLE.value], ends_at__gt=now)
    by_state = {
        State.LIVE: running & Q(state=State.LIVE.value, idle_at__gt=now),
        State.IDLE: running & (Q(state=State.IDLE.value) | Q(idle_at__lte=now)),
        State.PAUSED: Q(state=State.PAUSED.value),
        State.ENDED: over,
    }
    if state == "any":
        return Q()
    if state == "open":
        return running | by_state[State.PAUSED]
    return by_state[State(state)]


def _search(words: str) -> Q:
    """By the beginning of a name or an id (the embedded PostgreSQL has no trigrams)."""
    found = Q(user__name__istartswith=words) | Q(user__external_id__istartswith=words)
    try:
        return found | Q(pk=UUID(words.removeprefix("emulator-")))
    except ValueError:
        return found


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sessions are in each state now."""

    live: int = 0
    idle: int = 0
    paused: int = 0
    by_agent: Mapping[int, Mapping[str, int]] = field(default_factory=dict)

    @property
    def open(self) -> int:
        return self.live + self.idle + self.paused


def counts(principal: Principal, *, agent_ids: tuple[int, ...] | None = None, now: datetime | None = None) -> Counts:
    """The visible open sessions by effective state, and per agent. Emulator sessions are not counted."""
    now = now or clock.now()
    found = matching(visible(principal, Verb.SEE_SESSIONS), Filter(agent_ids=agent_ids, state="open"), now)
    rows: Any = found.values("agent_id").annotate(effective=effective_state(now), n=Count("pk"))
    totals: dict[str, int] = {}
    by_agent: dict[int, dict[str, int]] = {}
    for row in rows.values_list("agent_id", "effective", "n"):
        totals[row[1]] = totals.get(row[1], 0) + row[2]
        by_agent.setdefault(row[0], {})[row[1]] = row[2]
    return Counts(totals.get("live", 0), totals.get("idle", 0), totals.get("paused", 0), by_agent)


def any_with(agent_id: int) -> bool:
    """Whether somebody has ever chatted with the agent. Emulator sessions do not count."""
    return ChatSession.objects.filter(agent_id=agent_id, version="LIVE", user_turns__gt=0).exists()
