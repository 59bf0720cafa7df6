"""Servers somebody else runs, named by DATABASE_URL and REDIS_URL: asked once whether they answer."""

from urllib.parse import urlsplit

import psycopg
import redis

from portal import env

PATIENCE_SECONDS = 5
POSTGRES_SCHEMES = ("postgresql", "postgres")
REDIS_SCHEMES = ("redis", "rediss", "unix")


def database_url() -> str:
    """DATABASE_URL when it is set and its server answers, "" when it is not set; else one sentence."""
    url = env.url("DATABASE_URL", "", schemes=POSTGRES_SCHEMES)
    if url:
        try:
            psycopg.connect(url, connect_timeout=PATIENCE_SECONDS).close()
        except psycopg.Error as error:
            raise env.Misconfigured(f"DATABASE_URL does not answer at {_place(url)}: {_first_line(error)}") from None
    return url


def redis_url() -> str:
    """REDIS_URL when it is set and its server answers, "" when it is not set; else one sentence."""
    url = env.url("REDIS_URL", "", schemes=REDIS_SCHEMES)
    if url:
        try:
            with redis.Redis.from_url(url, socket_connect_timeout=PATIENCE_SECONDS) as client:
                client.ping()
        except (redis.RedisError, OSError, ValueError) as error:
            raise env.Misconfigured(f"REDIS_URL does not answer at {_place(url)}: {_first_line(error)}") from None
    return url


def _place(url: str) -> str:
    """Where it is, without the name and password in front."""
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path}"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
