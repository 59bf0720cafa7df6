"""Waiting for something that must come, never for a time."""

import time
from collections.abc import Callable

PATIENCE_SECONDS = 120.0
LOOK_EVERY = 0.02


def until(there: Callable[[], object], what: str, *, seconds: float = PATIENCE_SECONDS) -> None:
    """Return as soon as `there()` is true; fail when it is not within `seconds`, which a slow machine never needs."""
    deadline = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < deadline, f"it never came true that {what}"
        time.sleep(LOOK_EVERY)
