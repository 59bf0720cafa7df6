"""How many sessions one user may have open with one agent (2-lifecycle.md, "Concurrency").

The places are read while nobody else can take one, but without holding the sessions that take them: those can only end.
"""

from datetime import datetime

from sessions_app.core import commands as c
from sessions_app.core.decision import Draft, Impossible, InTheWay, Refusal
from sessions_app.core.facts import Agent, Seat, Version
from sessions_app.core.policy import WhenFull


def take(draft: Draft, agent: Agent, *, version: Version) -> None:
    """Return if the thread's user has room for one more session with the agent, other threads considered.

    Raises InTheWay when a place will be free as soon as another session has been dealt with, else Impossible.
    """
    limit = agent.policy.max_concurrent_per_user
    places = draft.around.seats
    if limit is None or version == "DRAFT" or places is None:
        return
    seats = places.get((draft.thread.user, agent.id))
    if seats is None:  # when the places were looked at, this thread did not seem to need one
        raise InTheWay
    taken = [seat for seat in seats if seat.thread != draft.thread.id]
    if len(taken) >= limit:
        _make_room(draft.now, agent, taken, limit)


def _make_room(now: datetime, agent: Agent, taken: list[Seat], limit: int) -> None:
    if over := [seat for seat in taken if _may_be_over(seat, agent, now)]:
        raise InTheWay(*(c.Tick(session=seat.session) for seat in over))
    movable = [seat for seat in taken if not seat.fixed]
    # A limit that was lowered ends nobody: above it, nothing but an end makes room.
    if agent.policy.when_full is WhenFull.END_LONGEST_IDLE and movable and len(taken) == limit:
        longest = min(movable, key=lambda seat: seat.inactive_since)
        raise InTheWay(c.Displace(session=longest.session, inactive_since=longest.inactive_since))
    raise Impossible(Refusal.SESSION_LIMIT_REACHED, open_sessions=tuple(seat.session for seat in taken))


def _may_be_over(seat: Seat, agent: Agent, now: datetime) -> bool:
    """Past its deadline; or under an older policy than the one in force, by which it may be."""
    behind = seat.policy_version is not None and agent.newer_than(seat.policy_version) is not None
    return behind or (seat.until is not None and seat.until <= now)
