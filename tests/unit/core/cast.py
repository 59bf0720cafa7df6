"""One user's chats on one day, with the clock in the test's hand: commands at exact instants, and all that was written.

The shop's agent answers in the first chat; billing is where its users may go to.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.agents.core.platforms import Platform
from sessions_app.core import clocks, data, deadlines, lifecycle
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.data import Stored
from sessions_app.core.decision import Decision, Event, Message
from sessions_app.core.facts import (
    Agent,
    Around,
    EndReason,
    Facts,
    InForce,
    Prompt,
    Seat,
    State,
    Thread,
)
from sessions_app.core.policy import Policy, Reach, default_policy

TODAY = date(2026, 11, 21)
CX = default_policy(Platform.DIALOGFLOW_CX)  # duration 30, idle 30, cap 240 minutes
INTENT = Prompt(kind="intent", event="welcome")
PRESET = Prompt(kind="preset", text="Hello, what can I do for you?")
NO_PROMPT = Prompt(kind="none")
SHOP, BILLING = 1, 2
MICROSECOND, SECOND = timedelta(microseconds=1), timedelta(seconds=1)
HANNA, OTTO = c.account_actor(7), c.account_actor(8)  # people who talk instead of the bot
TRIES = 20  # of a command that other sessions are in the way of


def at(clock: str) -> datetime:
    """An instant of the day: "10:05", "10:05:30" or "10:05:30.000001"."""
    return datetime.combine(TODAY, time.fromisoformat(clock), UTC)


def instant(when: str | datetime) -> datetime:
    return at(when) if isinstance(when, str) else when


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def days(count: float) -> timedelta:
    return timedelta(days=count)


def policy(**changes: Any) -> Policy:
    return replace(CX, **changes)


def agent(**about: Any) -> Agent:
    """The shop's, unless said otherwise."""
    usual: dict[str, Any] = {
        "id": SHOP,
        "slug": "shop",
        "name": "Shop",
        "languages": ("en", "de", "pt-BR"),
        "default_language": "en",
        "prompt": NO_PROMPT,
        "answers": True,
        "active": True,
        "policy": CX,
        "policy_id": 40,
        "policy_version": 4,
        "model": "small",
        "models": ("large",),
        "transfer_targets": ("billing",),
    }
    return Agent(**usual | about)


def billing(**about: Any) -> Agent:
    usual = {"id": BILLING, "slug": "billing", "name": "Billing", "languages": ("en", "fr"), "transfer_targets": ()}
    return agent(**usual | {"policy_id": 70, "policy_version": 7} | about)


class Portal:
    """Agents and the chats of one user with them, kept the way the database keeps them."""

    def __init__(self, *agents: Agent) -> None:
        self.agents = {agent.id: agent for agent in agents}
        self.user = uuid4()
        self.chats: list[Chat] = []
        self.variables: dict[UUID, Stored] = {}

    def changes(self, agent: int = SHOP, **values: Any) -> None:
        """Something about an agent is set, for all its chats."""
        self.agents[agent] = replace(self.agents[agent], **values)

    def saves(self, when: str | datetime, policy: Policy, *, agent: int = SHOP, reach: Reach = Reach.RUNNING) -> None:
        """The next version of an agent's policy. Nobody is told: sessions follow when something is done to them."""
        was = self.agents[agent]
        id, version = was.policy_id + 1, was.policy_version + 1
        running = was.running
        if reach is Reach.RUNNING:
            running = InForce(policy=policy, id=id, version=version, since=instant(when))
        self.changes(agent, policy=policy, policy_id=id, policy_version=version, running=running)

    def sweeps(self, when: str | datetime) -> None:
        """What is due, of all chats."""
        now = instant(when)
        for chat in self.chats:
            for facts in list(chat.sessions.values()):
                due = deadlines.next_due(facts, self.kept_under(facts))
                if due is not None and due <= now:
                    chat.do(c.Tick(session=facts.id), now)

    def kept_under(self, facts: Facts) -> InForce:
        return self.agents[facts.agent].keeps(facts)

    def around(self, now: datetime) -> Around:
        seats = {(self.user, agent): tuple(self._seats(agent, now)) for agent in self.agents}
        return Around(agents=self.agents, seats=seats, data=self.variables)

    def _seats(self, agent: int, now: datetime) -> Iterable[Seat]:
        for facts in self.sessions():
            if facts.version != "LIVE":
                continue
            if facts.agent == agent and facts.is_open:
                busy = facts.busy_until is not None and facts.busy_until > now
                paused = facts.state is State.PAUSED
                until = None if paused else deadlines.ends_at(facts)
                fixed = paused or facts.in_live_chat or busy
                yield _seat(facts, until=until, policy_version=facts.policy_version, fixed=fixed)
            if facts.pending_to == agent:
                yield _seat(facts, until=facts.pending_until, policy_version=None, fixed=True)

    def sessions(self) -> list[Facts]:
        return [facts for chat in self.chats for facts in chat.sessions.values()]

    def chat_of(self, session: UUID | None) -> "Chat":
        return next(chat for chat in self.chats if session in chat.sessions)


def _seat(facts: Facts, **about: Any) -> Seat:
    return Seat(session=facts.id, thread=facts.thread, inactive_since=facts.inactive_since, **about)


class Chat:
    """A thread over its sessions. Deeds take an instant, as "10:05" or exact."""

    def __init__(self, portal: Portal | None = None, *, with_agent: int = SHOP, **about_shop: Any) -> None:
        self.portal = portal or Portal(agent(**about_shop), billing())
        self.portal.chats.append(self)
        self.thread = Thread(id=uuid4(), user=self.portal.user, agent=self.portal.agents[with_agent])
        self.sessions: dict[UUID, Facts] = {}
        self.messages: list[Message] = []
        self.events: list[Event] = []
        self.erased: list[Message] = []  # messages that are kept no longer
        self.waiting: list[UUID] = []  # turns the bot has not answered, oldest first
        self.asked_in: dict[UUID, UUID] = {}  # turn → the session in which it is answered

    # ── doing, as the write path does ────────────────────────────────────────────────────────────────────────────────
    def do(self, command: c.Command, when: str | datetime) -> Decision:
        """Where other sessions are in the way, they are dealt with first."""
        now = instant(when)
        decision = self.decide(command, now)
        for _ in range(TRIES):
            if decision.result != "again":
                break
            assert decision.first, "with all places in view, something has to be in the way"
            for first in decision.first:
                self.portal.chat_of(first.session).do(first, now)
            decision = self.decide(command, now)
        assert decision.result != "again", "one user's sessions do not stay in each other's way"
        self._keep(decision)
        return decision

    def decide(self, command: c.Command, when: str | datetime) -> Decision:
        """What would come of it. Nothing is kept."""
        now = instant(when)
        thread = replace(self.thread, agent=self.portal.agents[self.thread.agent.id])
        return lifecycle.decide(thread, command, now, aimed=self._aimed(command), around=self.portal.around(now))

    def _aimed(self, command: c.Command) -> Facts | None:
        if command.session is None or command.session == self.session.id:
            return None
        return self.sessions[command.session]

    def _keep(self, decision: Decision) -> None:
        if decision.shifted:
            self._shift(*decision.shifted)
        self.thread = decision.thread
        self.sessions |= decision.sessions
        self.messages += decision.messages
        self.events += (_stored(event) for event in decision.events)
        if decision.released is not None:
            self._release(*decision.released)
        said_in = {message.id: message.session for message in decision.messages}
        for turn in decision.turns:
            self._ask(turn, said_in[turn])
        self._keep_data(decision)
        for session in decision.erased_transcripts:
            self._erase(session)

    def _shift(self, session: UUID, by: timedelta) -> None:
        """What was stored before moves; what comes with the decision has moved already."""
        for place, message in enumerate(self.messages):
            if message.session == session:
                self.messages[place] = message.moved(by)
        self.events = [replace(event, at=event.at - by) if event.session == session else event for event in self.events]

    def _release(self, held_in: UUID, answered_in: UUID) -> None:
        """The rows of held messages become rows of interactions, and turns where a bot answers."""
        for place, message in enumerate(self.messages):
            if message.session == held_in and message.held:
                self.messages[place] = replace(message, held=False, interaction=True)
                if self.thread.agent.answers:
                    self._ask(message.id, answered_in)

    def _ask(self, turn: UUID, session: UUID) -> None:
        self.waiting.append(turn)
        self.asked_in[turn] = session

    def _keep_data(self, decision: Decision) -> None:
        variables = self.portal.variables
        for change in decision.data:
            variables[change.session] = data.after(variables.get(change.session, data.NOTHING), change)
        if decision.carried is not None and decision.carried[0] in variables:
            variables[decision.carried[1]] = variables[decision.carried[0]]
        for session in decision.erased_data:
            variables.pop(session, None)

    def _erase(self, session: UUID) -> None:
        gone = [message for message in self.messages if message.session == session]
        self.erased += gone
        self.messages = [message for message in self.messages if message.session != session]
        self.waiting = [turn for turn in self.waiting if turn not in {message.id for message in gone}]

    # ── deeds ────────────────────────────────────────────────────────────────────────────────────────────────────────
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
        return self.do(c.Answer(session=self.asked_in[turn], actor=c.BOT, turn=turn, messages=said, **values), when)

    def talks(self, *instants: str) -> "Chat":
        """User turns, each answered at once. A chat that has not begun is opened with the first."""
        for when in instants:
            if self.thread.session is None:
                self.starts(when)
            self.says(when)
            while self.waiting:
                self.answers(when, "Hello")
        return self

    def pauses(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.Pause(actor=c.USER, **values), when)

    def resumes(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.Resume(actor=c.USER, **values), when)

    def extends(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.Extend(actor=c.USER, **values), when)

    def ends(self, when: str | datetime, end_reason: EndReason = EndReason.USER_ENDED, **values: Any) -> Decision:
        return self.do(c.End(actor=c.USER, end_reason=end_reason, **values), when)

    def clears(self, when: str | datetime, **values: Any) -> Decision:
        return self.do(c.ClearHistory(actor=c.USER, **values), when)

    def transfers(self, when: str | datetime, target: int = BILLING, **values: Any) -> Decision:
        return self.do(c.Transfer(**{"actor": c.USER, "target": target} | values), when)

    def calls_off(self, when: str | datetime, **values: Any) -> Decision:
        """The transfer."""
        return self.do(c.CancelTransfer(actor=c.USER, **values), when)

    def taken_over(self, when: str | datetime, by: str = HANNA, **values: Any) -> Decision:
        return self.do(c.TakeOver(actor=by, **values), when)

    def handed_back(self, when: str | datetime, by: str = HANNA, **values: Any) -> Decision:
        return self.do(c.HandBack(actor=by, **values), when)

    def runs_on(self, when: str | datetime, model: str | None, **values: Any) -> Decision:
        return self.do(c.SetModel(actor=HANNA, model=model, **values), when)

    def notes(self, when: str | datetime, **patch: Any) -> Decision:
        """Variables are set; None removes one."""
        return self.do(c.ChangeData(actor=c.BOT, session=self.session.id, patch=patch), when)

    def fast_forwards(self, when: str | datetime, by: timedelta, **values: Any) -> Decision:
        return self.do(c.FastForward(actor=HANNA, by=by, **values), when)

    def sweeps(self, when: str | datetime) -> Decision:
        return self.do(c.Tick(), when)

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────
    def looks(self, when: str | datetime) -> Facts:
        """The latest session as anybody sees it at that instant. Looking writes nothing."""
        return clocks.as_of(self.session, instant(when))

    @property
    def session(self) -> Facts:
        """The latest session, as stored."""
        assert self.thread.session is not None, "no session was started"
        return self.thread.session

    @property
    def first(self) -> Facts:
        """The first session, as stored."""
        return next(iter(self.sessions.values()))

    def due(self, facts: Facts | None = None) -> datetime | None:
        facts = facts or self.session
        return deadlines.next_due(facts, self.portal.kept_under(facts))

    def types(self, session: Facts | None = None) -> list[str]:
        """The timeline, of one session or of all: "idle 10:35:00", …"""
        told = [event for event in self.events if session is None or event.session == session.id]
        return [f"{event.type.removeprefix('session.')} {event.at.time().isoformat()}" for event in told]

    def view(self) -> list[str]:
        """What the user reads now, line by line: dividers by their text key, events by their name in brackets."""
        return transcript(message for message in self.messages if message.seq > self.thread.cleared_seq)


def told(decision: Decision) -> list[str]:
    """What a decision adds to the timeline, without its instants."""
    return [event.type.removeprefix("session.") for event in decision.events]


def transcript(messages: Iterable[Message]) -> list[str]:
    return [_line(message) for message in messages]


def _line(message: Message) -> str:
    if message.kind is Kind.DIVIDER:
        return f"── {message.text_key}"
    return f"[{message.event}]" if message.kind is Kind.EVENT else f"{message.sender}: {message.text}"


def _stored(event: Event) -> Event:
    """As it comes back from the database: what the detail says must survive JSON."""
    return replace(event, detail=json.loads(json.dumps(dict(event.detail))))
