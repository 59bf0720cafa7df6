"""PostgreSQL and Redis for one home, each replaced by the outside server its variable names."""

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path

from tools import external, leftovers, postgres, redis_server


@dataclasses.dataclass(frozen=True, kw_only=True)
class Servers:
    """Where the two servers are; `owned` when both are this copy's own."""

    database_url: str
    redis_url: str
    owned: bool


@contextlib.contextmanager
def running(home: Path, *, throw_away: bool = False) -> Iterator[Servers]:
    """Run what DATABASE_URL and REDIS_URL do not name, for the length of the block; the caller holds `home`.

    `throw_away` is for tests: as fast as can be, and lost in a power cut.
    """
    clear(home)
    with contextlib.ExitStack() as stack:
        stack.callback(clear, home)  # whatever an interrupted start, or a process that would not stop, left behind
        database_url, redis_url = external.database_url(), external.redis_url()
        owned = not (database_url or redis_url)
        redis_url = redis_url or stack.enter_context(redis_server.running(home, throw_away=throw_away))
        database_url = database_url or stack.enter_context(postgres.running(home, throw_away=throw_away))
        yield Servers(database_url=database_url, redis_url=redis_url, owned=owned)


def clear(home: Path) -> None:
    """End every process that still works for `home`; the caller holds it."""
    leftovers.clear(home=home, directories=[postgres.data(home), redis_server.data(home)])
