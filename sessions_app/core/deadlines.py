"""When a session goes idle and when it ends (2-lifecycle.md, "Deadlines"), and how long it is kept then.

The first ones are valid while a session is neither paused nor ended; a paused or ended one has none of them. A policy
change never reaches into the past: no deadline is before the instant from which it is in force.
"""

from datetime import UTC, datetime, timedelta
from operator import itemgetter
from typing import Literal

from sessions_app.core.facts import EndReason, Facts, InForce, State

AfterTheEnd = Literal["lapse", "archive", "erase_data", "erase_transcript"]
NEVER = datetime.max.replace(tzinfo=UTC)
_AT = itemgetter(1)


def idle_at(facts: Facts) -> datetime:
    after = min(facts.policy.idle_timeout, facts.policy.session_duration)
    return max(facts.inactive_since + after, facts.policy_effective_at)


def expires_at(facts: Facts) -> datetime:
    """Working is not idle: while a turn is unanswered, inactivity ends nothing."""
    inactive = facts.inactive_since + facts.policy.session_duration
    return max(inactive, facts.busy_until or inactive, facts.policy_effective_at)


def capped_at(facts: Facts) -> datetime:
    return max(facts.started_at + facts.paused_for + facts.policy.max_duration, facts.policy_effective_at)


def ends_at(facts: Facts) -> datetime:
    return min(expires_at(facts), capped_at(facts))


def limit_reached(facts: Facts) -> EndReason:
    """Which limit `ends_at` is. Inactivity is named when both fall on one instant."""
    return EndReason.EXPIRED if expires_at(facts) <= capped_at(facts) else EndReason.MAX_DURATION


# ── how long it is kept: `kept` is what `Agent.keeps` says ────────────────────────────────────────────────────────────
def given_up_at(facts: Facts) -> datetime:
    """When a paused session that nobody touches ends."""
    return max(facts.touched_at + facts.policy.session_data_retention, facts.policy_effective_at)


def archived_at(facts: Facts, kept: InForce) -> datetime:
    ended_at = _ended_at(facts)
    return _kept_until(
        facts, kept, ended_at + facts.policy.auto_archive_after, ended_at + kept.policy.auto_archive_after
    )


def data_erased_at(facts: Facts, kept: InForce) -> datetime:
    own, new = facts.policy.session_data_retention, kept.policy.session_data_retention
    return _kept_until(facts, kept, facts.touched_at + own, facts.touched_at + new)


def transcript_erased_at(facts: Facts, kept: InForce) -> datetime | None:
    """None: transcripts are kept."""
    own, new = facts.policy.transcript_retention, kept.policy.transcript_retention
    if own is None and new is None:
        return None
    until = _kept_until(facts, kept, _since(facts.touched_at, own), _since(facts.touched_at, new))
    return until if until != NEVER else None


def _since(instant: datetime, time: timedelta | None) -> datetime:
    return NEVER if time is None else instant + time


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
            return next((at for _, at in after_the_end(facts, kept)), None)


def after_the_end(facts: Facts, kept: InForce) -> list[tuple[AfterTheEnd, datetime]]:
    """What time will do to an ended session, in the order in which it is due."""
    found: list[tuple[AfterTheEnd, datetime]] = []
    if facts.pending_until is not None:
        found.append(("lapse", facts.pending_until))
    if facts.archived_at is None:
        found.append(("archive", archived_at(facts, kept)))
    if facts.data_erased_at is None:
        found.append(("erase_data", data_erased_at(facts, kept)))
    if facts.transcript_erased_at is None and (until := transcript_erased_at(facts, kept)) is not None:
        found.append(("erase_transcript", until))
    found.sort(key=_AT)
    return found
