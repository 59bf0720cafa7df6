"""Rate limits. They count in Redis, for all processes together; while Redis is away each process counts for itself, so
that a limit gets wider by the number of processes, and nobody is locked out or let in without end."""

import ipaddress
import time
from dataclasses import dataclass

import structlog

from portal.lib import redis_client
from portal.rest.problems import Problem

AWAY_FOR = 5.0  # seconds until a Redis that did not answer is asked again
MOST_KEYS = 10_000
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in so many seconds, counted from the first."""

    name: str
    most: int
    seconds: int

    def take(self, key: str) -> None:
        """Count one more of `key`. Raises Problem `rate_limited` when it is one too many."""
        count, left = _count(f"portal-limit:{self.name}:{key}", self.seconds)
        if count > self.most:
            wait = max(1, left)
            raise Problem(
                "rate_limited",
                f"At most {self.most} in {self.seconds} seconds. Try again in {wait}.",
                headers={"Retry-After": str(wait)},
            )


def network(address: str | None) -> str:
    """What an address is counted by. One household has a whole /64 of IPv6."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    return str(ipaddress.ip_network((parsed, 64), strict=False)) if parsed.version == 6 else str(parsed)


class _Here:
    """What this process counts while Redis is away."""

    def __init__(self) -> None:
        self.away_until = 0.0
        self._counts: dict[str, tuple[int, float]] = {}

    def count(self, key: str, seconds: int) -> tuple[int, int]:
        now = time.monotonic()
        before, until = self._counts.get(key, (0, 0.0))
        if until <= now:
            before, until = 0, now + seconds
        if len(self._counts) >= MOST_KEYS:
            self._counts.clear()
        self._counts[key] = (before + 1, until)
        return before + 1, round(until - now)


_here = _Here()


def _count(key: str, seconds: int) -> tuple[int, int]:
    """How often `key` was counted in the current stretch, and the seconds that are left of it."""
    if time.monotonic() < _here.away_until:
        return _here.count(key, seconds)
    try:
        # The key is made with its end: counting and dying in between would lock it for ever.
        pipeline = redis_client.client().pipeline()
        pipeline.set(key, 0, ex=seconds, nx=True)
        pipeline.incr(key)
        pipeline.ttl(key)
        _, count, left = pipeline.execute()
    except redis_client.AWAY as error:
        log.warning("limits are counted per process", error=str(error))
        _here.away_until = time.monotonic() + AWAY_FOR
        return _here.count(key, seconds)
    return count, left
