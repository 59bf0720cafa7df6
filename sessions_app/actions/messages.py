"""Saying something in a session: permission, command, and the wait for the bot's answer (3-api.md, "Sessions")."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.accounts.permissions import Principal, Verb
from portal.lib.together import Together
from sessions_app.actions import waiting
from sessions_app.actions._apply import Outcome, apply
from sessions_app.actions.deeds import Refused, actor, demanded
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender

WAIT = 25.0  # seconds


# Requests that come at once share a transaction, as the frames of the sockets do.
_together = Together[c.Say, Outcome](apply)


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
    myself = principal.kind == "visitor" and sender is Sender.USER and kind is not Kind.PRESET
    demanded(principal, session, Verb.CHAT if myself else Verb.START_FOR_USER)
    outcome = _together(
        c.Say(
            session=session,
            actor=c.USER if sender is Sender.USER else actor(principal),
            sender=sender,
            kind=kind,
            text=text,
            event=event,
            payload=payload,
            client_id=client_id,
        )
    )
    if outcome.refusal is not None:
        raise Refused(outcome.refusal, outcome)
    assert outcome.thread is not None, "what was said stands in a thread"
    assert outcome.message is not None, "and has an id"
    assert outcome.seq is not None, "and a place"
    if sender is Sender.USER and outcome.thread.agent.answers:
        waiting.for_answer(outcome.message, seconds=WAIT)
    return Said(outcome.thread.id, outcome.message, outcome.seq)
