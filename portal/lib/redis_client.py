"""Redis for small things of a request, which must never hold it up: it answers at once, or it counts as away."""

from functools import lru_cache

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

AWAY = (RedisError, OSError)
PATIENCE = 0.25  # seconds


@lru_cache(maxsize=1)
def client() -> Redis:
    """This process's client. Whoever uses it is ready for AWAY."""
    return Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=PATIENCE,
        socket_connect_timeout=PATIENCE,
        retry=Retry(NoBackoff(), 0),
    )
