"""What time and interactions do to a session's clocks. Each takes a draft and the facts, and returns the new facts."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from localization.core.keys import Key
from sessions_app.core import deadlines
from sessions_app.core.commands import PORTAL, Kind, Sender
from sessions_app.core.decision import NOTHING, Draft
from sessions_app.core.facts import LIMITS, EndReason, Facts, InForce, State
from sessions_app.core.policy import EndBehavior
from sessions_app.core.values import replace

ANSWER_WITHIN = timedelta(seconds=60)  # how long an unanswered turn holds a session open


def as_of(facts: Facts, now: datetime) -> Facts:
    """The facts as they are at `now`, for those who only look."""
    if _idle_is_due(facts, now):
        facts = _idle(facts)
    if _end_is_due(facts, now):
        facts = _closed(facts, deadlines.limit_reached(facts), deadlines.ends_at(facts))
    if _is_given_up(facts, now):
        facts = _closed(facts, EndReason.RETENTION, deadlines.given_up_at(facts))
    if facts.pending_until is not None and facts.pending_until <= now:
        facts = replace(facts, pending_to=None, pending_until=None)
    return facts


def tick(draft: Draft, facts: Facts, *, until: datetime) -> Facts:
    """Let time have its effect on an open session: idle, then ended, each stamped with its own deadline."""
    if _idle_is_due(facts, until):
        draft.note(facts, "session.idle", at=deadlines.idle_at(facts), cause="idle_timeout")
        facts = draft.put(_idle(facts))
    if _end_is_due(facts, until):
        return end(draft, facts, reason=deadlines.limit_reached(facts), at=deadlines.ends_at(facts), actor=PORTAL)
    if _is_given_up(facts, until):
        return end(draft, facts, reason=EndReason.RETENTION, at=deadlines.given_up_at(facts), actor=PORTAL)
    return facts


def follow(draft: Draft, facts: Facts, version: InForce) -> Facts:
    """Put an open session under a newer version of the policy. What was due under the old one has happened.

    A policy change never reaches into the past. An idle session whose new deadline is ahead is live again.
    """
    since = in_force_from(facts, version)
    moved = replace(
        facts,
        policy=version.policy,
        policy_id=version.id,
        policy_version=version.version,
        policy_effective_at=since,
    )
    detail = {"from": facts.policy_version, "to": version.version}
    draft.note(moved, "session.policy_changed", at=since, cause="policy_changed", detail=detail)
    if moved.state is State.IDLE and deadlines.idle_at(moved) > since:
        draft.note(moved, "session.active", at=since, cause="policy_changed")
        moved = replace(moved, state=State.LIVE)
    return draft.put(moved)


def in_force_from(facts: Facts, version: InForce) -> datetime:
    """From when a newer version is in force for a session. What was decided while the version was being saved, without
    knowing of it, stays: nothing happens to the session before that."""
    idle = [deadlines.idle_at(facts)] if facts.state is State.IDLE else []
    return max(version.since, facts.started_at, facts.touched_at, *idle)


def _idle_is_due(facts: Facts, now: datetime) -> bool:
    """When both fall on one instant, idle comes first; when the cap comes first, there is no idle."""
    return facts.state is State.LIVE and (at := deadlines.idle_at(facts)) <= now and at <= deadlines.ends_at(facts)


def _end_is_due(facts: Facts, now: datetime) -> bool:
    return facts.state in (State.LIVE, State.IDLE) and deadlines.ends_at(facts) <= now


def _is_given_up(facts: Facts, now: datetime) -> bool:
    """A paused session that nobody has touched for as long as session data is kept."""
    return facts.state is State.PAUSED and deadlines.given_up_at(facts) <= now


def _idle(facts: Facts) -> Facts:
    return replace(facts, state=State.IDLE, idled=True)


def _closed(facts: Facts, reason: EndReason, at: datetime) -> Facts:
    """A limit that is reached without the user having said anything, or during a live chat, ends the session silently;
    the human conversation goes on. When somebody ends the session, that is over, too."""
    limit = reason in LIMITS
    return replace(
        facts,
        state=State.ENDED,
        ended_at=at,
        end_reason=reason,
        silent=limit and (facts.user_turns == 0 or facts.in_live_chat),
        live_chat_by=facts.live_chat_by if limit else None,
        live_chat_since=facts.live_chat_since if limit else None,
        paused_at=None,
        paused_for=facts.paused_for + (at - facts.paused_at if facts.paused_at else timedelta(0)),
        busy_until=None,
    )


def interact(draft: Draft, facts: Facts, *, user_turn: bool, cause: str, actor: str = PORTAL) -> Facts:
    """An interaction: the inactivity clock starts again, and an idle session is live again."""
    if facts.state is State.IDLE:
        draft.note(facts, "session.active", actor=actor, cause=cause)
    values: dict[str, Any] = {
        "state": State.LIVE,
        "inactive_since": draft.now,
        "last_interaction_at": draft.now,
        "interactions": facts.interactions + 1,
    }
    if user_turn:
        values |= {
            "user_turns": facts.user_turns + 1,
            "conversations": facts.conversations + (facts.user_turns == 0 or facts.idled),
            "idled": False,
        }
    return draft.change(facts, **values)


def ask(draft: Draft, facts: Facts, turn: UUID) -> Facts:
    """Put a turn to the bot, behind those it has not answered yet."""
    if not draft.thread.agent.answers:
        return facts
    draft.turns.append(turn)
    first = facts.unanswered == 0
    return draft.change(
        facts, unanswered=facts.unanswered + 1, busy_until=draft.now + ANSWER_WITHIN if first else facts.busy_until
    )


def answered(draft: Draft, facts: Facts) -> Facts:
    """The oldest turn was answered: the next one is put to the bot, or the bot is free.

    In a pause the clock stands, and an answer takes nothing of the time that was left.
    """
    left = max(facts.unanswered - 1, 0)
    if left:
        busy: datetime | None = (facts.paused_at or draft.now) + ANSWER_WITHIN
    else:
        busy = facts.busy_until if facts.paused_at else draft.now
    return draft.change(facts, unanswered=left, busy_until=busy)


def unpause(draft: Draft, facts: Facts) -> Facts:
    """Stop the pause."""
    return draft.put(resumed(facts, draft.now))


def resumed(facts: Facts, now: datetime) -> Facts:
    """A paused session as it is when the pause stops at `now`: exactly the time that was left is left. A policy that
    came into force during the pause finds the clocks as they stood: what it leaves no time for ends now, not before."""
    assert facts.paused_at is not None, "a paused session knows since when"
    pause = now - facts.paused_at
    busy = facts.busy_until
    running = replace(
        facts,
        policy_effective_at=now if facts.policy_effective_at >= facts.paused_at else facts.policy_effective_at,
        paused_at=None,
        paused_for=facts.paused_for + pause,
        inactive_since=facts.inactive_since + pause,
        busy_until=busy + pause if busy and busy >= facts.paused_at else busy,
        state=State.LIVE,
    )
    return _idle(running) if deadlines.idle_at(running) <= now else running


def end(
    draft: Draft,
    facts: Facts,
    *,
    reason: EndReason,
    at: datetime,
    actor: str,
    given: str = "",
    names: Mapping[str, str] = NOTHING,
) -> Facts:
    """Close the session, and show the user what its policy says they see (2-lifecycle.md, "What the user sees…").

    `names` fill the divider's placeholders.
    """
    if facts.in_live_chat and reason not in LIMITS:
        draft.note(facts, "session.live_chat_ended", at=at, actor=actor, cause=reason.value)
    facts = draft.put(_closed(facts, reason, at))
    detail = {"reason": reason.value, "silent": facts.silent} | ({"given": given} if given else {})
    draft.note(facts, "session.ended", at=at, actor=actor, cause=reason.value, detail=detail)
    if not facts.silent:
        _show_end(draft, facts, reason=reason, at=at, actor=actor, names=names)
    return draft.now_of(facts)


def _show_end(
    draft: Draft, facts: Facts, *, reason: EndReason, at: datetime, actor: str, names: Mapping[str, str]
) -> None:
    if reason is EndReason.HISTORY_CLEARED:
        clear(draft, facts, at=at, actor=actor)
    elif reason is EndReason.TRANSFERRED:
        divide(draft, facts, text_key=Key.SESSION_TRANSFERRED, at=at, names=names)
    elif reason not in LIMITS:
        divide(draft, facts, text_key=Key.SESSION_ENDED, at=at)
    elif facts.policy.end_behavior is EndBehavior.CLEAR_HISTORY:
        clear(draft, facts, at=at, actor=actor)
    else:
        divide(draft, facts, text_key=Key.SESSION_EXPIRED, at=at)


def divide(draft: Draft, facts: Facts, *, text_key: Key, at: datetime, names: Mapping[str, str] = NOTHING) -> None:
    draft.write(facts, sender=Sender.PORTAL, kind=Kind.DIVIDER, text_key=text_key, at=at, fill=names)
    draft.thread = replace(draft.thread, ends_with_prompt=False)


def clear(draft: Draft, facts: Facts, *, at: datetime, actor: str) -> None:
    """Empty the user's view. The log keeps what was said until retention takes it."""
    draft.thread = replace(draft.thread, cleared_seq=draft.thread.last_seq, ends_with_prompt=False)
    draft.note(facts, "session.cleared", at=at, actor=actor, detail={"seq": draft.thread.last_seq})
