"""A session as it is shown to whoever may see it: the API's answer, a row of the live table, the session's own page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from portal.accounts.permissions import Principal, Verb, allows
from portal.lib.prepared import Prepared, among
from sessions_app.core import clocks, deadlines
from sessions_app.core.data import total
from sessions_app.core.facts import Facts, State
from sessions_app.core.why import possible
from sessions_app.models import ChatSession
from sessions_app.queries import facts as rows

SHOWN = (
    *rows.COLUMNS,
    "agent__slug",
    "agent__name",
    "agent__model",
    "agent__transfer_targets",
    "pending_to__slug",
    "data__bytes",
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
    model: str  # the agent's; a session may have another
    targets: tuple[str, ...]  # slugs of the agents that its user may go to
    pending_to: str | None  # the slug of the agent that is to pick up
    data_bytes: int

    @property
    def id(self) -> str:
        return public_id(self.facts.id, self.facts.version)

    @property
    def idle_at(self) -> datetime | None:
        return deadlines.idle_at(self.facts) if self.facts.state in (State.LIVE, State.IDLE) else None

    @property
    def ends_at(self) -> datetime | None:
        return deadlines.ends_at(self.facts) if self.facts.state in (State.LIVE, State.IDLE) else None


_BY_IDS = Prepared(lambda: ChatSession.objects.filter(among("id", "ids")).values(*SHOWN))
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
    facts = clocks.as_of(rows.facts_from(row, policies), now)
    pending = facts.pending_until is not None and facts.pending_until > now
    return Shown(
        facts=facts,
        now=now,
        agent_slug=row["agent__slug"],
        agent_name=row["agent__name"],
        user_id=row["user__external_id"],
        user_name=row["user__name"],
        identified=row["user__identified"],
        model=row["agent__model"],
        targets=tuple(row["agent__transfer_targets"]),
        pending_to=row["pending_to__slug"] if pending else None,
        data_bytes=total(row["data__bytes"]) if row["data__bytes"] else 0,
    )


def by_ids(ids: Sequence[UUID], now: datetime) -> list[Shown]:
    """Sessions by id, without asking who looks: for those who have asked the permission function already."""
    return shown(_BY_IDS.dicts(ids=list(ids)), now)


# What may be done by whom, beside what controls a session.
VERBS = {"take_over": Verb.TAKE_OVER, "hand_back": Verb.TAKE_OVER, "model": Verb.OVERRIDE_MODEL}


def allowed(shown: Shown, principal: Principal) -> tuple[str, ...]:
    """What this principal may do to the session as it is now."""
    facts = shown.facts
    return tuple(
        action
        for action in possible(facts)
        if allows(principal, VERBS.get(action, Verb.CONTROL_SESSION), agent_id=facts.agent, user_id=facts.user)
        and (action != "transfer" or shown.targets or principal.user_id is None)
    )
