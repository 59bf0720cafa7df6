"""Pieces of pages that are drawn in two places: as part of a page, and alone when something changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Principal, Verb, allows
from portal.lib import durations
from sessions_app.core import deadlines
from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.why import possible
from sessions_app.queries.live import Look, Place
from sessions_app.queries.shown import Shown
from sessions_app.queries.transfers import Party, Pending, Waiting

END_REASONS: Mapping[EndReason, Any] = {
    EndReason.EXPIRED: _("Expired"),
    EndReason.MAX_DURATION: _("Max duration"),
    EndReason.USER_ENDED: _("Ended by the user"),
    EndReason.OWNER_ENDED: _("Ended by the owner"),
    EndReason.ADMIN_ENDED: _("Ended by an admin"),
    EndReason.BOT_ENDED: _("Ended by the bot"),
    EndReason.TRANSFERRED: _("Transferred"),
    EndReason.HISTORY_CLEARED: _("History cleared"),
    EndReason.DISPLACED: _("Displaced"),
    EndReason.RETENTION: _("Retention"),
    EndReason.ERASED: _("Erased"),
}
DEEDS: Mapping[str, Any] = {"pause": _("Pause"), "resume": _("Resume"), "end": _("End")}
ANONYMOUS = "visitor-"  # how the ids begin that Portal gives to people nobody has identified


class Deed(NamedTuple):
    name: str
    label: Any
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One session in the table. `fits`: the page's filter still asks for it. `controls`: its reader may act on it.
    `talker` is the human who talks instead of the bot, "" where nobody knows them any more."""

    shown: Shown
    controls: bool
    with_agent: bool
    fits: bool = True
    talker: str = ""

    @property
    def id(self) -> str:
        return self.shown.id

    @property
    def facts(self) -> Facts:
        return self.shown.facts

    @property
    def place(self) -> Place:
        return Place.of(self.shown)

    @property
    def name(self) -> str:
        return self.shown.user_name or self.shown.user_id

    @property
    def user_id(self) -> str:
        """The id people know this user by; nothing where it is one of ours, or is the name already."""
        ours = not self.shown.identified and self.shown.user_id.startswith(ANONYMOUS)
        return "" if ours or self.shown.user_id == self.name else self.shown.user_id

    @property
    def running(self) -> bool:
        return self.facts.state in (State.LIVE, State.IDLE)

    @property
    def ends_idle(self) -> bool:
        """It ends at the instant at which it would go idle, or before: nobody will see it idle."""
        idle, end = self.shown.idle_at, self.shown.ends_at
        return idle is not None and end is not None and self.facts.state is State.LIVE and idle >= end

    @property
    def left(self) -> str:
        """What a paused session will have left when it is resumed."""
        paused_at = self.facts.paused_at
        return durations.clock(deadlines.ends_at(self.facts) - paused_at) if paused_at else ""

    @property
    def end_reason(self) -> Any:
        return END_REASONS[self.facts.end_reason] if self.facts.end_reason else ""

    @property
    def deeds(self) -> list[Deed]:
        """What can be done to it now, by whoever may."""
        now = possible(self.facts) if self.controls else ()
        return [
            Deed(name, label, reverse(f"session-{name}", args=[self.id]))
            for name, label in DEEDS.items()
            if name in now
        ]


def row(shown: Shown, *, principal: Principal, look: Look, with_agent: bool, fits: bool = True) -> Row:
    """The row of a look as this principal sees it, on a page with or without the agent's column."""
    facts = shown.facts
    controls = allows(principal, Verb.CONTROL_SESSION, agent_id=facts.agent, user_id=facts.user)
    return Row(shown=shown, controls=controls, with_agent=with_agent, fits=fits, talker=look.talker(shown))


def pushed(row: Row) -> dict[str, Any]:
    """The row as it goes to a page that is open already: what to compare, and the same HTML as on a new page."""
    return {
        "id": row.id,
        "row_version": row.facts.row_version,
        "state": row.facts.state,
        "place": str(row.place),
        "fits": row.fits,
        "html": render_to_string("sessions/_row.html", {"row": row}),
    }


# ── transfers ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Transfer:
    """One that nobody has picked up. Who only runs the other agent sees that it is there, and cannot call it off; the
    agents are links for those who may follow them."""

    pending: Pending
    controls: bool
    source_url: str
    target_url: str

    @property
    def name(self) -> str:
        return self.pending.user_name or self.pending.user_id

    @property
    def cancel_url(self) -> str:
        return reverse("session-transfer-cancel", args=[self.pending.id])


@dataclass(frozen=True, slots=True)
class Strip:
    """The pending transfers above the table; `more` are not shown."""

    items: tuple[Transfer, ...]
    more: int

    @property
    def count(self) -> int:
        return len(self.items) + self.more


def strip(waiting: Waiting, *, principal: Principal) -> Strip:
    items = tuple(_transfer(pending, principal) for pending in waiting.items)
    return Strip(items, waiting.count - len(items))


def _transfer(pending: Pending, principal: Principal) -> Transfer:
    controls = allows(principal, Verb.CONTROL_SESSION, agent_id=pending.source.id, user_id=pending.user)
    return Transfer(pending, controls, _tab_of(pending.source, principal), _tab_of(pending.target, principal))


def _tab_of(party: Party, principal: Principal) -> str:
    seen = allows(principal, Verb.SEE_SESSIONS, agent_id=party.id)
    return reverse("agent-sessions", args=[party.slug]) if seen else ""


def drawn(strip: Strip) -> str:
    """The strip as it goes to a page that is open already: the same HTML as on a new page, nothing where none waits."""
    return render_to_string("sessions/_transfers.html", {"strip": strip}).strip()
