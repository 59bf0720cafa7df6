"""How late the enforcement notices what is due: noticed − due, counted by buckets (2-lifecycle.md, "Enforcement")."""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

# Upper bounds in seconds, closest together where the promise is. What is later than the last counts beyond it.
BOUNDS = (
    *(0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.75, 2, 2.5, 3, 4, 5, 7.5),
    *(10, 15, 30, 60, 300, 900, 3600),
)
BUCKETS = tuple(timedelta(seconds=bound) for bound in BOUNDS)
HALF = Fraction(1, 2)
MOST = Fraction(99, 100)


@dataclass(frozen=True, slots=True)
class Lateness:
    """Of any number of sessions: how many fell into each bucket, with those beyond the last one at the end; the sum,
    and the worst."""

    counts: tuple[int, ...] = (0,) * (len(BUCKETS) + 1)
    total: timedelta = timedelta(0)
    worst: timedelta = timedelta(0)

    def __add__(self, other: "Lateness") -> "Lateness":
        counts = tuple(a + b for a, b in zip(self.counts, other.counts, strict=True))
        return Lateness(counts, self.total + other.total, max(self.worst, other.worst))

    @property
    def noticed(self) -> int:
        return sum(self.counts)

    def within(self, share: Fraction) -> timedelta | None:
        """At least this share of the sessions was noticed within so long: the bound of a bucket, so never too good.
        None where nothing was due."""
        seen = 0
        for bound, count in zip((*BUCKETS, self.worst), self.counts, strict=True):
            seen += count
            if seen and seen >= share * self.noticed:
                return min(bound, self.worst)
        return None


NOTHING_DUE = Lateness()


def measured(late: Iterable[timedelta]) -> Lateness:
    """Of sessions that were noticed so late. One that is noticed early, by a due time that was early, is not late."""
    counts = [0] * (len(BUCKETS) + 1)
    total = worst = timedelta(0)
    for each in late:
        each = max(each, timedelta(0))
        counts[bisect_left(BUCKETS, each)] += 1
        total += each
        worst = max(worst, each)
    return Lateness(tuple(counts), total, worst)
