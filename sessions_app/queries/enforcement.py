"""Whether the enforcement runs, how late it is, and what it cannot do (2-lifecycle.md, "Enforcement")."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count

from portal.accounts.permissions import Principal, Verb, agents_q
from sessions_app.core.facts import State
from sessions_app.core.lateness import BUCKETS, NOTHING_DUE, Lateness
from sessions_app.models import ChatSession, SweepFailure, SweepMinute, SweepRun
from sessions_app.queries import sessions
from sessions_app.queries.shown import public_id

BEHIND_AFTER = timedelta(seconds=10)
CHORES_BEHIND_AFTER = timedelta(seconds=45)  # they come every few seconds, and one may take a while
LATE_AFTER = timedelta(seconds=1.5)
LATELY = timedelta(hours=1)
SET_ASIDE_AFTER = 5  # tries
SHOWN_FAILURES = 5


@dataclass(frozen=True, slots=True)
class Run:
    """The last sweep of one kind of process. `lateness` is noticed − due of the oldest session it found, None where
    nothing was due."""

    ran_at: datetime
    took: timedelta
    handled: int
    lateness: timedelta | None


@dataclass(frozen=True, slots=True)
class Health:
    """The last sweeps as seen at `now`: that of the workers, and that of the web processes, which sweep when no worker
    does. None where none ever ran."""

    now: datetime
    worker: Run | None = None
    web: Run | None = None

    @property
    def last(self) -> Run | None:
        return max((run for run in (self.worker, self.web) if run), key=lambda run: run.ran_at, default=None)

    @property
    def age(self) -> timedelta | None:
        return self.age_of(self.last)

    def age_of(self, run: Run | None) -> timedelta | None:
        return max(self.now - run.ran_at, timedelta(0)) if run else None

    @property
    def behind(self) -> bool:
        """No sweep for so long that somebody should look. Sessions end at their deadline all the same."""
        return self._is_over(self.last)

    @property
    def standing_in(self) -> bool:
        """No worker sweeps; the web processes do."""
        return not self.behind and self._is_over(self.worker)

    @property
    def late(self) -> bool:
        return self.last is not None and self.last.lateness is not None and self.last.lateness > LATE_AFTER

    def _is_over(self, run: Run | None) -> bool:
        age = self.age_of(run)
        return age is None or age > BEHIND_AFTER


def health(now: datetime) -> Health:
    """One query."""
    rows = SweepRun.objects.values_list("by", "ran_at", "took", "handled", "lateness")
    runs = {by: Run(ran_at, took, handled, late) for by, ran_at, took, handled, late in rows}
    return Health(now, worker=runs.get("worker"), web=runs.get("web"))


# ── how late ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def lateness() -> Lateness:
    """Of everything that was ever noticed. One query."""
    return _sum(SweepMinute.objects.values_list("late", "total", "worst"))


def _sum(minutes: Iterable[tuple[Sequence[int], timedelta, timedelta]]) -> Lateness:
    """Without those of a release that counted by other buckets."""
    found = (Lateness(tuple(late), *rest) for late, *rest in minutes if len(late) == len(BUCKETS) + 1)
    return sum(found, NOTHING_DUE)


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything at a glance: `lately` is of the last hour, `set_aside` how many sessions cannot be swept, `chores_at`
    when a worker last saw to its other work, None where none ever did."""

    health: Health
    lately: Lateness
    set_aside: int
    chores_at: datetime | None = None

    @property
    def chores_age(self) -> timedelta | None:
        return max(self.health.now - self.chores_at, timedelta(0)) if self.chores_at else None

    @property
    def chores_behind(self) -> bool:
        """The worker of the slow queue is gone: what a process has begun and died over is not begun again."""
        return self.chores_age is None or self.chores_age > CHORES_BEHIND_AFTER


def picture(now: datetime) -> Picture:
    """One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT by, ran_at, took, handled, lateness, NULL::bigint[] FROM session_sweep_run
            UNION ALL SELECT 'minute', minute, total, 0, worst, late FROM session_sweep_minute WHERE minute > %s
            UNION ALL SELECT 'aside', NULL, NULL, count(*), NULL, NULL FROM session_sweep_failure WHERE tries >= %s
            """,
            [now - LATELY, SET_ASIDE_AFTER],
        )
        rows = cursor.fetchall()
    runs = {kind: Run(*values) for kind, *values, _ in rows if kind in ("worker", "web", "chores")}
    minutes = ((late, total, worst) for kind, _, total, _, worst, late in rows if kind == "minute")
    aside = sum(number for kind, _, _, number, _, _ in rows if kind == "aside")
    health = Health(now, worker=runs.get("worker"), web=runs.get("web"))
    return Picture(health, _sum(minutes), aside, runs["chores"].ran_at if "chores" in runs else None)


# ── what it cannot do ────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class SetAside:
    """A session that was tried so often that it is tried once an hour now."""

    id: str
    agent_slug: str
    agent_name: str
    user: str
    tries: int
    error: str
    first_at: datetime
    next_at: datetime | None


def set_aside_for(principal: Principal) -> tuple[int, Sequence[SetAside]]:
    """How many of those this principal may see the sessions of, and the latest of them. Two queries at most."""
    seen = SweepFailure.objects.filter(
        agents_q(principal, Verb.SEE_SESSIONS, agent="session__agent_id"), tries__gte=SET_ASIDE_AFTER
    )
    rows: Any = seen.order_by("-last_at").values(*_SET_ASIDE)[: SHOWN_FAILURES + 1]
    found = [_set_aside(row) for row in rows]
    return (seen.count() if len(found) > SHOWN_FAILURES else len(found)), found[:SHOWN_FAILURES]


_SET_ASIDE = (
    *("tries", "error", "first_at", "session_id", "session__version", "session__due_at"),
    *("session__agent__slug", "session__agent__name", "session__user__name", "session__user__external_id"),
)


def _set_aside(row: Mapping[str, Any]) -> SetAside:
    return SetAside(
        id=public_id(row["session_id"], row["session__version"]),
        agent_slug=row["session__agent__slug"],
        agent_name=row["session__agent__name"],
        user=row["session__user__name"] or row["session__user__external_id"],
        tries=row["tries"],
        error=row["error"],
        first_at=row["first_at"],
        next_at=row["session__due_at"],
    )


# ── for whoever watches the whole ────────────────────────────────────────────────────────────────────────────────────
def open_by_state(now: datetime) -> dict[str, int]:
    """State → how many sessions of all agents are in it. Emulator sessions are not counted. One query."""
    found = ChatSession.objects.filter(sessions.in_state("open", now), version="LIVE")
    rows: Any = found.annotate(effective=sessions.effective_state(now)).values("effective").annotate(n=Count("pk"))
    counts = dict(rows.values_list("effective", "n"))
    return {state.value: counts.get(state, 0) for state in (State.LIVE, State.IDLE, State.PAUSED)}


def due_now(now: datetime) -> int:
    """How many sessions no sweep has come to yet. One query."""
    return ChatSession.objects.filter(due_at__lte=now).count()
