"""One runner per home: a lock that the system lets go of when its holder dies, however it dies."""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path
from typing import IO


class Taken(SystemExit):
    """Another process holds this home."""


@contextlib.contextmanager
def held(home: Path) -> Iterator[None]:
    """Hold `home` (made when missing) for the length of the block; raise `Taken` when another process has it."""
    with _lock_file(home) as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Taken(f"Portal is already running on {home}: stop it first, or set another PORTAL_HOME.") from None
        yield


@contextlib.contextmanager
def waiting(home: Path) -> Iterator[None]:
    """Hold `home` for the length of the block, as soon as nobody else does."""
    with _lock_file(home) as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def _lock_file(home: Path) -> IO[str]:
    # For a record lock, not `flock`: what the runner forks does not inherit it, so a killed runner leaves none behind.
    home.mkdir(parents=True, exist_ok=True)
    return (home / "lock").open("a")
