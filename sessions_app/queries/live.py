"""What the live table shows at one instant. The first paint and every push ask here, so that they cannot differ."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models import Count, Q

from portal.accounts.permissions import Principal, Verb
from sessions_app.core.facts import EndReason, State
from sessions_app.queries import enforcement, people, sessions, transfers
from sessions_app.queries.enforcement import Health
from sessions_app.queries.sessions import Filter
from sessions_app.queries.shown import SHOWN, Shown, shown
from sessions_app.queries.transfers import Waiting

PER_PAGE = 50
LATELY = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Place(NamedTuple):
    """Where a session stands in the list, newest first. Places compare like their texts, so a browser can, too."""

    started_at: datetime
    id: UUID

    def __str__(self) -> str:
        return f"{(self.started_at - _EPOCH) // _MICROSECOND:016x}{self.id.hex}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """The place behind a cursor; None where it is none."""
        try:
            return cls(_EPOCH + int(text[:16], 16) * _MICROSECOND, UUID(hex=text[16:]))
        except (ValueError, OverflowError):
            return None

    @classmethod
    def of(cls, shown: Shown) -> "Place":
        return cls(shown.facts.started_at, shown.facts.id)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many sessions are in each state now, and how many ended within the last hour."""

    live: int = 0
    idle: int = 0
    paused: int = 0
    ended_lately: int = 0
    expired_lately: int = 0

    @property
    def open(self) -> int:
        return self.live + self.idle + self.paused

    def as_dict(self) -> dict[str, int]:
        return {**asdict(self), "open": self.open}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """`page` is the page asked for, newest first, and `until` its last place if another page follows; both are empty
    when only ids were asked for. `others` are the sessions asked for by id that are visible and not on the page, those
    in `fitting` still fit the filter. `health` is known where the page is. `waiting` are the transfers of the agents on
    view, and `names` says who the humans are that talk instead of a bot."""

    now: datetime
    counts: Counts
    waiting: Waiting
    page: Sequence[Shown] = ()
    until: Place | None = None
    others: Sequence[Shown] = ()
    fitting: frozenset[UUID] = frozenset()
    health: Health | None = None
    names: Mapping[str, str] = field(default_factory=dict)

    def talker(self, shown: Shown) -> str:
        """Who talks instead of the bot; "" where nobody does, or nobody who is known any more."""
        return self.names.get(shown.facts.live_chat_by or "", "")


def page(
    principal: Principal,
    wanted: Filter,
    *,
    after: Place | None = None,
    ids: Collection[UUID] = (),
    limit: int = PER_PAGE,
) -> Look:
    """A page, and what became of `ids`. Four queries, two more where `ids` are not on the page, and one where humans
    talk."""
    waiting = transfers.waiting(principal, wanted.agent_ids)
    now = waiting.now
    found = sessions.matching(sessions.visible(principal), wanted, now)
    if after is not None:
        found = found.filter(Q(started_at__lt=after.started_at) | Q(started_at=after.started_at, id__lt=after.id))
    rows = list(found.order_by("-started_at", "-id").values(*SHOWN)[: limit + 1])
    items = shown(rows[:limit], now)
    others, fitting = _by_ids(principal, wanted, set(ids) - {item.facts.id for item in items}, now)
    return Look(
        now=now,
        counts=_counts(principal, wanted, now),
        waiting=waiting,
        page=items,
        until=Place.of(items[-1]) if len(rows) > limit else None,
        others=others,
        fitting=fitting,
        health=enforcement.health(now),
        names=_names([*items, *others]),
    )


def these(principal: Principal, wanted: Filter, *, ids: Collection[UUID]) -> Look:
    """What became of `ids`. Four queries, and one more where humans talk."""
    waiting = transfers.waiting(principal, wanted.agent_ids)
    others, fitting = _by_ids(principal, wanted, ids, waiting.now)
    return Look(
        now=waiting.now,
        counts=_counts(principal, wanted, waiting.now),
        waiting=waiting,
        others=others,
        fitting=fitting,
        names=_names(others),
    )


def _names(shown: Sequence[Shown]) -> Mapping[str, str]:
    return people.names({one.facts.live_chat_by for one in shown})


def _by_ids(
    principal: Principal, wanted: Filter, ids: Collection[UUID], now: datetime
) -> tuple[list[Shown], frozenset[UUID]]:
    if not ids:
        return [], frozenset()
    found = sessions.visible(principal).filter(pk__in=ids)
    if wanted.agent_ids is not None:
        found = found.filter(agent_id__in=wanted.agent_ids)
    fitting = sessions.matching(found, wanted, now).values_list("pk", flat=True)
    return shown(found.values(*SHOWN), now), frozenset(fitting)


def _counts(principal: Principal, wanted: Filter, now: datetime) -> Counts:
    """Of the agents on view, whatever else the filter asks for. One query; emulator sessions are not counted."""
    numbers: dict[str, int] = dict.fromkeys(("live", "idle", "paused", "ended_lately", "expired_lately"), 0)
    for state, reason, count in _states(principal, wanted.agent_ids, now).values_list("effective", "end_reason", "n"):
        if state != State.ENDED:
            numbers[state] += count
            continue
        numbers["ended_lately"] += count
        # Without a reason a limit was reached that no sweep has noticed yet.
        numbers["expired_lately"] += count if reason in (None, EndReason.EXPIRED) else 0
    return Counts(**numbers)


def _states(principal: Principal, agent_ids: tuple[int, ...] | None, now: datetime) -> Any:
    lately = now - LATELY
    seen = sessions.visible(principal, Verb.SEE_SESSIONS).filter(version="LIVE", archived_at=None)
    if agent_ids is not None:
        seen = seen.filter(agent_id__in=agent_ids)
    unnoticed = Q(state__in=[State.LIVE.value, State.IDLE.value], ends_at__lte=now, ends_at__gte=lately)
    seen = seen.filter(sessions.in_state("open", now) | Q(ended_at__gte=lately) | unnoticed)
    return (
        seen.annotate(effective=sessions.effective_state(now)).values("effective", "end_reason").annotate(n=Count("pk"))
    )
