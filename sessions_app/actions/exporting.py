"""Taking sessions away as a file (7-screens.md, 14): what is filtered, in batches, by whoever may see it.

It is written down before the first of them leaves. Whoever asks is asked about before each batch again: with any right
taken away it breaks off, in a way that nobody takes for the end of the file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from portal.accounts.permissions import NotAllowed, Principal
from portal.audit import actions as audit
from portal.lib import clock
from portal.lib.instants import iso
from sessions_app.queries import sessions, tabs
from sessions_app.queries.sessions import Filter
from sessions_app.queries.shown import Shown, public_id

BATCH = 500
Ask = Callable[[], Principal | None]

FACTS = ("state", "version", "channel", "language", "locale")
NUMBERS = ("user_turns", "interactions", "conversations", "messages", "policy_version")
COLUMNS = (
    *("id", "agent", "user_id", "user_name", "identified", *FACTS, "model"),
    *("started_at", "last_interaction_at", "idle_at", "ends_at", "ended_at", "end_reason", "silent", "paused_at"),
    *("live_chat", "archived_at", *NUMBERS, "data_bytes", "transferred_from", "transferred_to", "pending_transfer"),
)


class Withdrawn(Exception):
    """Whoever asked is signed out by now, or has other rights than when they asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What was asked for, as of `now`; `number` matched at that instant."""

    ask: Ask
    first: Principal
    wanted: Filter
    now: datetime
    number: int

    def batches(self) -> Iterator[list[Mapping[str, Any]]]:
        """Newest first: what starts meanwhile is not among them. As many queries for each batch, however many there
        are. Raises Withdrawn."""
        after = None
        while True:
            page = sessions.page(self._principal(), self.wanted, limit=BATCH, after=after, now=self.now)
            yield [record(shown) for shown in page.items]
            if (after := page.after) is None:
                return

    def _principal(self) -> Principal:
        principal = self.ask()
        if principal is None or _rights(principal) != _rights(self.first):
            raise Withdrawn
        return principal


def begin(*, principal: Principal, ask: Ask, wanted: Filter, form: str) -> Export:
    """Write down who takes what away, and how much. `ask` says who they are by then. Raises NotAllowed."""
    tabs.demand_any(principal)
    if principal.account_id is None:
        raise NotAllowed
    with transaction.atomic():
        number = sessions.all_matching(principal, wanted).order_by().count()
        agents = wanted.agent_ids or ()
        audit.record(
            "session.exported",
            account_id=principal.account_id,
            subject="sessions",
            agent_id=agents[0] if len(agents) == 1 else None,
            after={"format": form, "number": number, "filter": _given(wanted)},
        )
    return Export(ask=ask, first=principal, wanted=wanted, now=clock.now(), number=number)


def _rights(principal: Principal) -> tuple[object, ...]:
    who = principal
    return (who.kind, who.account_id, who.role, who.owns, who.read_only, who.backend, who.agents, who.token_id)


def _given(wanted: Filter) -> dict[str, Any]:
    """What is filtered by, as JSON."""
    given = {name: iso(value) if isinstance(value, datetime) else value for name, value in asdict(wanted).items()}
    return {name: value for name, value in given.items() if value and name != "agent_ids"}


def record(shown: Shown) -> dict[str, Any]:
    """One session by COLUMNS: texts, numbers, booleans and None; instants ISO 8601 in UTC."""
    facts = shown.facts
    return {
        "id": shown.id,
        "agent": shown.agent_slug,
        "user_id": shown.user_id,
        "user_name": shown.user_name or None,
        "identified": shown.identified,
        **{name: str(getattr(facts, name)) for name in FACTS},
        "model": facts.model_override or shown.model or None,
        "started_at": iso(facts.started_at),
        "last_interaction_at": iso(facts.last_interaction_at),
        "idle_at": iso(shown.idle_at),
        "ends_at": iso(shown.ends_at),
        "ended_at": iso(facts.ended_at),
        "end_reason": facts.end_reason and facts.end_reason.value,
        "silent": facts.silent,
        "paused_at": iso(facts.paused_at),
        "live_chat": facts.in_live_chat,
        "archived_at": iso(facts.archived_at),
        **{name: getattr(facts, name) for name in NUMBERS},
        "data_bytes": shown.data_bytes,
        "transferred_from": facts.transferred_from and public_id(facts.transferred_from, facts.version),
        "transferred_to": facts.transferred_to and public_id(facts.transferred_to, facts.version),
        "pending_transfer": shown.pending_to,
    }
