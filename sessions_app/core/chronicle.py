"""What each line of a session's history did to its clocks (7-screens.md, 17): the replay says, nothing else."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sessions_app.core import deadlines, replay
from sessions_app.core.commands import Kind
from sessions_app.core.decision import Event, Message
from sessions_app.core.facts import Facts, State
from sessions_app.core.policy import Policy
from sessions_app.core.replay import Line
from sessions_app.core.values import replace


class Clocks(NamedTuple):
    """The deadlines of one moment; None where there are none, and for `idle_at` where the end comes first."""

    idle_at: datetime | None
    ends_at: datetime | None


STOPPED = Clocks(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A line with the clocks before and after it."""

    line: Line
    before: Clocks
    after: Clocks
    state: State  # after it

    @property
    def moved(self) -> bool:
        return self.before != self.after


def moments(
    identity: Facts,
    *,
    events: Iterable[Event],
    messages: Iterable[Message],
    policies: Mapping[int, Policy],
    answers: bool,
) -> Iterator[Moment]:
    """All lines, in order. `policies` by version: the clocks run under the one that was in force then."""
    before = STOPPED
    for step in replay.steps(identity, events=events, messages=messages, answers=answers):
        after = before if step.after is step.before else clocks(step.after, policies)
        yield Moment(line=step.line, before=before, after=after, state=step.after.state)
        before = after


def clocks(facts: Facts, policies: Mapping[int, Policy]) -> Clocks:
    """None of both before the start, while paused and after the end."""
    policy = policies.get(facts.policy_version)
    if policy is None or facts.state not in (State.LIVE, State.IDLE):
        return STOPPED
    then = replace(facts, policy=policy)
    idle_at, ends_at = deadlines.idle_at(then), deadlines.ends_at(then)
    return Clocks(idle_at if idle_at <= ends_at else None, ends_at)


def is_whole(present: Facts, messages: Iterable[Message]) -> bool:
    """Whether all messages are still there that the session has counted: the replay needs each of them."""
    return sum(message.kind is not Kind.DIVIDER for message in messages) >= present.messages
