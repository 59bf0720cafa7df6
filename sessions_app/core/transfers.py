"""Handing a session to another agent, in two phases (2-lifecycle.md, "Transfer").

The source ends at once and a place is reserved with the target; at the user's next turn the target picks up (`talk`).
"""

from sessions_app.core import clocks, deeds, keeping, room
from sessions_app.core import commands as c
from sessions_app.core.commands import USER
from sessions_app.core.decision import Draft, Impossible, Refusal, Result
from sessions_app.core.facts import Agent, EndReason, Facts


def transfer(draft: Draft, facts: Facts | None, command: c.Transfer) -> Result:
    """If it cannot be done, nothing changes and the reason is told."""
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    target = _possible(draft, command)
    _reserve(draft, target, facts)
    waits = target.policy.session_duration
    detail = {"to": target.slug, "agent": target.id, "waits": waits.total_seconds()} | deeds.given(command)
    draft.note(facts, "session.transferred", actor=command.actor, detail=detail)
    ended = clocks.end(
        draft,
        facts,
        reason=EndReason.TRANSFERRED,
        at=draft.now,
        actor=command.actor,
        given=command.reason,
        names={"target": target.name},
    )
    draft.change(ended, pending_to=target.id, pending_until=draft.now + waits)
    return "done"


def _possible(draft: Draft, command: c.Transfer) -> Agent:
    source, target = draft.thread.agent, draft.around.agents.get(command.target)
    if target is None:
        raise Impossible(Refusal.TRANSFER_IMPOSSIBLE, "There is no such agent any more.")
    if target.id == source.id:
        raise Impossible(Refusal.TRANSFER_IMPOSSIBLE, f"The session is with {target.name} already.")
    if not target.active:
        raise Impossible(Refusal.TRANSFER_IMPOSSIBLE, f"{target.name} is disabled.")
    if command.actor == USER and target.slug not in source.transfer_targets:
        raise Impossible(Refusal.TRANSFER_IMPOSSIBLE, f"{source.name} does not offer {target.name}.")
    return target


def _reserve(draft: Draft, target: Agent, facts: Facts) -> None:
    try:
        room.take(draft, target, version=facts.version)
    except Impossible as full:
        why = f"The user has as many open sessions with {target.name} as its policy allows."
        raise Impossible(Refusal.TRANSFER_IMPOSSIBLE, why, open_sessions=full.open_sessions) from None


def cancel(draft: Draft, facts: Facts | None, command: c.CancelTransfer) -> Result:
    """The source agent answers the next turn, in a new session."""
    if facts is None:
        return Refusal.NOT_FOUND
    if facts.pending_to is None:
        return "already" if facts.transferred_to is None else Refusal.STATE_CHANGED
    keeping.call_off(draft, facts, at=draft.now, cause="cancelled", actor=command.actor, given=command.reason)
    return "done"
