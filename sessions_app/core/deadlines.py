"""When a session goes idle and when it ends (2-lifecycle.md, "Deadlines").

Valid while a session is neither paused nor ended; a paused or ended one has no deadline.
"""

from datetime import datetime

from sessions_app.core.facts import EndReason, Facts, State


def idle_at(facts: Facts) -> datetime:
    policy = facts.policy
    return _not_in_the_past(facts, facts.inactive_since + min(policy.idle_timeout, policy.session_duration))


def expires_at(facts: Facts) -> datetime:
    """Working is not idle: while a turn is unanswered, inactivity ends nothing."""
    inactive = facts.inactive_since + facts.policy.session_duration
    return _not_in_the_past(facts, max(inactive, facts.busy_until or inactive))


def capped_at(facts: Facts) -> datetime:
    return _not_in_the_past(facts, facts.started_at + facts.paused_for + facts.policy.max_duration)


def ends_at(facts: Facts) -> datetime:
    return min(expires_at(facts), capped_at(facts))


def limit_reached(facts: Facts) -> EndReason:
    """Which limit `ends_at` is. Inactivity is named when both fall on one instant."""
    return EndReason.EXPIRED if expires_at(facts) <= capped_at(facts) else EndReason.MAX_DURATION


def next_due(facts: Facts) -> datetime | None:
    """The next instant at which time alone changes this session; None when nothing is due."""
    match facts.state:
        case State.LIVE:
            return min(idle_at(facts), ends_at(facts))
        case State.IDLE:
            return ends_at(facts)
        case _:
            return None


def _not_in_the_past(facts: Facts, deadline: datetime) -> datetime:
    """A policy change never reaches into the past: no deadline is before the instant from which it is in force."""
    return max(deadline, facts.policy_effective_at)
