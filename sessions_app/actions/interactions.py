"""What back ends report in bulk (3-api.md, `POST /interactions`): up to a thousand messages in one call, each with its
own result. Nobody waits for a bot's answer here."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.accounts.permissions import Principal, Verb, allows
from portal.agents.models import Agent
from portal.lib.prepared import Prepared, among
from sessions_app.actions._apply import Outcome, apply
from sessions_app.actions.deeds import actor
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Refusal
from sessions_app.models import ChatUser, Thread
from sessions_app.queries.owners import Owner, owners

MOST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One message and where it goes: to a session, to a thread of an agent, or to a user's latest thread with an agent,
    which begins with it where there is none."""

    session: UUID | None = None
    agent: str | None = None
    thread: UUID | None = None
    user: str | None = None
    sender: Sender = Sender.USER
    kind: Kind = Kind.TEXT
    text: str = ""
    event: str = ""
    payload: Any = None
    client_id: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What became of one item. `refusal` is an error code; nothing was written then."""

    message: UUID | None = None
    seq: int | None = None
    thread: UUID | None = None
    session: UUID | None = None
    version: str = "LIVE"
    previous: UUID | None = None
    already: bool = False
    refusal: str | None = None
    why: str = ""


NOT_FOUND = Said(refusal=Refusal.NOT_FOUND.value)
FORBIDDEN = Said(refusal="forbidden")
Place = dict[str, Any]  # the address of a command


def say_all(*, principal: Principal, items: Sequence[Item]) -> list[Said]:
    """One result each, in order. A refused item does not hold up the others. Who may start sessions for users of an
    agent writes to it; the number of statements does not depend on the number of items."""
    places = _Places(principal, items)
    found = [places.of(item) for item in items]
    commands = [_command(principal, item, place) for item, place in zip(items, found, strict=True) if _is(place)]
    outcomes = iter(apply(commands))
    return [_said(next(outcomes)) if isinstance(place, dict) else place for place in found]


def _is(place: "Place | Said") -> bool:
    return isinstance(place, dict)


def _command(principal: Principal, item: Item, place: Any) -> c.Say:
    return c.Say(
        **place,
        actor=c.USER if item.sender is Sender.USER else actor(principal),
        sender=item.sender,
        kind=item.kind,
        text=item.text,
        event=item.event,
        payload=item.payload,
        client_id=item.client_id,
        at=item.at,
    )


def _said(outcome: Outcome) -> Said:
    session = outcome.session
    if outcome.refusal is not None:
        return Said(refusal=outcome.refusal.value, why=outcome.why)
    return Said(
        message=outcome.message,
        seq=outcome.seq,
        thread=outcome.thread.id if outcome.thread else None,
        session=session.id if session else None,
        version=session.version if session else "LIVE",
        previous=outcome.previous,
        already=outcome.result == "already",
    )


class _Places:
    """Where items go, looked up for all of them together: four queries, and one where users are new."""

    def __init__(self, principal: Principal, items: Iterable[Item]) -> None:
        self.principal = principal
        items = list(items)
        self.agents = _agents({item.agent for item in items if item.agent})
        self.sessions = _sessions({item.session for item in items if item.session})
        self.threads = _threads({item.thread for item in items if item.thread})
        self.users = self._users(items)
        self.latest = _latest({(user, self.agents[slug].pk) for (slug, _), user in self.users.items()})
        self.begun: dict[tuple[UUID, int], c.NewThread] = {}

    def of(self, item: Item) -> "Place | Said":
        if item.session is not None:
            return self._may_in(self.sessions.get(item.session), {"session": item.session})
        agent = self.agents.get(item.agent or "")
        if agent is None:
            return NOT_FOUND
        if item.thread is not None:
            may = self._may(agent.pk, {"thread": item.thread})  # first: who may not is not told which threads there are
            return may if isinstance(may, Said) or self.threads.get(item.thread) == agent.pk else NOT_FOUND
        user = self.users.get((agent.slug, item.user or ""))
        return self._may(agent.pk, self._of_user(user, agent.pk) if user else {})

    def _may(self, agent: int | None, place: Place) -> "Place | Said":
        if agent is None or not allows(self.principal, Verb.SEE_AGENT, agent_id=agent):
            return NOT_FOUND
        return place if allows(self.principal, Verb.START_FOR_USER, agent_id=agent) else FORBIDDEN

    def _may_in(self, owner: Owner | None, place: Place) -> "Place | Said":
        """Whoever sees a session may see its agent, and not the other way round: for a translator it is not there."""
        if owner is None:
            return NOT_FOUND
        if not allows(self.principal, Verb.SEE_SESSION, agent_id=owner.agent_id, user_id=owner.user_id):
            return NOT_FOUND
        return place if allows(self.principal, Verb.START_FOR_USER, agent_id=owner.agent_id) else FORBIDDEN

    def _of_user(self, user: UUID, agent: int) -> Place:
        if (thread := self.latest.get((user, agent))) is not None:
            return {"thread": thread}
        return {"opens": self.begun.setdefault((user, agent), c.NewThread(user=user, agent=agent))}

    def _users(self, items: Iterable[Item]) -> Mapping[tuple[str, str], UUID]:
        """(agent, id) → user, of those agents that this principal may write to. A back end vouches for its users."""
        realms = {
            (item.agent, item.user): self.agents[item.agent].realm
            for item in items
            if item.agent in self.agents and item.user and self._writes_to(self.agents[item.agent])
        }
        wanted = {(realm, id) for (_, id), realm in realms.items()}
        found = _known(wanted)
        if missing := wanted - found.keys():
            made = [ChatUser(realm=realm, external_id=id, identified=True) for realm, id in missing]
            ChatUser.objects.bulk_create(made, ignore_conflicts=True)
            found |= _known(missing)
        return {(slug, id): found[realm, id] for (slug, id), realm in realms.items()}

    def _writes_to(self, agent: Agent) -> bool:
        return allows(self.principal, Verb.START_FOR_USER, agent_id=agent.pk)


def _agents(slugs: set[str]) -> dict[str, Agent]:
    return {agent.slug: agent for agent in Agent.objects.filter(slug__in=slugs)} if slugs else {}


def _sessions(ids: set[UUID]) -> Mapping[UUID, Owner]:
    return owners(ids) if ids else {}


def _threads(ids: set[UUID]) -> dict[UUID, int]:
    return dict(_AGENTS_OF_THREADS.rows(threads=list(ids))) if ids else {}


_AGENTS_OF_THREADS = Prepared(lambda: Thread.objects.filter(among("id", "threads")).values_list("pk", "agent_id"))


def _known(users: set[tuple[str, str]]) -> dict[tuple[str, str], UUID]:
    if not users:
        return {}
    realms, ids = {realm for realm, _ in users}, {id for _, id in users}
    rows = ChatUser.objects.filter(realm__in=realms, external_id__in=ids).values_list("realm", "external_id", "pk")
    return {(realm, id): pk for realm, id, pk in rows if (realm, id) in users}


def _latest(keys: set[tuple[UUID, int]]) -> dict[tuple[UUID, int], UUID]:
    """(user, agent) → the user's latest thread with the agent."""
    if not keys:
        return {}
    users, agents = {user for user, _ in keys}, {agent for _, agent in keys}
    threads = Thread.objects.filter(user__in=users, agent__in=agents)
    rows = threads.order_by("user_id", "agent_id", "-created_at", "-pk").distinct("user_id", "agent_id")
    return {(user, agent): id for user, agent, id in rows.values_list("user_id", "agent_id", "pk")}
