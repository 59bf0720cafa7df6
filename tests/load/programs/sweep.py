"""A worker that sweeps until nothing is due any more."""

import time

from sessions_app.actions import sweeping
from tests.load.program import wait_for_go

MOST_SWEEPS = 10_000


def work() -> dict[str, float]:
    """When it began and ended, in seconds since the epoch."""
    sweeping.sweep()  # the first of a process connects and loads what it needs
    wait_for_go()
    began = time.time()
    for _ in range(MOST_SWEEPS):
        if not sweeping.sweep().handled:
            break
    return {"began": began, "ended": time.time()}
