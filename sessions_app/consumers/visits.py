"""Who a connection is from, and whether they may be where they want to be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import structlog
from django.conf import settings

from portal.agents import auth
from portal.agents.core.origins import may_chat
from portal.agents.models import Agent, Identity
from portal.rest.problems import Problem
from portal.rest.throttling import Limit
from sessions_app.actions import Outcome, deeds, identifying, visiting
from sessions_app.actions import chats as opening
from sessions_app.actions.visiting import Opened
from sessions_app.consumers import refusals
from sessions_app.consumers.frames import Invalid
from sessions_app.consumers.refusals import Refused
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import Facts
from sessions_app.queries import chats, visitors

# Tokens and identities that do not count, by address. Who shows one that counts is never refused for their neighbours.
FAILURES = Limit("token-failures", most=settings.TOKEN_FAILURES_PER_MINUTE, seconds=60)
REVOKED = "This token does not count any more."
UNKNOWN = "This agent chats with people whom their site has identified."
TOO_MANY = "Too many tokens that do not count came from this address. Try again in a minute."
log = structlog.get_logger(__name__)


class Closed(Exception):
    """The connection ends, with a code of the protocol, after an error that says why: `problem` is one of the API's."""

    def __init__(self, code: int, problem: str, reason: str) -> None:
        super().__init__(reason)
        self.code, self.problem, self.reason = code, problem, reason


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose connection this is, by which token, and where it begins."""

    user: UUID
    thread: UUID
    secret: str


def visit(secret: str, thread: UUID | None, origin: str | None, address: str) -> Visit:
    """Who a hello is from. Raises Closed where the token does not count, or they may not be here."""
    user = visitors.user_of(secret)
    if user is None:
        raise _failed(address, "token") or Closed(4401, "unauthenticated", REVOKED)
    thread = thread or chats.threads_of(user).values_list("pk", flat=True).first()
    agents = chats.agents_of(thread, user=user) if thread else []
    if thread is None or not agents:
        raise Closed(4404, "not_found", "There is no such chat.")
    if not welcome(origin, agents):
        raise Closed(4403, "forbidden", "This site may not chat with the agent.")
    if all(agent.identity == Identity.REQUIRED for agent in agents) and not visitors.is_identified(user):
        raise Closed(4401, "unauthenticated", UNKNOWN)
    return Visit(user, thread, secret)


def _failed(address: str, what: str) -> Closed | None:
    """What ends the connection where it is one too many."""
    log.info("credential refused", what=what, address=address)
    try:
        FAILURES.take(address)
    except Problem as limited:
        return Closed(4429, limited.code, TOO_MANY)
    return None


def identify(visit: Visit, thread: UUID, token: str, address: str) -> Visit:
    """Who it is from now on, by what the site of one of the thread's agents says, or the Portal. Raises Invalid,
    Refused, Closed."""
    agents = [agent for agent in chats.agents_of(thread, user=visit.user) if visitors.belongs(visit.user, agent.realm)]
    takers = [agent for agent in agents if auth.takes(agent, token)]
    if not takers:
        raise Invalid("identity: This agent takes no identity.")
    opened = _identified(takers, visit, token, address)
    return Visit(opened.user_id, opened.thread_id, opened.visitor_token)


def _identified(agents: list[Agent], visit: Visit, token: str, address: str) -> Opened:
    refused = auth.FORGED
    for agent in agents:
        try:
            identity = auth.identified(agent, token)
            return identifying.identify(agent=agent, identity=identity, user_id=visit.user, secret=visit.secret)
        except auth.NotIdentified as error:
            refused = str(error)
        except identifying.NoRoom as full:
            taken = tuple(str(session) for session in full.open_sessions)
            raise Refused("session_limit_reached", identifying.FULL, taken) from None
    raise _failed(address, "identity") or Invalid(f"identity: {refused}")


def begin_beside(thread: UUID, user: UUID, language: str | None) -> tuple[Facts, Outcome]:
    """A new chat with the agent that this one is with by now. Raises Refused."""
    agent = chats.threads_of(user).filter(pk=thread).values_list("agent_id", flat=True).first()
    if agent is None:  # it has become somebody else's: this connection is about to be ended
        raise Refused("not_found", refusals.SENTENCES[Refusal.NOT_FOUND])
    try:
        outcome = opening.new_chat(user_id=user, agent_id=agent, language=language)
    except opening.IdentityRequired:
        raise Refused("forbidden", UNKNOWN) from None
    except deeds.Refused as refused:
        raise refusals.of(refused.refusal, refused.outcome, language=language) from None
    assert outcome.session is not None, "a start that was not refused has a session"
    return outcome.session, outcome


def leave(visit: Visit) -> None:
    """They log out: this token never counts again."""
    visiting.revoke(visit.secret)


def welcome(origin: str | None, agents: Iterable[Agent]) -> bool:
    """Whether a page of this origin may show a chat that has been with these agents. One that could show it before the
    chat was transferred can show it afterwards: a person's chat goes on where it is, wherever a transfer takes it."""
    return any(may_chat(origin, allowed=agent.allowed_origins, own=settings.OWN_ORIGINS) for agent in agents)


def origin(scope: dict[str, Any]) -> str | None:
    """Where the page behind a socket came from; programs do not say."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
