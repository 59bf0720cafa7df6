"""The one write path (4-architecture.md, "The write path").

Lock, ask the clock, decide each command on what the ones before it left, write, publish on commit. The number of
statements does not depend on the number of commands.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from django.db import transaction

from sessions_app.actions import _batch, _publish
from sessions_app.actions._batch import Batch, Outcome
from sessions_app.actions._load import load
from sessions_app.core.commands import Command
from sessions_app.core.decision import Refusal

__all__ = ["Outcome", "apply"]

ROUNDS = 20  # tries of a command that other sessions are in the way of
Record = Callable[[Sequence[Outcome]], None]


def apply(commands: Sequence[Command], *, record: Record | None = None) -> list[Outcome]:
    """Do the commands, in order, in one transaction; one outcome each. A refused one does not hold up the others.

    `record` is called in that transaction, for what belongs to the deed, as its line in the audit log. Where the limit
    of open sessions needs other sessions to be dealt with, everything is let go first, and the commands that wait for
    it come in a transaction of their own.
    """
    if not commands:
        return []
    outcomes, in_the_way = _apply(commands, record)
    for _ in range(ROUNDS):
        waiting = [place for place, outcome in enumerate(outcomes) if outcome.result == "again"]
        if not waiting:
            return outcomes
        apply(in_the_way)
        decided, in_the_way = _apply([commands[place] for place in waiting], record)
        for place, outcome in zip(waiting, decided, strict=True):
            outcomes[place] = outcome
    return [_given_up(outcome) if outcome.result == "again" else outcome for outcome in outcomes]


def _given_up(outcome: Outcome) -> Outcome:
    """Others were quicker every time."""
    return replace(outcome, result=Refusal.SESSION_LIMIT_REACHED)


def _apply(commands: Sequence[Command], record: Record | None) -> tuple[list[Outcome], list[Command]]:
    """One transaction: the outcomes, and what has to be done before those that say "again"."""
    with transaction.atomic():
        loaded, threads = load(commands)
        batch = Batch(loaded, dict(loaded.known), set(loaded.open_turns))
        outcomes = [_batch.decide(batch, command, thread) for command, thread in zip(commands, threads, strict=True)]
        asked = _batch.write(batch)
        if record is not None:
            record([outcome for outcome in outcomes if outcome.result != "again"])
        transaction.on_commit(
            partial(
                _publish.publish,
                changed=list(batch.changed.values()),
                before=loaded.before,
                asked=asked,
                commit=apply,
            )
        )
    return outcomes, batch.in_the_way
