"""A site vouches for its user, or the Portal for who is signed in to it: the chat of an anonymous visitor becomes that
of the person (2-lifecycle.md, "Threads").

The visitor's threads go over to the identified user as they are; nothing is merged. Their token does not: whoever knew
it would be the identified user from then on.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from portal.agents.core.identity import Identity
from portal.agents.models import Agent
from portal.lib import clock
from sessions_app import broadcast
from sessions_app.actions import visiting
from sessions_app.actions.visiting import Opened
from sessions_app.broadcast import Changed
from sessions_app.core.facts import State
from sessions_app.models import ChatSession, ChatUser
from sessions_app.queries import agents, seats
from sessions_app.queries.seats import Key

FULL = "With this chat you would have too many sessions open with this agent. Nothing was changed: end one first."


@dataclass
class NoRoom(Exception):
    """With the visitor's sessions the person would have more open with an agent than its policy allows. Nothing was
    changed. `open_sessions` take the places."""

    open_sessions: tuple[UUID, ...]


def identify(*, agent: Agent, identity: Identity, user_id: UUID | None, secret: str | None) -> Opened:
    """The way in of somebody whom the site of `agent` vouches for. `secret` is the visitor token their browser has, if
    any, and `user_id` whom it speaks for: if that is an anonymous visitor, their threads become the person's.

    The token goes on if it is the person's own already; any other one is revoked, and there is a new one. The thread is
    the person's latest with the agent, on whatever device. Raises NoRoom.
    """
    with transaction.atomic():
        person = _person(agent.realm, identity)
        key = identity.session_key
        if secret is None or user_id is None or user_id == person.pk:
            return visiting.enter(agent, person.pk, secret if user_id is not None else None, session_key=key)
        visiting.revoke(secret)
        if not ChatUser.objects.filter(pk=user_id, identified=True).exists():
            _hand_over(user_id, person.pk)
        return visiting.enter(agent, person.pk, None, session_key=key)


def _person(realm: str, identity: Identity) -> ChatUser:
    """The realm's user of that id, locked: of two devices that come at once the second finds the thread of the first.
    No key is locked: chats of theirs that start a session meanwhile need not wait, or this for them."""
    said = {"name": identity.name, "email": identity.email, "account_id": identity.account}
    told = {name: value for name, value in said.items() if value}
    known = {"realm": realm, "external_id": identity.sub}
    person, _ = ChatUser.objects.get_or_create(**known, defaults=told | {"identified": True})
    person = ChatUser.objects.select_for_update(no_key=True).get(pk=person.pk)
    if changed := _news(person, told | {"identified": True}):
        ChatUser.objects.filter(pk=person.pk).update(**changed)
    return person


def _news(person: ChatUser, told: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if getattr(person, name) != value}


# ── the visitor's threads ────────────────────────────────────────────────────────────────────────────────────────────
def _hand_over(visitor: UUID, person: UUID) -> None:
    """Threads in which there was a session. An empty one would only take the place of the chat the person has."""
    threads = _locked_threads(visitor)
    moved = _move(threads, person)
    _demand_room(person, moved)
    transaction.on_commit(partial(broadcast.announce, [Changed(s.pk, s.thread_id, s.agent_id) for s in moved]))


def _locked_threads(user: UUID) -> list[UUID]:
    """In the order of the write path: threads, then their sessions, each by id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM chat_thread WHERE user_id = %s ORDER BY id FOR UPDATE", [user])
        threads = [id for (id,) in cursor.fetchall()]
        cursor.execute("SELECT thread_id FROM chat_session WHERE thread_id = ANY(%s) ORDER BY id FOR UPDATE", [threads])
        return list(dict.fromkeys(thread for (thread,) in cursor.fetchall()))


def _move(threads: list[UUID], person: UUID) -> list[ChatSession]:
    """The sessions that came along."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE chat_thread SET user_id = %s WHERE id = ANY(%s)", [person, threads])
        cursor.execute(
            "UPDATE chat_session SET user_id = %s, row_version = row_version + 1 WHERE thread_id = ANY(%s)",
            [person, threads],
        )
    return list(ChatSession.objects.filter(thread__in=threads))


def _demand_room(person: UUID, moved: Iterable[ChatSession]) -> None:
    """Under the lock of the places, after those of threads and sessions (docs/decisions/0016)."""
    wanted = {(person, agent) for session in moved for agent in _places(session)}
    policies = agents.current_policies({agent for _, agent in wanted})
    limits = {agent: policy.max_concurrent_per_user for agent, (policy, *_) in policies.items()}
    keys: set[Key] = {(person, agent) for person, agent in wanted if limits[agent] is not None}
    if not keys:
        return
    for (_, agent), taken in seats.locked(keys, now := clock.now()).items():
        open_now = [seat.session for seat in taken if seat.until is None or seat.until > now]
        if len(open_now) > (limits[agent] or 0):
            raise NoRoom(tuple(open_now))


def _places(session: ChatSession) -> set[int]:
    """The agents with which it takes a place."""
    if session.version != "LIVE":
        return set()
    own = {session.agent_id} if session.state != State.ENDED else set()
    return own | ({session.pending_to_id} if session.pending_to_id is not None else set())
