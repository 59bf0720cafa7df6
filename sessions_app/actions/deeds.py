"""What people do to a session: permission, command, audit. The change itself is the write path's."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.accounts.permissions import NotVisible, Principal, Verb, allows, demand
from portal.audit import actions as audit
from sessions_app.actions._apply import Outcome, apply
from sessions_app.core import commands as c
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.queries import agents
from sessions_app.queries.owners import Owner, owners


@dataclass
class UnknownTarget(Exception):
    """There is no such agent to go to, or not for this principal."""

    slug: str


@dataclass
class Refused(Exception):
    """The deed could not be done; nothing was changed. `outcome.session` is the session as it is."""

    refusal: Refusal
    outcome: Outcome


def end(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    """End a session. Ending an ended one changes nothing and is no error."""
    owner = demanded(principal, session, Verb.CONTROL_SESSION)
    why = end_reason(principal, owner.agent_id)
    command = c.End(session=session, actor=actor(principal), end_reason=why, reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.end")


def pause(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    owner = demanded(principal, session, Verb.CONTROL_SESSION)
    command = c.Pause(session=session, actor=actor(principal), reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.pause")


def resume(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    owner = demanded(principal, session, Verb.CONTROL_SESSION)
    command = c.Resume(session=session, actor=actor(principal), reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.resume")


def extend(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    """ "Keep chatting": the inactivity clock starts again."""
    owner = demanded(principal, session, Verb.CONTROL_SESSION)
    command = c.Extend(session=session, actor=actor(principal), reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.extend")


def clear_history(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    """Empty the user's own view, and begin anew with the prompt. `outcome.session` is the new session."""
    owner = demanded(principal, session, Verb.CHAT)
    command = c.ClearHistory(session=session, actor=actor(principal), reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.clear_history")


def transfer(
    *, principal: Principal, session: UUID, to: str, reason: str = "", seen_state: State | None = None
) -> Outcome:
    """Hand a session to the agent of the slug `to`, which picks up at the user's next turn. Users may go where the
    source agent lets them, staff to any agent they see. Raises UnknownTarget."""
    owner = demanded(principal, session, Verb.CONTROL_SESSION)
    target = agents.by_slug(to)
    # To users, an agent that is not offered is none; which of them are, the core knows.
    if target is None or (principal.user_id is None and not allows(principal, Verb.SEE_AGENT, agent_id=target.pk)):
        raise UnknownTarget(to)
    command = c.Transfer(
        session=session, actor=actor(principal), target=target.pk, reason=reason, seen_state=seen_state
    )
    return _do(principal, owner, command, "session.transfer", after={"to": to})


def cancel_transfer(*, principal: Principal, session: UUID, reason: str = "") -> Outcome:
    """While nobody has picked up: the source agent answers the next turn."""
    owner = demanded(principal, session, Verb.CONTROL_SESSION)
    command = c.CancelTransfer(session=session, actor=actor(principal), reason=reason)
    return _do(principal, owner, command, "session.cancel_transfer")


def take_over(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    """Talk to the user instead of the bot."""
    owner = demanded(principal, session, Verb.TAKE_OVER)
    command = c.TakeOver(session=session, actor=actor(principal), reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.take_over")


def hand_back(*, principal: Principal, session: UUID, reason: str = "") -> Outcome:
    """Let the bot go on."""
    owner = demanded(principal, session, Verb.TAKE_OVER)
    command = c.HandBack(session=session, actor=actor(principal), reason=reason)
    return _do(principal, owner, command, "session.hand_back")


def set_model(
    *, principal: Principal, session: UUID, model: str | None, reason: str = "", seen_state: State | None = None
) -> Outcome:
    """Let this session run on another model than its agent's; None goes back to that."""
    owner = demanded(principal, session, Verb.OVERRIDE_MODEL)
    command = c.SetModel(session=session, actor=actor(principal), model=model, reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.set_model", after={"model": model})


def fast_forward(*, principal: Principal, session: UUID, by: timedelta) -> Outcome:
    """As if so much time had passed for an emulator session: what has become due happens."""
    owner = demanded(principal, session, Verb.EMULATE)
    command = c.FastForward(session=session, actor=actor(principal), by=by)
    return _do(principal, owner, command, "session.fast_forward", after={"by": str(by)})


def actor(principal: Principal) -> str:
    """How the timeline names whoever did it."""
    return c.USER if principal.account_id is None else c.account_actor(principal.account_id)


def demanded(principal: Principal, session: UUID, verb: Verb) -> Owner:
    """Whose session it is, if this principal may do the verb to it; else NotVisible or NotAllowed."""
    return permitted(principal, owners([session]).get(session), verb)


def permitted(principal: Principal, owner: Owner | None, verb: Verb) -> Owner:
    """The same, where it is known whose session it is; None where there is no such session."""
    if owner is None:
        raise NotVisible
    demand(principal, verb, see=Verb.SEE_SESSION, agent_id=owner.agent_id, user_id=owner.user_id)
    return owner


def end_reason(principal: Principal, agent_id: int) -> EndReason:
    """Who ends a session is why it ended."""
    if principal.user_id is not None:
        return EndReason.USER_ENDED
    return EndReason.OWNER_ENDED if agent_id in principal.owns else EndReason.ADMIN_ENDED


def _do(principal: Principal, owner: Owner, command: c.Command, verb: str, *, after: Any = None) -> Outcome:
    def record(outcomes: Sequence[Outcome]) -> None:
        if principal.account_id is not None and any(outcome.result == "done" for outcome in outcomes):
            audit.record(
                verb,
                account_id=principal.account_id,
                agent_id=owner.agent_id,
                subject=f"session {owner.session}",
                after=after,
                reason=command.reason,
            )

    (outcome,) = apply([command], record=record)
    if outcome.refusal is not None:
        raise Refused(outcome.refusal, outcome)
    return outcome
