"""A worker with nothing to do: how long each sweep takes, in milliseconds."""

import time

from sessions_app.actions import sweeping
from tests.load.program import Broken


def work(times: int) -> list[float]:
    sweeping.sweep()
    return [_once() for _ in range(times)]


def _once() -> float:
    began = time.perf_counter()
    if handled := sweeping.sweep().handled:
        raise Broken(f"{handled} sessions were due.")
    return (time.perf_counter() - began) * 1000
