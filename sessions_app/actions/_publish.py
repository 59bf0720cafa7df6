"""What follows a commit: one hint with the changed ids, and the turns that now wait for the bot."""

from collections.abc import Iterable
from uuid import UUID

from sessions_app import broadcast
from sessions_app.actions import turns
from sessions_app.core.facts import Facts


def publish(*, changed: Iterable[Facts], asked: Iterable[UUID], commit: turns.Commit) -> None:
    """Called after the commit. `asked` are sessions with new turns."""
    broadcast.announce([broadcast.Changed(facts.id, facts.thread, facts.agent) for facts in changed])
    for session in asked:
        turns.nudge(session, commit=commit)
