"""Enforcement: the same decision as everybody's, for what is due (2-lifecycle.md, "Enforcement").

A sweep lets time have its effect in batches, oldest first. While nobody who is chatting is due it goes on with what may
take longer, step by step, and looks again after each: policies on their way, sessions that have ended, transcripts that
are over.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import chain, islice

import structlog
from django.db import connection, connections

from portal.lib.outages import is_of_the_database
from sessions_app.actions import retention, rollout, sweep_log, ticking
from sessions_app.actions.sweep_log import By
from sessions_app.queries import due

BATCH = {"worker": 500, "web": 100}  # a web process has chats to attend to
ENDED = {"worker": 200, "web": 50}  # of a chat's earlier sessions: its lock is another one's then
ENOUGH = {"worker": 5.0, "web": 0.5}  # seconds that a sweep goes on; the next one is a second away
THIN_BEFORE_A_LOOK = 10  # transactions of retention
APART = timedelta(seconds=0.5)  # several beats: a sweep that finds another one just began has nothing to do
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Swept:
    """How many sessions were done, and how late the oldest of them was noticed."""

    handled: int = 0
    lateness: timedelta | None = None

    def __add__(self, other: "Swept") -> "Swept":
        late = [each for each in (self.lateness, other.lateness) if each is not None]
        return Swept(self.handled + other.handled, max(late, default=None))


def sweep(*, by: By = "worker") -> Swept:
    """Let time have its effect wherever it is due. Several sweeps at once share the work; one that dies has done
    whole batches or nothing of them."""
    begun = sweep_log.begin(by=by)
    return _go_on(begun, by) if begun else Swept()


def sweep_in_turn(*, by: By = "worker") -> Swept | None:
    """The same, unless another sweep of its kind has just begun, or workers do what a web process need not; None then.
    For those who call it again and again."""
    begun = sweep_log.begin(by=by, apart=APART)
    return _go_on(begun, by) if begun else None


def _go_on(begun: sweep_log.Begun, by: By) -> Swept:
    if not any(begun):
        return Swept()
    run = _Run(by)
    run.go_on()
    sweep_log.finish(by=by, took=run.took, handled=run.swept.handled, worst=run.swept.lateness)
    return run.swept


@dataclass(slots=True)
class _Run:
    by: By
    swept: Swept = field(default_factory=Swept)
    began: float = field(default_factory=time.monotonic)

    @property
    def took(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.began)

    @property
    def over(self) -> bool:
        return self.took.total_seconds() >= ENOUGH[self.by]

    def go_on(self) -> None:
        longer = chain(rollout.steps(), self._what_has_ended())
        while not self.over:
            if self._look(due.due, limit=BATCH[self.by]):
                self._two_at_once()
            elif not _step(longer):
                break

    def _look(self, take: ticking.Take, *, limit: int) -> bool:
        """Whether there may be more of what was taken."""
        found = ticking.batch(take, limit=limit)
        sweep_log.noticed(found.late)
        self.swept += Swept(len(found.late), max(found.late, default=None))
        return found.taken == limit

    def _two_at_once(self) -> None:
        """Very much is due: while the database writes for one, another one decides."""
        if self.by != "worker" or connection.in_atomic_block:
            return
        other = _Run(self.by, began=self.began)
        with ThreadPoolExecutor(1, thread_name_prefix="sweep") as pool:
            theirs = pool.submit(other._until_no_more)
            self._until_no_more(release=False)
            theirs.result()
        self.swept += other.swept

    def _until_no_more(self, *, release: bool = True) -> None:
        try:
            while not self.over and self._look(due.due, limit=BATCH[self.by]):
                pass
        finally:
            if release:
                connections.close_all()

    def _what_has_ended(self) -> Iterator[bool]:
        """Archive and erase. Transcripts go a little at a time, and then the sessions they were of are told so."""
        thinning = retention.steps()
        thinned = True
        while thinned:
            while self._look(due.ended, limit=ENDED[self.by]):
                yield True
            thinned = False
            for _ in islice(thinning, THIN_BEFORE_A_LOOK):
                yield (thinned := True)


def _step(longer: Iterator[object]) -> bool:
    """Take the next step of what may take longer; whether there was one. What breaks there does not stop the sweep."""
    try:
        return next(longer, None) is not None
    except Exception as error:
        if is_of_the_database(error):
            raise
        log.exception("a step of the sweep failed")
        return True
