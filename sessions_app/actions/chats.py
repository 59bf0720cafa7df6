"""Opening chats: users, their tokens and threads, and sessions that programs start for them."""

from typing import Any, cast
from uuid import UUID

from django.db import transaction

from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, demand
from portal.agents.core.identity import ANONYMOUS
from portal.agents.models import Agent, Identity
from portal.lib import ids
from sessions_app.actions import visiting
from sessions_app.actions._apply import Outcome, apply
from sessions_app.actions.deeds import Refused, actor
from sessions_app.actions.visiting import VISITOR_FOR, Opened
from sessions_app.core import commands as c
from sessions_app.models import ChatUser, Thread
from sessions_app.queries import visitors

__all__ = ["VISITOR_FOR", "Opened"]


class UnknownThread(Exception):
    """The thread does not exist, or is another user's or another agent's."""


class IdentityRequired(NotAllowed):
    """The agent chats only with people whom the site has identified."""


def visit(*, agent: Agent, user_id: UUID | None, secret: str | None) -> Opened:
    """A visitor comes to an agent's chat. Who comes back with a valid token (`user_id` is its user, `secret` the token
    itself) is the same user in the same thread, for 30 more days; everybody else is new. No session starts before the
    chat is opened. Raises IdentityRequired."""
    demand_identified(agent, user_id)
    with transaction.atomic():
        if user_id is None or secret is None:
            return visiting.enter(agent, _new_visitor(agent), None)
        return visiting.enter(agent, user_id, secret)


def demand_identified(agent: Agent, user_id: UUID | None) -> None:
    """Raises IdentityRequired where the agent wants to know who somebody is and nobody has said so."""
    if agent.identity == Identity.REQUIRED and not (user_id and visitors.is_identified(user_id)):
        raise IdentityRequired


def new_chat(*, user_id: UUID, agent_id: int, language: str | None) -> Outcome:
    """Another thread beside the old ones, and a session in it: both, or neither. A thread without one would be the
    user's latest, and take the place of the chat they have. Raises IdentityRequired, Refused."""
    demand_identified(Agent.objects.get(pk=agent_id), user_id)
    opened = c.NewThread(user=user_id, agent=agent_id)
    return _start(c.Start(opens=opened, actor=c.USER, prompt="yes", cause="new_chat", language=language))


def _new_visitor(agent: Agent) -> UUID:
    id = ids.uuid7()
    ChatUser.objects.create(id=id, realm=agent.realm, external_id=f"{ANONYMOUS}{id}", name=visitor_name(id))
    return id


def visitor_name(id: UUID) -> str:
    """ "Visitor 7f3a": the end of the id, which is its random part."""
    return f"Visitor {id.hex[-4:]}"


def start_for(
    *, principal: Principal, agent: Agent, user: dict[str, Any], thread: UUID | None = None, start: dict[str, Any]
) -> Outcome:
    """Start a session for a user, in a new thread unless one is given (3-api.md, `POST /sessions`).

    `user` is {id, name?, email?, attributes?}; `start` holds fields of `commands.Start`. With a thread that has an open
    session that session is the answer (`already`). Raises UnknownThread, Refused, NotVisible, NotAllowed.
    """
    demand(principal, Verb.START_FOR_USER, see=Verb.SEE_AGENT, agent_id=agent.pk)
    chat_user, made = _known_user(agent.realm, user)
    if thread is not None and not Thread.objects.filter(pk=thread, user=chat_user, agent=agent).exists():
        _forget(chat_user, made)
        raise UnknownThread
    where = _where(thread, user_id=chat_user.pk, agent_id=agent.pk)
    try:
        outcome = _start(c.Start(**where, actor=actor(principal), cause="api", **start))
    except Refused:
        _forget(chat_user, made)
        raise
    if not made:
        _tell(chat_user, user)
    return outcome


def start_own(*, principal: Principal, agent: Agent, thread: UUID | None = None, start: dict[str, Any]) -> Outcome:
    """Start a session for oneself with an agent one chats with already, in a new thread unless one's own is given.
    As `start_for`; raises IdentityRequired, too."""
    demand(principal, Verb.CHAT, see=Verb.CHAT, user_id=principal.user_id)
    mine = Thread.objects.filter(user=principal.user_id, agent=agent)
    if not mine.exists():
        raise NotVisible
    demand_identified(agent, principal.user_id)
    if thread is not None and not mine.filter(pk=thread).exists():
        raise UnknownThread
    where = _where(thread, user_id=cast(UUID, principal.user_id), agent_id=agent.pk)
    return _start(c.Start(**where, actor=c.USER, cause="api", **start))


def _where(thread: UUID | None, *, user_id: UUID, agent_id: int) -> dict[str, Any]:
    """In a thread there is, or in one that begins with the session: none is left behind by a start that is refused."""
    return {"thread": thread} if thread else {"opens": c.NewThread(user=user_id, agent=agent_id)}


def _start(command: c.Start) -> Outcome:
    (outcome,) = apply([command])
    if outcome.refusal is not None:
        raise Refused(outcome.refusal, outcome)
    return outcome


def _known_user(realm: str, user: dict[str, Any]) -> tuple[ChatUser, bool]:
    """The realm's user of that id, and whether they are new. A back end vouches for its users."""
    known = {"realm": realm, "external_id": user["id"]}
    return ChatUser.objects.get_or_create(**known, defaults={**_told(user), "identified": True})


def _told(user: dict[str, Any]) -> dict[str, Any]:
    return {name: user[name] for name in ("name", "email", "attributes") if user.get(name)}


def _tell(chat_user: ChatUser, user: dict[str, Any]) -> None:
    """What is newly told of somebody is kept. Not by `update_or_create`: that locks the user for update, and a chat
    that is starting a session under its thread's lock waits for that lock, while whoever holds it waits for the
    thread."""
    if told := _told(user):
        ChatUser.objects.filter(pk=chat_user.pk).update(**told)


def _forget(chat_user: ChatUser, made: bool) -> None:
    """An error changes nothing: a user who is only known from a start that was refused is not."""
    if made:
        ChatUser.objects.filter(pk=chat_user.pk, threads=None).delete()
