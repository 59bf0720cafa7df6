"""Many at once, who really meet: a row is held until enough of them wait for it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import httpx
from django.db import connection, connections, transaction

from sessions_app.models import ChatSession
from tests.faults.patience import PATIENCE_SECONDS, until

Rows = Sequence[tuple[str, UUID]]  # (table, id)
# Of requests that say something, each of the two web processes has so many at the lock at once; the others share them.
BATCHES = 4


class Deed(threading.Thread):
    """One of the crowd. `result` is what it got, `error` what it raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self.result: Any = None
        self.error: Exception | None = None
        self.start()

    def run(self) -> None:
        try:
            self.result = self._work()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()

    @property
    def failure(self) -> str:
        """What went wrong, as a sentence: it raised, or the API refused it."""
        if self.error is not None:
            return repr(self.error)
        if isinstance(self.result, httpx.Response) and not self.result.is_success:
            return f"{self.result.status_code} {self.result.text}"
        return ""

    def finish(self) -> "Deed":
        self.join(PATIENCE_SECONDS)
        assert not self.is_alive(), "one of the crowd never came to an end"
        return self


def all_of(deeds: Sequence[Deed]) -> list[Deed]:
    """When all have come to an end."""
    return [deed.finish() for deed in deeds]


def together(works: Sequence[Callable[[], Any]], *, at: Rows, waiting: int = BATCHES) -> list[Deed]:
    """Do all of it at once, while somebody holds these rows until so many wait for them."""
    with held(at):
        deeds = [Deed(work) for work in works]
        until_waiting(min(waiting, len(works)))
    return all_of(deeds)


@contextmanager
def held(rows: Rows) -> Iterator[None]:
    """These rows are somebody else's for a while."""
    with transaction.atomic():
        for table, id in rows:
            _lock(table, id)
        yield


def rows_of(session: ChatSession) -> Rows:
    """Everything that a change of a session may wait for, in the order of the locks."""
    return [("chat_thread", session.thread_id), ("chat_session", session.pk), ("chat_user", session.user_id)]


def _lock(table: str, id: UUID) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE id = %s FOR UPDATE", [id])


def all_succeed(deeds: Sequence[Deed]) -> None:
    """None of them raised, and none was refused."""
    assert [deed.failure for deed in all_of(deeds) if deed.failure] == []


def until_waiting(number: int) -> None:
    """Return when so many connections wait for a lock."""
    until(lambda: _how_many_wait() >= number, f"{number} of the crowd wait for the rows")


def _how_many_wait() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])
