"""What the overview shows: agents with their open sessions, and the day hour by hour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, Count, QuerySet, Value, When
from django.db.models.functions import TruncHour

from portal.accounts.permissions import Principal, Verb, agents_q
from portal.agents.models import Agent
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession
from sessions_app.queries import sessions
from sessions_app.queries.sessions import Counts

HOURS = 24


@dataclass(frozen=True, slots=True)
class Hour:
    """Sessions that started and ended in the hour that begins at `at`."""

    at: datetime
    started: int
    ended: int
    expired: int  # of those that ended: by the session duration


@dataclass(frozen=True, slots=True)
class AgentCounts:
    agent: Agent
    live: int
    idle: int
    paused: int

    @property
    def open(self) -> int:
        return self.live + self.idle + self.paused


def hours(principal: Principal, *, now: datetime) -> list[Hour]:
    """The last HOURS hours, the running one last. One query; emulator sessions are not counted."""
    last = now.replace(minute=0, second=0, microsecond=0)
    first = last - timedelta(hours=HOURS - 1)
    seen = sessions.visible(principal, Verb.SEE_SESSIONS).filter(version="LIVE")
    expired = Case(When(end_reason=EndReason.EXPIRED.value, then=Value("expired")), default=Value("ended"))
    started = _per_hour(seen.filter(started_at__gte=first), "started_at", Value("started"))
    ended = _per_hour(seen.filter(ended_at__gte=first), "ended_at", expired)
    found = {(kind, hour): count for kind, hour, count in started.union(ended, all=True)}
    return [_hour(found, first + timedelta(hours=number)) for number in range(HOURS)]


def _per_hour(seen: QuerySet[ChatSession], instant: str, kind: Any) -> Any:
    return seen.values_list(kind, TruncHour(instant)).annotate(n=Count("pk")).order_by()


def _hour(found: Mapping[tuple[str, datetime], int], at: datetime) -> Hour:
    started, ended, expired = (found.get((kind, at), 0) for kind in ("started", "ended", "expired"))
    return Hour(at, started, ended + expired, expired)


def agents(principal: Principal, counts: Counts) -> Sequence[AgentCounts]:
    """The agents whose sessions this principal sees, the busiest first. One query."""
    found = [_counted(agent, counts) for agent in Agent.objects.filter(agents_q(principal, Verb.SEE_SESSIONS))]
    return sorted(found, key=lambda each: (-each.open, each.agent.name))


def _counted(agent: Agent, counts: Counts) -> AgentCounts:
    by_state = counts.by_agent.get(agent.pk, {})
    return AgentCounts(agent, by_state.get("live", 0), by_state.get("idle", 0), by_state.get("paused", 0))
