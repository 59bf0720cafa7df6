"""Enforcement: the same decision as everybody's, for what is due (2-lifecycle.md, "Enforcement").

A sweep lets time have its effect in batches, oldest first. While nothing is due it goes on with what may take longer,
step by step, and looks again after each: transcripts that are over, and policies on their way to open sessions.
"""

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
from uuid import UUID

import structlog
from django.db import transaction

from sessions_app.actions import retention, rollout, sweep_log, ticking
from sessions_app.actions._apply import apply
from sessions_app.actions.sweep_log import By
from sessions_app.core.commands import Tick
from sessions_app.queries import due

BATCH = {"worker": 500, "web": 100}  # a web process has chats to attend to
ENOUGH = {"worker": 5.0, "web": 0.5}  # seconds that a sweep goes on; the next one is a second away
APART = timedelta(seconds=0.5)  # several beats: a sweep that finds another one just began has nothing to do
log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Swept:
    """How many sessions were done, and how late the oldest of them was noticed."""

    handled: int = 0
    lateness: timedelta | None = None

    def add(self, late: Collection[timedelta]) -> None:
        self.handled += len(late)
        self.lateness = max((each for each in (*late, self.lateness) if each is not None), default=None)


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
    swept = Swept()
    if not any(begun):
        return swept
    began = time.monotonic()
    longer = chain(rollout.steps(), retention.steps())
    while time.monotonic() - began < ENOUGH[by]:
        taken, late = _sweep_batch(limit=BATCH[by])
        swept.add(late)
        if taken < BATCH[by] and not _step(longer):
            break
    took = timedelta(seconds=time.monotonic() - began)
    sweep_log.finish(by=by, took=took, handled=swept.handled, worst=swept.lateness)
    return swept


def _sweep_batch(*, limit: int) -> tuple[int, list[timedelta]]:
    """How many sessions were due, and how late each was that could be done."""
    clean: list[UUID] = []
    try:
        with transaction.atomic():
            found = due.due(limit=limit)
            clean = [id for id in found.sessions if id not in found.failing]
            apply([Tick(session=id) for id in clean])
    except Exception as error:
        if not clean or ticking.is_of_the_database(error):
            raise
        clean = ticking.in_halves(clean, error)
    done = clean + [id for id in found.failing if _try_again(id)]
    late = [found.late[id] for id in done]
    sweep_log.noticed(late)
    return len(found.late), late


def _try_again(session: UUID) -> bool:
    """One that could not be done before stands alone: it has held up others once."""
    if not ticking.tick([session]):
        return False
    sweep_log.succeeded([session])
    return True


def _step(longer: Iterator[object]) -> bool:
    """Take the next step of what may take longer; whether there was one. What breaks there does not stop the sweep."""
    try:
        return next(longer, None) is not None
    except Exception as error:
        if ticking.is_of_the_database(error):
            raise
        log.exception("a step of the sweep failed")
        return True
