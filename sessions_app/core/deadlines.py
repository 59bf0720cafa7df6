"""When a session goes idle and when it ends (2-lifecycle.md, "Deadlines"), and how long it is kept then.

The first ones are valid while a session is neither paused nor ended; a paused or ended one has none of them.
"""

from collections.abc import Iterator
from datetime import datetime

from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.policy import Policy


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


# ── how long it is kept: `policy` is what `Agent.keeps` says ──────────────────────────────────────────────────────────
def given_up_at(facts: Facts) -> datetime:
    """When a paused session that nobody touches ends."""
    return _not_in_the_past(facts, facts.touched_at + facts.policy.session_data_retention)


def archived_at(facts: Facts, policy: Policy) -> datetime:
    assert facts.ended_at is not None, "an ended session knows when"
    return facts.ended_at + policy.auto_archive_after


def data_erased_at(facts: Facts, policy: Policy) -> datetime:
    return facts.touched_at + policy.session_data_retention


def transcript_erased_at(facts: Facts, policy: Policy) -> datetime | None:
    """None: transcripts are kept."""
    return facts.touched_at + policy.transcript_retention if policy.transcript_retention is not None else None


def next_due(facts: Facts, policy: Policy) -> datetime | None:
    """The next instant at which time alone changes this session; None when nothing is due."""
    match facts.state:
        case State.LIVE:
            return min(idle_at(facts), ends_at(facts))
        case State.IDLE:
            return ends_at(facts)
        case State.PAUSED:
            return given_up_at(facts)
        case _:
            return min(_after_the_end(facts, policy), default=None)


def _after_the_end(facts: Facts, policy: Policy) -> Iterator[datetime]:
    if facts.pending_until is not None:
        yield facts.pending_until
    if facts.archived_at is None:
        yield archived_at(facts, policy)
    if facts.data_erased_at is None:
        yield data_erased_at(facts, policy)
    until = transcript_erased_at(facts, policy)
    if facts.transcript_erased_at is None and until is not None:
        yield until


def _not_in_the_past(facts: Facts, deadline: datetime) -> datetime:
    """A policy change never reaches into the past: no deadline is before the instant from which it is in force."""
    return max(deadline, facts.policy_effective_at)
