"""What is counted: answers that came within a window, after everything has become warm."""

import resource
import statistics
import time
from typing import Any

from tests.load.program import Broken


class Clock:
    """Counts from `warm_up` seconds after now, for `seconds`."""

    def __init__(self, *, warm_up: float, seconds: float) -> None:
        self._from = time.perf_counter() + warm_up
        self._until = self._from + seconds
        self._seconds = seconds
        self._took: list[float] = []
        self._number = 0
        self._used = _cpu_seconds()
        self._since = time.perf_counter()

    @property
    def goes_on(self) -> bool:
        return time.perf_counter() < self._until

    def count(self, *, began: float, number: int = 1) -> None:
        """`number` things were done by a request that began at that instant of `time.perf_counter`."""
        now = time.perf_counter()
        if self._from <= now < self._until:
            self._took.append((now - began) * 1000)
            self._number += number

    def result(self) -> dict[str, Any]:
        """Per second; milliseconds per request; and the share of a core that it took to ask."""
        if len(self._took) < 2:
            raise Broken("Nothing was answered in time.")
        spent = (_cpu_seconds() - self._used) / (time.perf_counter() - self._since)
        return {
            "rate": self._number / self._seconds,
            "p50": statistics.median(self._took),
            "p99": statistics.quantiles(self._took, n=100, method="inclusive")[98],
            "client_cpu": round(spent, 2),
        }


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
