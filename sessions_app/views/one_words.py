"""A session and its transcript in words, for those who run the agent (7-screens.md, 16, 18, 20)."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from localization.core import languages
from portal.accounts.permissions import Principal
from sessions_app.actions.deeds import actor
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.facts import Facts
from sessions_app.core.why import why
from sessions_app.fragments import Row
from sessions_app.queries import people
from sessions_app.queries.one import Look
from sessions_app.queries.shown import Shown, allowed
from sessions_app.queries.transcript_pages import Break, Page
from sessions_app.queries.transcripts import Entry

DIGITS = 16
INSTANT = "\0"  # stands where the page draws a time


class Why(NamedTuple):
    """One sentence, and the instant within it."""

    before: str
    at: datetime | None
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """How one session stands, and what its reader may do to it now."""

    look: Look
    row: Row
    deeds: tuple[str, ...]
    talks: bool  # whoever reads is the human who talks

    @property
    def id(self) -> str:
        return self.row.id

    @property
    def shown(self) -> Shown:
        return self.row.shown

    @property
    def facts(self) -> Facts:
        return self.row.facts

    @property
    def is_emulator(self) -> bool:
        return self.facts.version == "DRAFT"

    @property
    def follows(self) -> bool:
        """Something can still happen to it."""
        return self.facts.is_open or self.facts.in_live_chat or self.shown.pending_to is not None

    @property
    def language(self) -> str:
        """By name."""
        return languages.names(self.facts.language).english

    @property
    def model(self) -> str:
        return self.facts.model_override or self.shown.model

    @property
    def why(self) -> Why:
        found: list[datetime] = []

        def mark(instant: datetime) -> str:
            found.append(instant)
            return INSTANT

        before, _mark, after = why(self.facts, time=mark).partition(INSTANT)
        return Why(before, found[0] if found else None, after)

    @property
    def seen(self) -> str:
        """Names what is on view, the clocks apart."""
        view = (self.id, self.facts.row_version, self.facts.state, self.row.talker, self.look.pending, self.deeds)
        names = (self.row.name, self.shown.agent_name, *self.look.targets)
        return hashlib.sha256(repr((view, names)).encode()).hexdigest()[:DIGITS]


def card(look: Look, principal: Principal) -> Card:
    row = Row(shown=look.shown, controls=False, with_agent=False, talker=look.talker)
    talks = look.shown.facts.live_chat_by == actor(principal)
    return Card(look=look, row=row, deeds=allowed(look.shown, principal), talks=talks)


# ── the transcript
WHO = {
    Sender.BOT: gettext_lazy("Bot"),
    Sender.HUMAN: gettext_lazy("Human"),
    Sender.PORTAL: gettext_lazy("Portal, for the bot"),
}
SAID = {
    "session.idle": gettext_lazy("Idle"),
    "session.active": gettext_lazy("A new conversation"),
    "session.paused": gettext_lazy("Paused"),
    "session.resumed": gettext_lazy("Resumed"),
    "session.live_chat_started": gettext_lazy("A human took over"),
    "session.live_chat_ended": gettext_lazy("Handed back to the bot"),
    "session.ended": gettext_lazy("The session ended"),
}


class Gap(NamedTuple):
    """What happened between two lines; `who` where a known person did it."""

    said: Any
    at: datetime
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line, with what came between it and the one before."""

    entry: Entry
    gaps: Sequence[Gap]
    who: str
    cleared: bool  # the user does not see it any more

    @property
    def is_divider(self) -> bool:
        return self.entry.kind == Kind.DIVIDER

    @property
    def is_event(self) -> bool:
        """Nothing anybody reads in the chat: it is for the bot."""
        return not self.entry.text

    @property
    def direction(self) -> str:
        """What users type may be in another language than their session's."""
        return "auto" if self.entry.sender == Sender.USER else self.entry.direction

    @property
    def words(self) -> str:
        """The text, or what was sent in its place."""
        entry = self.entry
        if entry.text:
            return entry.text
        if entry.event:
            return _("Event %s") % entry.event
        return json.dumps(entry.payload, ensure_ascii=False) if entry.payload is not None else str(entry.kind)


def lines(page: Page, *, user: str) -> list[Line]:
    """`user` is the name of whoever chats."""
    names = people.names({each.actor for each in page.breaks})
    since = page.since
    found = []
    for entry in page.lines:
        gaps = list(_between(page.breaks, since, entry.seq, names))
        found.append(_line(entry, gaps, user, page.cleared))
        since = entry.seq
    return found


def _line(entry: Entry, gaps: Sequence[Gap], user: str, cleared: int) -> Line:
    who = user if entry.sender == Sender.USER else str(WHO[Sender(entry.sender)])
    return Line(entry=entry, gaps=gaps, who=who, cleared=entry.seq <= cleared)


def _between(breaks: Sequence[Break], since: int, until: int, names: Mapping[str, str]) -> Iterator[Gap]:
    for each in breaks:
        if since <= each.seq < until:
            yield Gap(SAID[each.type], each.at, names.get(each.actor, ""))
