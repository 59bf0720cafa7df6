"""How long and how much."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`runs` of each measurement; the table shows their median."""

    runs: int = 3
    warm_up: float = 2.0  # seconds
    seconds: float = 10.0  # that count
    due: int = 20_000  # sessions that end in the same second, and in a sweep
    exist: int = 1_000_000  # sessions that are not due
    quick: bool = False


QUICK = Plan(warm_up=1.0, seconds=3.0, due=5_000, exist=100_000, quick=True)
