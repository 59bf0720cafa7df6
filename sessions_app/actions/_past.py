"""What a history consists of, and the rows that its sessions hang on: versions of the policy, users, threads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.lib.ids import uuid7
from sessions_app.actions._replay import Step
from sessions_app.actions.policies import OutOfBounds
from sessions_app.core import policy as core
from sessions_app.core.policy import Policy
from sessions_app.models import ChatUser, PolicyVersion, Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class PastPolicy:
    """A version of the policy, saved then. The last one is in force."""

    saved_at: datetime
    policy: Policy
    author_id: int | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PastUser:
    """Who chatted. The same `external_id` in the same realm is the same person. That of a Portal account, and that
    alone, begins with `portal:`."""

    external_id: str
    name: str
    email: str = ""
    identified: bool = False
    account_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastChat:
    """One thread: what was asked of it and when, in order. The commands bear no address."""

    user: PastUser
    steps: tuple[Step, ...]


def write_policies(agent: Agent, policies: Sequence[PastPolicy]) -> None:
    """In place of the versions there are, under which no session has run. Raises OutOfBounds."""
    platform = Platform(agent.platform)
    if refusals := [refusal for past in policies for refusal in core.refusals(past.policy, platform)]:
        raise OutOfBounds(tuple(refusals))
    PolicyVersion.objects.filter(agent=agent).delete()
    PolicyVersion.objects.bulk_create(_version(agent, number, past) for number, past in enumerate(policies, 1))
    Agent.objects.filter(pk=agent.pk).update(created_at=policies[0].saved_at)


def _version(agent: Agent, number: int, past: PastPolicy) -> PolicyVersion:
    values = {field.name: getattr(past.policy, field.name) for field in fields(Policy)}
    about = {name: getattr(past, name) for name in ("saved_at", "author_id", "reason")}
    about["reached_at"] = past.saved_at  # the sessions of then have followed when they are written
    return PolicyVersion(agent=agent, number=number, platform=agent.platform, **about, **values)


def insert_threads(agent: Agent, chats: Sequence[PastChat]) -> dict[UUID, UUID]:
    """A thread for each chat. Thread → its user, in the order of the chats."""
    users = _users(agent.realm, chats)
    rows = [
        Thread(id=uuid7(), user_id=users[chat.user.external_id], agent=agent, created_at=chat.steps[0][0])
        for chat in chats
    ]
    Thread.objects.bulk_create(rows)
    return {row.pk: row.user_id for row in rows}


def _users(realm: str, chats: Iterable[PastChat]) -> Mapping[str, UUID]:
    """External id → user. Who is known in the realm already stays as they are."""
    first: dict[str, PastChat] = {}
    for chat in chats:
        first.setdefault(chat.user.external_id, chat)
    ChatUser.objects.bulk_create(
        (_user(realm, chat.user, since=chat.steps[0][0]) for chat in first.values()), ignore_conflicts=True
    )
    known = ChatUser.objects.filter(realm=realm, external_id__in=list(first))
    return dict(known.values_list("external_id", "pk"))


def _user(realm: str, user: PastUser, *, since: datetime) -> ChatUser:
    values = {name: getattr(user, name) for name in ("external_id", "name", "email", "identified", "account_id")}
    return ChatUser(realm=realm, created_at=since, **values)
