"""A session as it is shown to whoever may see it: the API's answer, a row of the live table, the session's own page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sessions_app.core import clocks, deadlines
from sessions_app.core.facts import Facts, State
from sessions_app.models import ChatSession
from sessions_app.queries import facts as rows

SHOWN = (
    *rows.COLUMNS,
    "archived_at",
    "agent__slug",
    "agent__name",
    *(f"user__{n}" for n in ("external_id", "name", "identified")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One session at one instant. `facts` are as of `now`, whatever a sweep has or has not done."""

    facts: Facts
    now: datetime
    agent_slug: str
    agent_name: str
    user_id: str  # the id within its realm
    user_name: str
    identified: bool
    archived_at: datetime | None

    @property
    def id(self) -> str:
        return public_id(self.facts.id, self.facts.version)

    @property
    def idle_at(self) -> datetime | None:
        return deadlines.idle_at(self.facts) if self.facts.state in (State.LIVE, State.IDLE) else None

    @property
    def ends_at(self) -> datetime | None:
        return deadlines.ends_at(self.facts) if self.facts.state in (State.LIVE, State.IDLE) else None


EMULATOR = "emulator-"


def public_id(id: UUID, version: str) -> str:
    """The id that programs and people see; that of an emulator session says so."""
    return f"{EMULATOR}{id}" if version == "DRAFT" else str(id)


def private_id(text: str) -> UUID | None:
    """The id behind a public one; None where it is not an id at all."""
    try:
        return UUID(text.removeprefix(EMULATOR))
    except ValueError:
        return None


def shown(sessions: Iterable[Mapping[str, Any]], now: datetime) -> list[Shown]:
    """Rows of `.values(*SHOWN)` as they are at `now`."""
    found = list(sessions)
    policies = rows.policies(row["policy_id"] for row in found)
    return [_shown(row, policies, now) for row in found]


def _shown(row: Mapping[str, Any], policies: rows.Policies, now: datetime) -> Shown:
    return Shown(
        facts=clocks.as_of(rows.facts_from(row, policies), now),
        now=now,
        agent_slug=row["agent__slug"],
        agent_name=row["agent__name"],
        user_id=row["user__external_id"],
        user_name=row["user__name"],
        identified=row["user__identified"],
        archived_at=row["archived_at"],
    )


def by_ids(ids: Sequence[UUID], now: datetime) -> list[Shown]:
    """Sessions by id, without asking who looks: for those who have asked the permission function already."""
    return shown(ChatSession.objects.filter(pk__in=ids).values(*SHOWN), now)
