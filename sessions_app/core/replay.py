"""From the history back to the facts: the proof that it is complete (4-architecture.md, "Laws of the core")."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sessions_app.core.clocks import ANSWER_WITHIN
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Event, Message, touched
from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.values import replace

NOT_REPLAYED = ("row_version",)  # how often the row was written is no history
Line = Event | Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the history, and the facts before and after it (but for `touched_at`)."""

    line: Line
    before: Facts
    after: Facts


def replay(identity: Facts, *, events: Iterable[Event], messages: Iterable[Message], answers: bool) -> Facts:
    """The facts of one session from its events (in the order written) and its messages (by `seq`).

    Of `identity` only what never changes is taken, and the policy that the history names by its version. `answers`:
    Portal puts the turns to a bot.
    """
    told, said = list(events), [message for message in messages if message.session == identity.id]
    facts = _fresh(identity)
    for step in steps(identity, events=told, messages=said, answers=answers):
        facts = step.after
    return replace(facts, touched_at=touched(facts, told, said))


def steps(identity: Facts, *, events: Iterable[Event], messages: Iterable[Message], answers: bool) -> Iterator[Step]:
    """The same, line by line. All messages are of this session."""
    history = _History(_fresh(identity), answers=answers)
    for line in _in_order(list(events), list(messages)):
        before = history.facts
        history.take(line)
        yield Step(line=line, before=before, after=history.facts)


def same(replayed: Facts, present: Facts) -> bool:
    """Whether a replay gives the present facts."""
    return replayed == replace(present, **{name: getattr(replayed, name) for name in NOT_REPLAYED})


def _in_order(events: list[Event], messages: list[Message]) -> list[Line]:
    lines: list[tuple[tuple[int, int, int], Line]] = []
    lines += [((event.seq, 1, place), event) for place, event in enumerate(events)]
    lines += [((message.seq, 0, 0), message) for message in messages]
    return [line for _, line in sorted(lines, key=lambda pair: pair[0])]


def _fresh(identity: Facts) -> Facts:
    kept = {
        name: getattr(identity, name)
        for name in (
            *("id", "thread", "agent", "user", "version", "channel", "language", "locale", "started_at"),
            *("policy", "policy_id"),
        )
    }
    since = identity.started_at
    return Facts(**kept, policy_version=0, policy_effective_at=since, inactive_since=since, touched_at=since)


class _History:
    """Takes one line after the other."""

    def __init__(self, facts: Facts, *, answers: bool) -> None:
        self.facts = facts
        self.answers = answers
        self.held_next = False  # the message after a `session.held`
        self.answered: UUID | None = None  # the turn whose answer is being read

    def take(self, line: Line) -> None:
        if isinstance(line, Event):
            self._event(line)
            self.held_next = line.type == "session.held"
        else:
            self._message(line)
            self.held_next = False

    def _change(self, **values: Any) -> None:
        self.facts = replace(self.facts, **values)

    # ── messages ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def _message(self, message: Message) -> None:
        if message.kind is Kind.DIVIDER:
            return
        self._change(messages=self.facts.messages + 1, transcript_erased_at=None)
        if message.answers is not None and message.answers != self.answered:
            self.answered = message.answers
            self._is_answered(message.at)
        if self.held_next or not message.interaction:
            return
        if message.sender is Sender.USER:
            self._turn()
        self._interaction(message.counted_at)
        self._asked(message.counted_at)

    def _turn(self) -> None:
        facts = self.facts
        conversations = facts.conversations + (facts.user_turns == 0 or facts.idled)
        self._change(user_turns=facts.user_turns + 1, conversations=conversations, idled=False)

    def _interaction(self, at: datetime) -> None:
        interactions = self.facts.interactions + 1
        self._change(state=State.LIVE, inactive_since=at, last_interaction_at=at, interactions=interactions)

    def _asked(self, at: datetime, turns: int = 1) -> None:
        if self.answers and turns:
            first = self.facts.unanswered == 0
            busy = at + ANSWER_WITHIN if first else self.facts.busy_until
            self._change(unanswered=self.facts.unanswered + turns, busy_until=busy)

    def _is_answered(self, at: datetime) -> None:
        facts = self.facts
        if not facts.is_open:
            return
        left = max(facts.unanswered - 1, 0)
        if left:
            self._change(unanswered=left, busy_until=(facts.paused_at or at) + ANSWER_WITHIN)
        else:
            self._change(unanswered=0, busy_until=facts.busy_until if facts.paused_at else at)

    def _held(self, at: datetime, count: int) -> None:
        """Messages that were held count as of the end of the pause."""
        for _ in range(count):
            self._turn()
            self._interaction(at)
        self._asked(at, count)

    # ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def _event(self, event: Event) -> None:
        if event.type in _BY_METHOD:
            _BY_METHOD[event.type](self, event)
        elif event.type in _BY_VALUES:
            self._change(**_BY_VALUES[event.type](event))

    def _is_held(self, _event: Event) -> None:
        self._change(held=self.facts.held + 1)

    def _data_changed(self, event: Event) -> None:
        self._change(language=event.detail.get("language", self.facts.language))

    def _answered_silently(self, event: Event) -> None:
        self._is_answered(event.at)

    def _ended(self, event: Event) -> None:
        detail = event.detail
        self._change(
            **self._unpaused(event.at),
            state=State.ENDED,
            ended_at=event.at,
            end_reason=EndReason(detail["reason"]),
            silent=detail["silent"],
            busy_until=None,
        )

    def _started(self, event: Event) -> None:
        detail = event.detail
        before = UUID(detail["transferred_from"]) if "transferred_from" in detail else None
        self._change(
            language=detail["language"],
            locale=detail["locale"],
            transferred_from=before,
            policy_version=event.policy_version,
        )
        self._held(event.at, detail.get("held", 0))

    def _resumed(self, event: Event) -> None:
        """The held messages count as of now; without any, the state is the one before the pause."""
        facts = self.facts
        assert facts.paused_at is not None, "a pause has a beginning"
        pause, busy = event.at - facts.paused_at, facts.busy_until
        state = State(event.detail["state"])
        self._change(
            **self._unpaused(event.at),
            inactive_since=facts.inactive_since + pause,
            policy_effective_at=event.at if facts.policy_effective_at >= facts.paused_at else facts.policy_effective_at,
            busy_until=busy + pause if busy and busy >= facts.paused_at else busy,
            state=state,
            idled=facts.idled or state is State.IDLE,
            held=0,
        )
        self._held(event.at, facts.held)

    def _handed_back(self, event: Event) -> None:
        self._change(live_chat_by=None, live_chat_since=None)
        by_hand = event.cause == ""  # else the end of the session ended it
        if self.facts.is_open and by_hand:
            self._change(state=State.LIVE, inactive_since=event.at)

    def _unpaused(self, at: datetime) -> dict[str, Any]:
        paused_at = self.facts.paused_at
        pause = at - paused_at if paused_at else timedelta(0)
        return {"paused_at": None, "paused_for": self.facts.paused_for + pause}


_BY_METHOD: Mapping[str, Callable[[_History, Event], None]] = {
    "session.started": _History._started,
    "session.held": _History._is_held,
    "session.resumed": _History._resumed,
    "session.live_chat_ended": _History._handed_back,
    "session.data_changed": _History._data_changed,
    "session.ended": _History._ended,
    "engine.answered": _History._answered_silently,
}
_NOTHING_PENDING = {"pending_to": None, "pending_until": None}
_BY_VALUES: Mapping[str, Callable[[Event], dict[str, Any]]] = {
    "session.idle": lambda _: {"state": State.IDLE, "idled": True},
    "session.active": lambda _: {"state": State.LIVE},
    "session.paused": lambda e: {"state": State.PAUSED, "paused_at": e.at},
    "session.extended": lambda e: {"state": State.LIVE, "inactive_since": e.at},
    "session.transferred": lambda e: {
        "pending_to": e.detail["agent"],
        "pending_until": e.at + timedelta(seconds=e.detail["waits"]),
    },
    "session.transfer_cancelled": lambda _: dict(_NOTHING_PENDING),
    "session.picked_up": lambda e: _NOTHING_PENDING | {"transferred_to": UUID(e.detail["session"]), "held": 0},
    "session.live_chat_started": lambda e: {"live_chat_by": e.actor, "live_chat_since": e.at},
    "session.model_changed": lambda e: {"model_override": e.detail["model"]},
    "session.policy_changed": lambda e: {"policy_version": e.detail["to"], "policy_effective_at": e.at},
    "session.archived": lambda e: {"archived_at": e.at},
    "session.erased": lambda e: {f"{e.detail['what']}_erased_at": e.at},
}
