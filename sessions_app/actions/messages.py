"""Saying something in a session: permission, command, and the wait for the bot's answer (3-api.md, "Sessions")."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb
from portal.lib.together import Together
from sessions_app.actions import waiting
from sessions_app.actions._apply import Outcome, apply
from sessions_app.actions.deeds import Refused, actor, permitted
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.queries.owners import Owner, owners

WAIT = 25.0  # seconds


@dataclass(frozen=True, slots=True)
class Said:
    thread: UUID
    message: UUID
    seq: int


def say(
    *,
    principal: Principal,
    session: UUID,
    sender: Sender,
    kind: Kind,
    text: str = "",
    event: str = "",
    payload: Any = None,
    client_id: str | None = None,
) -> Said:
    """Where the message stands, once the bot has answered it, or did not within WAIT, or is not asked at all.

    The same `client_id` again is the same message. Users write as themselves; who may start sessions for users writes
    as anybody. Raises NotVisible, NotAllowed, Refused.
    """
    command = c.Say(
        session=session,
        actor=c.USER if sender is Sender.USER else actor(principal),
        sender=sender,
        kind=kind,
        text=text,
        event=event,
        payload=payload,
        client_id=client_id,
    )
    outcome = _said(_Asked(principal, session, command))
    if isinstance(outcome, Exception):
        raise outcome
    if outcome.refusal is not None:
        raise Refused(outcome.refusal, outcome)
    assert outcome.thread is not None, "what was said stands in a thread"
    assert outcome.message is not None, "and has an id"
    assert outcome.seq is not None, "and a place"
    if sender is Sender.USER and outcome.thread.agent.answers:
        waiting.for_answer(outcome.message, seconds=WAIT)
    return Said(outcome.thread.id, outcome.message, outcome.seq)


class _Asked(NamedTuple):
    principal: Principal
    session: UUID
    command: c.Say


def _say_all(asked: Sequence[_Asked]) -> list[Outcome | Exception]:
    """One transaction for all, as of the frames of the sockets that come together."""
    owners_of = owners([one.session for one in asked])
    refused = [_refused(one, owners_of.get(one.session)) for one in asked]
    outcomes = iter(apply([one.command for one, error in zip(asked, refused, strict=True) if error is None]))
    return [error or next(outcomes) for error in refused]


def _refused(asked: _Asked, owner: Owner | None) -> Exception | None:
    command = asked.command
    by_user = command.sender is Sender.USER and command.kind is not Kind.PRESET
    myself = asked.principal.kind == "visitor" and by_user
    try:
        permitted(asked.principal, owner, Verb.CHAT if myself else Verb.START_FOR_USER)
    except (NotVisible, NotAllowed) as error:
        return error
    return None


_said = Together(_say_all)
