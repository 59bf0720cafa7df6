"""A token bucket: so many at once, then so many a second."""

import time


class Bucket:
    """Counts with the process's own clock: it limits a connection, it decides nothing about a session."""

    def __init__(self, *, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self.level = float(burst)
        self.since = time.monotonic()

    def take(self) -> bool:
        """Whether there is room for one more."""
        now = time.monotonic()
        self.level = min(float(self.burst), self.level + (now - self.since) * self.rate)
        self.since = now
        if self.level < 1:
            return False
        self.level -= 1
        return True
