"""From the history back to the facts: the proof that the history is complete (4-architecture.md, "Laws of the core").

What is work in progress, not history, is left out of a replay: unanswered turns and what they hold open.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Event, Message
from sessions_app.core.facts import EndReason, Facts, State

NOT_REPLAYED = ("row_version", "unanswered", "busy_until")


def replay(identity: Facts, *, events: Iterable[Event], messages: Iterable[Message]) -> Facts:
    """The facts of one session from its events (in the order written) and its messages (by `seq`).

    Of `identity` only what never changes is taken: ids, channel, version, policy, start.
    """
    facts = _fresh(identity)
    lines: list[tuple[tuple[int, int, int], Event | Message]] = []
    lines += [((event.seq, 1, place), event) for place, event in enumerate(events)]
    lines += [((message.seq, 0, 0), message) for message in messages]
    held_next = False
    for _, line in sorted(lines, key=lambda pair: pair[0]):
        if isinstance(line, Event):
            facts = _apply_event(facts, line)
            held_next = line.type == "session.held"
        else:
            facts = _apply_message(facts, line, held=held_next)
            held_next = False
    return facts


def same(replayed: Facts, present: Facts) -> bool:
    """Whether a replay gives the present facts."""
    return replayed == replace(present, **{name: getattr(replayed, name) for name in NOT_REPLAYED})


def _fresh(identity: Facts) -> Facts:
    kept = {
        name: getattr(identity, name)
        for name in (
            *("id", "thread", "agent", "user", "version", "channel", "language", "locale", "started_at"),
            *("policy", "policy_id", "policy_version", "policy_effective_at"),
        )
    }
    return Facts(**kept, inactive_since=identity.started_at)


def _apply_message(facts: Facts, message: Message, *, held: bool) -> Facts:
    if message.kind is Kind.DIVIDER:
        return facts
    facts = replace(facts, messages=facts.messages + 1)
    if held or not message.interaction:
        return facts
    return _turn(facts, message.at) if message.sender is Sender.USER else _interaction(facts, message.at)


def _turn(facts: Facts, at: datetime) -> Facts:
    conversations = facts.conversations + (facts.user_turns == 0 or facts.idled)
    turned = replace(facts, user_turns=facts.user_turns + 1, conversations=conversations, idled=False)
    return _interaction(turned, at)


def _interaction(facts: Facts, at: datetime) -> Facts:
    return replace(
        facts,
        state=State.LIVE,
        inactive_since=at,
        last_interaction_at=at,
        interactions=facts.interactions + 1,
    )


def _apply_event(facts: Facts, event: Event) -> Facts:
    match event.type:
        case "session.started":
            return replace(facts, language=event.detail["language"], locale=event.detail["locale"])
        case "session.idle":
            return replace(facts, state=State.IDLE, idled=True)
        case "session.paused":
            return replace(facts, state=State.PAUSED, paused_at=event.at)
        case "session.held":
            return replace(facts, held=facts.held + 1)
        case "session.resumed":
            return _resumed(facts, event)
        case "session.ended":
            return replace(_unpaused(facts, event.at), **_ended(event))
        case "session.data_changed" if "language" in event.detail:
            return replace(facts, language=event.detail["language"])
    return facts


def _resumed(facts: Facts, event: Event) -> Facts:
    """The held messages count as of now; without any, the state is the one before the pause."""
    held = facts.held
    assert facts.paused_at is not None, "a pause has a beginning"
    pause = event.at - facts.paused_at
    state = State(event.detail["state"])
    facts = replace(_unpaused(facts, event.at), inactive_since=facts.inactive_since + pause, state=state, held=0)
    for _ in range(held):
        facts = _turn(facts, event.at)
    return facts


def _unpaused(facts: Facts, at: datetime) -> Facts:
    pause = at - facts.paused_at if facts.paused_at else timedelta(0)
    return replace(facts, paused_at=None, paused_for=facts.paused_for + pause)


def _ended(event: Event) -> Mapping[str, Any]:
    return {
        "state": State.ENDED,
        "ended_at": event.at,
        "end_reason": EndReason(event.detail["reason"]),
        "silent": event.detail["silent"],
    }
