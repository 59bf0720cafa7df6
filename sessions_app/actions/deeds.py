"""What people do to a session: permission, command, audit. The change itself is the write path's."""

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from portal.accounts.permissions import NotVisible, Principal, Verb, demand
from portal.audit import actions as audit
from sessions_app.actions._apply import Outcome, apply
from sessions_app.core import commands as c
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.models import ChatSession


@dataclass
class Refused(Exception):
    """The deed could not be done; nothing was changed. `outcome.session` is the session as it is."""

    refusal: Refusal
    outcome: Outcome


def end(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    """End a session. Ending an ended one changes nothing and is no error."""
    owner = demanded(principal, session, Verb.CONTROL_SESSION)
    why = EndReason.USER_ENDED if principal.user_id else _staff_reason(principal, owner.agent_id)
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


def clear_history(*, principal: Principal, session: UUID, reason: str = "", seen_state: State | None = None) -> Outcome:
    """Empty the user's own view, and begin anew with the prompt. `outcome.session` is the new session."""
    owner = demanded(principal, session, Verb.CHAT)
    command = c.ClearHistory(session=session, actor=actor(principal), reason=reason, seen_state=seen_state)
    return _do(principal, owner, command, "session.clear_history")


def actor(principal: Principal) -> str:
    """How the timeline names whoever did it."""
    return c.USER if principal.account_id is None else c.account_actor(principal.account_id)


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose session it is: what the permission function is asked about."""

    session: UUID
    agent_id: int
    user_id: UUID


def demanded(principal: Principal, session: UUID, verb: Verb) -> Owner:
    """Whose session it is, if this principal may do the verb to it; else NotVisible or NotAllowed."""
    row = ChatSession.objects.filter(pk=session).values_list("agent_id", "user_id").first()
    if row is None:
        raise NotVisible
    demand(principal, verb, see=Verb.SEE_SESSION, agent_id=row[0], user_id=row[1])
    return Owner(session, *row)


def _staff_reason(principal: Principal, agent_id: int) -> EndReason:
    return EndReason.OWNER_ENDED if agent_id in principal.owns else EndReason.ADMIN_ENDED


def _do(principal: Principal, owner: Owner, command: c.Command, verb: str) -> Outcome:
    with transaction.atomic():
        (outcome,) = apply([command])
        if outcome.refusal is not None:
            raise Refused(outcome.refusal, outcome)
        if principal.account_id is not None and outcome.result == "done":
            audit.record(
                verb,
                account_id=principal.account_id,
                agent_id=owner.agent_id,
                subject=f"session {owner.session}",
                reason=command.reason,
            )
    return outcome
