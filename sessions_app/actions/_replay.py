"""What was asked of a thread, and what its bot answered, decided again at the instants of then."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from heapq import heappop, heappush
from itertools import count
from typing import NamedTuple, cast
from uuid import UUID

from portal.agents.models import Agent
from sessions_app.actions import _batch, turns
from sessions_app.actions._batch import Batch
from sessions_app.core import facts as f
from sessions_app.core.commands import Command, Tick
from sessions_app.core.decision import Message
from sessions_app.engines import understanding
from sessions_app.engines.turn import Kind, Reply, Turn

Step = tuple[datetime, Command]


class Answered(NamedTuple):
    """What the bot replied to a turn, and how long that took it."""

    reply: Reply
    after: timedelta


Bot = Callable[[Turn], Answered]


@dataclass(slots=True)
class Replay:
    """Plays the threads of one agent into a batch, one after the other.

    `eras` are the agent as the lifecycle saw it, with the instant from which it was so, in order. Nothing happens after
    `until`.
    """

    batch: Batch
    agent: Agent
    eras: Sequence[tuple[datetime, f.Agent]]
    bot: Bot
    until: datetime
    said: dict[UUID, Message] = field(default_factory=dict)

    def play(self, thread: UUID, steps: Sequence[Step], *, user_name: str) -> None:
        """The steps at their instants, each answer after its turn and after the one before it; at last, time itself."""
        line = [(at, place, command) for place, (at, command) in enumerate(steps)]  # in order, so a heap already
        places, free_at, known = count(len(line)), line[0][0], len(self.batch.started)
        while line:
            at, _, command = heappop(line)
            for message in self._do(thread, at, command):
                turn = self._turn(message, user_name, returning=len(self.batch.started) > known + 1)
                answered = self.bot(turn)
                free_at = min(max(at, free_at) + answered.after, self.until)
                understood = understanding.of(turn, answered.reply)
                answer = turns.answer(answered.reply, turn=message.id, session=message.session, understood=understood)
                heappush(line, (free_at, next(places), answer))
        self._do(thread, self.until, Tick())

    def _do(self, thread: UUID, at: datetime, command: Command) -> list[Message]:
        """Decide one command as of then. Returns what is put to the bot because of it."""
        batch, loaded = self.batch, self.batch.loaded
        lines, asked = len(batch.messages), len(batch.turns)
        loaded.now = at
        agent = self._agent(at)
        if loaded.threads[thread].agent is not agent:
            loaded.threads[thread] = replace(loaded.threads[thread], agent=agent)
        _batch.decide(batch, replace(command, thread=thread), thread)
        self.said |= {message.id: message for _, message in batch.messages[lines:]}
        turns_now = [self.said[id] for id, _, _ in batch.turns[asked:]]
        batch.open_turns |= {message.id for message in turns_now}
        return turns_now

    def _agent(self, at: datetime) -> f.Agent:
        """The earliest stands for what was before it."""
        return self.eras[max(bisect_right(self.eras, at, key=lambda era: era[0]) - 1, 0)][1]

    def _turn(self, message: Message, user_name: str, *, returning: bool) -> Turn:
        session = self.batch.loaded.sessions[message.session]
        return Turn(
            agent_slug=self.agent.slug,
            session_id=str(session.id),
            language=session.language,
            default_language=self.agent.default_language,
            kind=cast(Kind, message.kind.value),
            text=message.text,
            event=message.event,
            payload=message.payload,
            user_name=user_name,
            returning=returning,
            script=self.agent.script,
        )
