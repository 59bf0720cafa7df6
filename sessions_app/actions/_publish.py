"""What follows a commit: one hint with the changed ids, and the turns that now wait for the bot."""

from collections.abc import Iterable, Iterator, Mapping
from uuid import UUID

from sessions_app import broadcast
from sessions_app.actions import turns
from sessions_app.core.facts import Facts


def publish(
    *, changed: Iterable[Facts], before: Mapping[UUID, Facts], asked: Iterable[UUID], commit: turns.Commit
) -> None:
    """Called after the commit. `before` are the sessions as they were, `asked` those with new turns."""
    broadcast.announce([hint for facts in changed for hint in _hints(facts, before.get(facts.id))])
    for session in asked:
        turns.nudge(session, commit=commit)


def _hints(now: Facts, before: Facts | None) -> Iterator[broadcast.Changed]:
    """A pending transfer is on the pages of both agents: the other one is told that it is there, and that it is not."""
    agents = [now.agent, now.pending_to, before.pending_to if before else None]
    for agent in dict.fromkeys(agents):
        if agent is not None:
            yield broadcast.Changed(now.id, now.thread, agent)
