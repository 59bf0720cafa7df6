"""Whether the enforcement runs: the age and the lateness of the last sweep (2-lifecycle.md, "Enforcement")."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sessions_app.models import SweepRun

BEHIND_AFTER = timedelta(seconds=10)
LATE_AFTER = timedelta(seconds=1.5)


@dataclass(frozen=True, slots=True)
class Health:
    """The last sweep as seen at `now`. `ran_at` is None where none ever ran; `lateness` is noticed − due of the
    oldest session it found, None where nothing was due."""

    now: datetime
    ran_at: datetime | None = None
    took: timedelta | None = None
    handled: int = 0
    lateness: timedelta | None = None

    @property
    def age(self) -> timedelta | None:
        return max(self.now - self.ran_at, timedelta(0)) if self.ran_at else None

    @property
    def behind(self) -> bool:
        """No sweep for so long that somebody should look. Sessions end at their deadline all the same."""
        return self.age is None or self.age > BEHIND_AFTER

    @property
    def late(self) -> bool:
        return self.lateness is not None and self.lateness > LATE_AFTER


def health(now: datetime) -> Health:
    """One query."""
    row = SweepRun.objects.values("ran_at", "took", "handled", "lateness").first()
    return Health(now=now, **row) if row else Health(now=now)
