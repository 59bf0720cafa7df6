"""A worker that sweeps until nothing is due any more."""

import time

from sessions_app.actions import sweeping
from tests.load.program import wait_for_go

MOST_SWEEPS = 10_000


def work() -> dict[str, float]:
    """When it began and ended, in seconds since the epoch, and how many sessions it did."""
    sweeping.sweep()  # the first of a process connects and loads what it needs
    wait_for_go()
    began, handled = time.time(), 0
    for _ in range(MOST_SWEEPS):
        swept = sweeping.sweep().handled
        if not swept:
            break
        handled += swept
    return {"began": began, "ended": time.time(), "handled": handled}
