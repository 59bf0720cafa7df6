"""Transfers that nobody has picked up yet, for those who run either of the two agents (2-lifecycle.md, "Transfer")."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, DateTimeField, Func, Q, Window

from portal.accounts.permissions import Principal, Verb, agents_q
from portal.lib import clock
from sessions_app.models import ChatSession
from sessions_app.queries.shown import public_id

MOST = 20  # that a page shows


@dataclass(frozen=True, slots=True)
class Party:
    """One of the two agents."""

    id: int
    slug: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """What both sides may know: who, from where to where, since when and until when. Not what was said."""

    session: UUID
    user: UUID
    user_id: str
    user_name: str
    source: Party
    target: Party
    since: datetime
    until: datetime

    @property
    def id(self) -> str:
        return public_id(self.session, "LIVE")


@dataclass(frozen=True, slots=True)
class Waiting:
    """As of `now`: those that lapse first, and how many there are in all."""

    now: datetime
    items: tuple[Pending, ...] = ()
    count: int = 0


class _Clock(Func):
    """The clock as `portal.lib.clock` reads it, inside a statement."""

    function = "clock_timestamp"
    output_field = DateTimeField()


def waiting(principal: Principal, agent_ids: Sequence[int] | None = None) -> Waiting:
    """The pending transfers whose source or target is one of these agents (None: any) and one whose sessions this
    principal may see. Emulator sessions are left out. One query, which also tells the time."""
    found = ChatSession.objects.filter(_seen(principal), pending_to__isnull=False, pending_until__gt=_Clock())
    found = found.filter(version="LIVE")
    if agent_ids is not None:
        found = found.filter(Q(agent_id__in=agent_ids) | Q(pending_to_id__in=agent_ids))
    rows = found.annotate(n=Window(Count("pk"))).order_by("pending_until", "pk").values_list(*COLUMNS, "n")[:MOST]
    try:
        sql, params = rows.query.sql_with_params()
    except EmptyResultSet:  # they run no agents
        return Waiting(clock.now())
    return _read(sql, params)


COLUMNS = (
    *("pk", "user_id", "user__external_id", "user__name", "agent_id", "agent__slug", "agent__name"),
    *("pending_to_id", "pending_to__slug", "pending_to__name", "ended_at", "pending_until"),
)


def _seen(principal: Principal) -> Q:
    source, target = (agents_q(principal, Verb.SEE_SESSIONS, agent=side) for side in ("agent_id", "pending_to_id"))
    return source | target


def _read(sql: str, params: Any) -> Waiting:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT instant.now, found.* FROM (SELECT clock_timestamp() AS now) AS instant"  # noqa: S608
            f" LEFT JOIN ({sql}) AS found ON true",
            params,
        )
        rows = cursor.fetchall()
    items = tuple(_pending(*row[1:-1]) for row in rows if row[1] is not None)
    return Waiting(rows[0][0], items, rows[0][-1] or 0)


def _pending(session: UUID, user: UUID, user_id: str, user_name: str, *rest: Any) -> Pending:
    source, target, (since, until) = Party(*rest[:3]), Party(*rest[3:6]), rest[6:]
    return Pending(
        session=session,
        user=user,
        user_id=user_id,
        user_name=user_name,
        source=source,
        target=target,
        since=since,
        until=until,
    )
