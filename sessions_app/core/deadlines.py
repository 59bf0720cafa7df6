"""When a session goes idle and when it ends (2-lifecycle.md, "Deadlines"), and how long it is kept then.

The first ones are valid while a session is neither paused nor ended; a paused or ended one has none of them.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Literal

from sessions_app.core.facts import EndReason, Facts, InForce, State

AfterTheEnd = Literal["lapse", "archive", "erase_data", "erase_transcript"]
NEVER = datetime.max.replace(tzinfo=UTC)


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


# ── how long it is kept: `kept` is what `Agent.keeps` says ────────────────────────────────────────────────────────────
def given_up_at(facts: Facts) -> datetime:
    """When a paused session that nobody touches ends."""
    return _not_in_the_past(facts, facts.touched_at + facts.policy.session_data_retention)


def archived_at(facts: Facts, kept: InForce) -> datetime:
    own, new = (_ended_at(facts) + policy.auto_archive_after for policy in (facts.policy, kept.policy))
    return _kept_until(facts, kept, own, new)


def data_erased_at(facts: Facts, kept: InForce) -> datetime:
    own, new = (facts.touched_at + policy.session_data_retention for policy in (facts.policy, kept.policy))
    return _kept_until(facts, kept, own, new)


def transcript_erased_at(facts: Facts, kept: InForce) -> datetime | None:
    """None: transcripts are kept."""
    keep = (facts.policy.transcript_retention, kept.policy.transcript_retention)
    own, new = (facts.touched_at + time if time is not None else NEVER for time in keep)
    until = _kept_until(facts, kept, own, new)
    return until if until != NEVER else None


def _kept_until(facts: Facts, kept: InForce, own: datetime, new: datetime) -> datetime:
    """Nothing is removed before the end, however long the pause was, and a newer policy reaches into no past: what was
    due under the session's own when it came has happened. Of several newer ones only the latest counts."""
    next_one = kept.version == facts.policy_version + 1
    due = own if next_one and own <= kept.since else max(new, kept.since)
    return max(due, _ended_at(facts))


def _ended_at(facts: Facts) -> datetime:
    assert facts.ended_at is not None, "an ended session knows when"
    return facts.ended_at


def next_due(facts: Facts, kept: InForce) -> datetime | None:
    """The next instant at which time alone changes this session; None when nothing is due."""
    match facts.state:
        case State.LIVE:
            return min(idle_at(facts), ends_at(facts))
        case State.IDLE:
            return ends_at(facts)
        case State.PAUSED:
            return given_up_at(facts)
        case _:
            return min((at for _, at in after_the_end(facts, kept)), default=None)


def after_the_end(facts: Facts, kept: InForce) -> list[tuple[AfterTheEnd, datetime]]:
    """What time will do to an ended session, in the order in which it is due."""
    return sorted(_after_the_end(facts, kept), key=lambda what: what[1])


def _after_the_end(facts: Facts, kept: InForce) -> Iterator[tuple[AfterTheEnd, datetime]]:
    if facts.pending_until is not None:
        yield "lapse", facts.pending_until
    if facts.archived_at is None:
        yield "archive", archived_at(facts, kept)
    if facts.data_erased_at is None:
        yield "erase_data", data_erased_at(facts, kept)
    until = transcript_erased_at(facts, kept)
    if facts.transcript_erased_at is None and until is not None:
        yield "erase_transcript", until


def _not_in_the_past(facts: Facts, deadline: datetime) -> datetime:
    """A policy change never reaches into the past: no deadline is before the instant from which it is in force."""
    return max(deadline, facts.policy_effective_at)
