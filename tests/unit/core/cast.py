"""One chat on one day, with its clock in the test's hand: commands at exact instants, and all that was written."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.agents.core.platforms import Platform
from sessions_app.core import clocks, lifecycle
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Decision, Event, Message
from sessions_app.core.facts import Agent, EndReason, Facts, Prompt, Thread
from sessions_app.core.policy import Policy, default_policy

TODAY = date(2026, 11, 21)
CX = default_policy(Platform.DIALOGFLOW_CX)  # duration 30, idle 30, cap 240 minutes
INTENT = Prompt(kind="intent", event="welcome")
PRESET = Prompt(kind="preset", text="Hello, what can I do for you?")
NO_PROMPT = Prompt(kind="none")


def at(clock: str) -> datetime:
    """An instant of the day: "10:05", "10:05:30" or "10:05:30.000001"."""
    return datetime.combine(TODAY, time.fromisoformat(clock), UTC)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def policy(**changes: Any) -> Policy:
    return replace(CX, **changes)


def agent(*, prompt: Prompt = NO_PROMPT, policy: Policy = CX, answers: bool = True, active: bool = True) -> Agent:
    return Agent(
        id=1,
        slug="shop",
        name="Shop",
        languages=("en", "de", "pt-BR"),
        default_language="en",
        prompt=prompt,
        answers=answers,
        active=active,
        policy=policy,
        policy_id=40,
        policy_version=4,
    )


class Chat:
    """A thread over its sessions, kept the way the database keeps it. Deeds take an instant, as "10:05" or exact."""

    def __init__(self, **about_agent: Any) -> None:
        self.thread = Thread(id=uuid4(), user=uuid4(), agent=agent(**about_agent))
        self.sessions: dict[UUID, Facts] = {}
        self.messages: list[Message] = []
        self.events: list[Event] = []
        self.waiting: list[UUID] = []  # turns the bot has not answered, oldest first

    def do(self, command: c.Command, when: str | datetime) -> Decision:
        now = at(when) if isinstance(when, str) else when
        decision = lifecycle.decide(self.thread, command, now, aimed=self._aimed(command))
        self.thread = decision.thread
        self.sessions |= decision.sessions
        self.messages += decision.messages
        self.events += (_stored(event) for event in decision.events)
        self.waiting += decision.turns
        if decision.released is not None:
            self._release(decision.released)
        return decision

    def _aimed(self, command: c.Command) -> Facts | None:
        if command.session is None or command.session == self.session.id:
            return None
        return self.sessions[command.session]

    def _release(self, session: UUID) -> None:
        """The rows of held messages become rows of interactions, and turns where a bot answers."""
        for place, message in enumerate(self.messages):
            if message.session == session and message.held:
                self.messages[place] = replace(message, held=False, interaction=True)
                self.waiting += [message.id] if self.thread.agent.answers else []

    def starts(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.Start(actor=c.USER, **values), when)

    def says(self, when: str | datetime, text: str = "hi", *, kind: Kind = Kind.TEXT, **values: Any) -> Decision:
        """A user turn."""
        return self.do(c.Say(actor=c.USER, sender=Sender.USER, kind=kind, text=text, **values), when)

    def hears(self, when: str | datetime, sender: Sender, kind: Kind = Kind.TEXT, **values: Any) -> Decision:
        """A message from another side than the user's."""
        return self.do(c.Say(actor=sender.value, sender=sender, kind=kind, text="well", **values), when)

    def answers(self, when: str | datetime, *texts: str, **values: Any) -> Decision:
        """The bot answers its oldest turn, under the session in which that was asked."""
        turn = self.waiting.pop(0)
        said = tuple(c.BotMessage(text=text) for text in texts)
        asked_in = next(message.session for message in self.messages if message.id == turn)
        return self.do(c.Answer(session=asked_in, actor=c.BOT, turn=turn, messages=said, **values), when)

    def pauses(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.Pause(actor=c.USER, **values), when)

    def resumes(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.Resume(actor=c.USER, **values), when)

    def ends(self, when: str | datetime, end_reason: EndReason = EndReason.USER_ENDED, **values: Any) -> Decision:
        return self.do(c.End(actor=c.USER, end_reason=end_reason, **values), when)

    def clears(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.ClearHistory(actor=c.USER, **values), when)

    def looks(self, when: str | datetime) -> Facts:
        """The latest session as anybody sees it at that instant. Looking writes nothing."""
        return clocks.as_of(self.session, at(when) if isinstance(when, str) else when)

    def sweeps(self, when: str | datetime) -> Decision:
        return self.do(c.Tick(), when)

    @property
    def session(self) -> Facts:
        """The latest session, as stored."""
        assert self.thread.session is not None, "no session was started"
        return self.thread.session

    def types(self, session: Facts | None = None) -> list[str]:
        """The timeline, of one session or of all: "idle 10:35:00", …"""
        told = [event for event in self.events if session is None or event.session == session.id]
        return [f"{event.type.removeprefix('session.')} {event.at.time().isoformat()}" for event in told]

    def view(self) -> list[str]:
        """What the user reads now, line by line: dividers by their text key, events by their name in brackets."""
        return transcript(message for message in self.messages if message.seq > self.thread.cleared_seq)


def transcript(messages: Iterable[Message]) -> list[str]:
    return [_line(message) for message in messages]


def _line(message: Message) -> str:
    if message.kind is Kind.DIVIDER:
        return f"── {message.text_key}"
    return f"[{message.event}]" if message.kind is Kind.EVENT else f"{message.sender}: {message.text}"


def _stored(event: Event) -> Event:
    """As it comes back from the database: what the detail says must survive JSON."""
    return replace(event, detail=json.loads(json.dumps(dict(event.detail))))
