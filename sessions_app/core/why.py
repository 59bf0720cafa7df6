"""Why a session is as it is, in one sentence, and what can be done to it now."""

from collections.abc import Callable, Iterator
from datetime import datetime

from portal.lib import durations
from sessions_app.core import deadlines
from sessions_app.core.facts import EndReason, Facts, State

OTHERS = {
    EndReason.USER_ENDED: "the user ended it",
    EndReason.OWNER_ENDED: "the agent's owner ended it",
    EndReason.ADMIN_ENDED: "an admin ended it",
    EndReason.BOT_ENDED: "the bot said the talk is over",
    EndReason.TRANSFERRED: "it was transferred to another agent",
    EndReason.HISTORY_CLEARED: "the history was cleared",
    EndReason.DISPLACED: "a new session of the same user took its place",
    EndReason.RETENTION: "nobody touched it for as long as session data is kept",
    EndReason.ERASED: "the person was erased",
}


def clock_time(instant: datetime) -> str:
    return f"{instant:%H:%M:%S}"


def why(facts: Facts, *, time: Callable[[datetime], str] = clock_time) -> str:
    """E.g. "Ends 10:35:00 after 30 minutes without an interaction (policy v4)". `time` puts an instant into words."""
    version = f"policy v{facts.policy_version}"
    match facts.state:
        case State.ENDED:
            assert facts.ended_at is not None, "an ended session knows when"
            silently = ", silently" if facts.silent else ""
            return f"Ended {time(facts.ended_at)}{silently}: {_reason(facts)} ({version}){_after(facts)}"
        case State.PAUSED:
            assert facts.paused_at is not None, "a paused session knows since when"
            return f"Paused {time(facts.paused_at)}: both clocks stand until it is resumed ({version})"
    return f"Ends {time(deadlines.ends_at(facts))} {_coming(facts)} ({version})"


def _after(facts: Facts) -> str:
    """What goes on after the end."""
    if facts.in_live_chat:
        return "; a live chat goes on"
    return "; another agent picks up at the user's next turn" if facts.pending_to is not None else ""


def _reason(facts: Facts) -> str:
    match facts.end_reason:
        case EndReason.EXPIRED:
            return f"{durations.words(facts.policy.session_duration)} without an interaction"
        case EndReason.MAX_DURATION:
            return f"it reached the max duration of {durations.words(facts.policy.max_duration)}"
        case None:
            return "no reason was kept"
        case other:
            return OTHERS[other]


def _coming(facts: Facts) -> str:
    if deadlines.limit_reached(facts) is EndReason.EXPIRED:
        return f"after {durations.words(facts.policy.session_duration)} without an interaction"
    return f"at the max duration of {durations.words(facts.policy.max_duration)}"


def possible(facts: Facts) -> tuple[str, ...]:
    """What can be done to a session as it is. Whether somebody may, the permission function says."""
    return tuple(_possible(facts))


def _possible(facts: Facts) -> Iterator[str]:
    paused, talking = facts.state is State.PAUSED, facts.in_live_chat
    if facts.is_open:
        yield "end"
        if not talking:
            yield "resume" if paused else "pause"
        if not paused:
            yield "extend"
        yield "transfer"
        if facts.policy.allow_model_override or facts.model_override is not None:
            yield "model"
        if not paused and not talking:
            yield "take_over"
    if talking:
        yield "hand_back"
    if facts.pending_to is not None:
        yield "cancel_transfer"
