"""The one write path (4-architecture.md, "The write path").

Lock, ask the clock, decide each command on what the ones before it left, write, publish on commit. The number of
statements does not depend on the number of commands.
"""

from collections.abc import Sequence
from functools import partial

from django.db import transaction

from sessions_app.actions import _batch, _publish
from sessions_app.actions._batch import Batch, Outcome
from sessions_app.actions._load import load
from sessions_app.core.commands import Command

__all__ = ["Outcome", "apply"]


def apply(commands: Sequence[Command]) -> list[Outcome]:
    """Do the commands, in order, in one transaction; one outcome each. A refused one does not hold up the others."""
    if not commands:
        return []
    with transaction.atomic():
        loaded, threads = load(commands)
        batch = Batch(loaded, dict(loaded.known), set(loaded.open_turns))
        outcomes = [_batch.decide(batch, command, thread) for command, thread in zip(commands, threads, strict=True)]
        asked = _batch.write(batch)
        transaction.on_commit(
            partial(_publish.publish, changed=list(batch.changed.values()), asked=asked, commit=apply)
        )
    return outcomes
