"""The sessions of somebody who is signed in to the Portal: those of the users they are, one in each realm.

Whose they are, the permission function says, as of any user of a chat (docs/decisions/0026).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.accounts.permissions import NotVisible, Principal, Verb, agents_q, visitor
from portal.agents.models import Agent, Status
from portal.lib import clock
from sessions_app.core.facts import State
from sessions_app.models import ChatSession, ChatUser
from sessions_app.queries import people
from sessions_app.queries.live import Place
from sessions_app.queries.sessions import in_state
from sessions_app.queries.shown import SHOWN, Shown, shown

PER_PAGE = 20


class Mark(NamedTuple):
    """A place in the list: first what is not over, then what is, each part newest first."""

    over: bool
    place: Place

    def __str__(self) -> str:
        return f"{'e' if self.over else 'o'}{self.place}"

    @classmethod
    def parse(cls, text: str) -> "Mark | None":
        """The place behind a cursor; None where it is none."""
        place = Place.parse(text[1:])
        return cls(text[0] == "e", place) if place is not None and text[0] in "eo" else None


class Party(NamedTuple):
    """An agent that has, had or may get a session."""

    slug: str
    name: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Some sessions at one instant. `until` is the last place where another page follows. `agents` are those that
    have the sessions or may get them, by slug; `talkers` the humans who talk instead of a bot, by actor."""

    now: datetime
    items: Sequence[Shown]
    agents: Mapping[str, Party]
    talkers: Mapping[str, str]
    until: Mark | None = None


def users(account: int) -> list[Principal]:
    """As whom an account chats."""
    found = ChatUser.objects.filter(account=account).values_list("pk", flat=True)
    return [visitor(user) for user in found]


def user_of(account: int, session: UUID) -> Principal:
    """As whom it does in this session. Raises NotVisible where it is not one of theirs."""
    user = ChatUser.objects.filter(account=account, sessions=session).values_list("pk", flat=True).first()
    if user is None:
        raise NotVisible
    return visitor(user)


def page(principals: Iterable[Principal], *, after: Mark | None = None, limit: int = PER_PAGE) -> Look:
    """A page of their sessions. What the agents have archived is left out, as from every list."""
    now = clock.now()
    listed = _visible(principals).filter(archived_at=None, version="LIVE")
    open_ones = [] if after and after.over else list(_part(listed, after, over=False, now=now)[: limit + 1])
    left = limit + 1 - len(open_ones)
    rows = [*open_ones, *(_part(listed, after, over=True, now=now)[:left] if left else ())]
    items = shown(rows[:limit], now)
    until = Mark(len(open_ones) < limit, Place.of(items[-1])) if len(rows) > limit else None
    return _look(items, now, until=until)


def one(principal: Principal, session: UUID) -> Look:
    """Raises NotVisible."""
    now = clock.now()
    items = shown(_visible([principal]).filter(pk=session).values(*SHOWN), now)
    if not items:
        raise NotVisible
    return _look(items, now)


def siblings(principal: Principal, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Of these sessions those that are the same user's: session → its agent's name."""
    wanted = [id for id in ids if id is not None]
    return dict(_visible([principal]).filter(pk__in=wanted).values_list("pk", "agent__name")) if wanted else {}


def is_over(session: Shown) -> bool:
    """Nothing goes on any more: it has ended, and no other agent waits to pick up."""
    return session.facts.state is State.ENDED and session.pending_to is None


def _visible(principals: Iterable[Principal]) -> QuerySet[ChatSession]:
    nothing = Q(pk__in=())
    mine = (agents_q(who, Verb.SEE_SESSION, agent="agent_id", user="user_id") for who in principals)
    return ChatSession.objects.filter(reduce(or_, mine, nothing))


def _part(listed: QuerySet[ChatSession], after: Mark | None, *, over: bool, now: datetime) -> Any:
    waits = Q(pending_to__isnull=False, pending_until__gt=now)
    lapsed = Q(pending_to=None) | Q(pending_until__lte=now)
    found = listed.filter(in_state("ended", now) & lapsed if over else in_state("open", now) | waits)
    if after is not None and after.over is over:
        at, id = after.place
        found = found.filter(Q(started_at__lt=at) | Q(started_at=at, id__lt=id))
    return found.order_by("-started_at", "-id").values(*SHOWN)


def _look(items: Sequence[Shown], now: datetime, *, until: Mark | None = None) -> Look:
    slugs = {slug for item in items for slug in (item.agent_slug, *item.targets, item.pending_to) if slug is not None}
    talkers = people.names({item.facts.live_chat_by for item in items})
    return Look(now=now, items=items, agents=_parties(slugs), talkers=talkers, until=until)


def _parties(slugs: set[str]) -> dict[str, Party]:
    found = Agent.objects.filter(slug__in=slugs).values_list("slug", "name", "status") if slugs else []
    return {slug: Party(slug, name, status == Status.ACTIVE) for slug, name, status in found}
