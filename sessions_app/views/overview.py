"""The overview: what is going on right now, the day so far, and whether the enforcement keeps up."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from portal.accounts import auth
from portal.accounts.names import Role
from portal.accounts.permissions import Verb, allows
from portal.lib import clock, durations
from sessions_app.core.lateness import HALF, MOST, Lateness
from sessions_app.queries import enforcement, overview, sessions, tabs
from sessions_app.queries.overview import Hour
from sessions_app.views import doors


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    principal = auth.principal(request)
    if principal.role == Role.TRANSLATOR and not principal.owns:
        return redirect("localization")  # where a translator's work is
    with doors.refusals():
        tabs.demand_any(principal)
    now = clock.now()
    counts = sessions.counts(principal, now=now)
    hours = overview.hours(principal, now=now)
    picture = enforcement.picture(now)
    health = picture.health
    number_aside, set_aside = enforcement.set_aside_for(principal) if picture.set_aside else (0, ())
    context = {
        "counts": counts,
        "agents": overview.agents(principal, counts),
        "chart": Chart.of(hours),
        "hours": hours[::-1],
        "health": health,
        "picture": picture,
        "took": _short(health.last.took) if health.last and health.last.handled else "",
        "lately": Lately.of(picture.lately),
        "number_aside": number_aside,
        "set_aside": set_aside,
        "creates": allows(principal, Verb.CREATE_AGENT),
    }
    return render(request, "overview.html", context)


class Lately(NamedTuple):
    """How many sessions the sweeps noticed, and how late, in words: half of them within, most within, the worst."""

    noticed: int
    half: str
    most: str
    worst: str

    @classmethod
    def of(cls, found: Lateness) -> "Lately":
        half, most = (_short(found.within(share) or found.worst) for share in (HALF, MOST))
        return cls(found.noticed, half, most, _short(found.worst))


def _short(duration: timedelta) -> str:
    """ "12 ms", "1.8 s", "2m 5s"."""
    seconds = duration.total_seconds()
    if seconds >= 60:
        return durations.short(duration)
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2g} s"


class Bar(NamedTuple):
    x: int
    y: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Two bars per hour in a box of WIDTH × HEIGHT units; `most` is the number that fills the height."""

    bars: Sequence[Bar]
    most: int
    started: int
    ended: int

    SLOT = 10
    HEIGHT = 100

    @classmethod
    def of(cls, hours: Sequence[Hour]) -> "Chart":
        most = max([1, *(hour.started for hour in hours), *(hour.ended for hour in hours)])
        bars = [
            cls._bar(number * cls.SLOT + offset, count / most, kind)
            for number, hour in enumerate(hours)
            for offset, kind, count in ((1, "started", hour.started), (5, "ended", hour.ended))
        ]
        return cls(bars, most, sum(hour.started for hour in hours), sum(hour.ended for hour in hours))

    @classmethod
    def _bar(cls, x: int, share: float, kind: str) -> Bar:
        height = round(cls.HEIGHT * share)
        return Bar(x, cls.HEIGHT - height, height, kind)

    @property
    def width(self) -> int:
        return overview.HOURS * self.SLOT
