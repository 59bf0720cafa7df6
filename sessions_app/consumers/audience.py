"""All pages of this process that show the same list to people with the same rights: one query and one rendering for
all of them (4-architecture.md, "Live pages").

A hint only says where to look. What was missed is found by looking at the whole page every few seconds, which also
sees what time alone has changed.
"""

import asyncio
import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import structlog

from portal.lib import threads
from portal.lib.instants import iso
from portal.lib.loops import PerLoop
from sessions_app import fragments
from sessions_app.broadcast import Changed
from sessions_app.consumers.hub import hub
from sessions_app.consumers.watching import Mark, View, Watcher
from sessions_app.core.facts import State
from sessions_app.queries import live
from sessions_app.queries.live import Look, Place
from sessions_app.queries.shown import Shown, public_id
from sessions_app.queries.transfers import Pending

GATHER_FOR = 0.2  # seconds from the first hint to the look: at most five a second, however much happens
JOIN_FOR = 0.02  # seconds in which pages that come together are looked up together
LOOK_EVERY = 3.0  # seconds between looks at the whole page
RETRY_AFTER = 1.0  # seconds, when the database is away
MOST_IDS = 1000  # hints in one look; with more, the whole page is looked at instead
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Seen:
    """A row of a look. `here`: it is on this page, as far as this look can tell."""

    shown: Shown
    fits: bool
    here: bool

    @property
    def id(self) -> UUID:
        return self.shown.facts.id

    @property
    def mark(self) -> Mark:
        return Mark(self.shown.facts.row_version, self.shown.facts.state.value)

    @property
    def is_over(self) -> bool:
        """It has ended and left the view: nothing more will be said of it."""
        return not self.fits and self.shown.facts.state is State.ENDED


class Audience:
    def __init__(self, view: View) -> None:
        self.view = view
        self._watchers: set[Watcher] = set()
        self._changed: set[UUID] = set()
        self._wake = asyncio.Event()
        self._whole = True
        self._next_whole = 0.0
        self._until: Place | None = None
        self._counts: dict[str, int] = {}
        self._drawn: dict[UUID, tuple[Mark, bool, str]] = {}
        self._transfers: tuple[tuple[tuple[Pending, ...], int], str] = (((), 0), "")
        self._deaf = hub().watch_all(self._hear)
        self._task = asyncio.create_task(self._run())

    @property
    def empty(self) -> bool:
        return not self._watchers

    def join(self, watcher: Watcher) -> None:
        self._watchers.add(watcher)
        self.refresh()

    def leave(self, watcher: Watcher) -> None:
        self._watchers.discard(watcher)

    def refresh(self) -> None:
        """Look at the whole page, soon."""
        self._whole = True
        self._wake.set()

    def close(self) -> None:
        self._deaf()
        self._task.cancel()

    def _hear(self, changes: list[Changed]) -> None:
        mine = [change.session for change in changes if self.view.concerns(change)]
        if mine:
            self._changed.update(mine)
            self._wake.set()

    # ── when to look ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def _run(self) -> None:
        while True:
            await self._until_something_happened()
            try:
                await self._look()
            except Exception as error:  # whatever it was, the next look sees everything again
                log.warning("live page cannot look", error=str(error), watchers=len(self._watchers))
                self._whole = True
                await asyncio.sleep(RETRY_AFTER)

    async def _until_something_happened(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.wait_for(self._wake.wait(), max(self._next_whole - loop.time(), 0))
        except TimeoutError:
            self._whole = True
        else:
            await asyncio.sleep(JOIN_FOR if self._whole else GATHER_FOR)

    def _take(self) -> tuple[bool, set[UUID]]:
        """Whether to look at the whole page, and the ids to ask for beside it."""
        self._wake.clear()
        changed, self._changed = self._changed, set()
        loop = asyncio.get_running_loop()
        whole = self._whole or loop.time() >= self._next_whole or len(changed) > MOST_IDS
        if not whole:
            return False, changed
        self._whole, self._next_whole = False, loop.time() + LOOK_EVERY
        return True, {id for watcher in self._watchers for id in watcher.known}

    # ── looking, and telling ─────────────────────────────────────────────────────────────────────────────────────────
    async def _look(self) -> None:
        watchers = list(self._watchers)  # who comes during the look is told by the next one
        whole, ids = self._take()
        view = self.view
        if whole:
            work = partial(live.page, view.principal, view.wanted, after=view.after, ids=ids)
        else:
            work = partial(live.these, view.principal, view.wanted, ids=ids)
        look = await threads.in_database(work)
        if whole:
            self._until = look.until
        seen = list(self._rows(look))
        await self._draw(look, [row for row in seen if any(self._is_news(watcher, row) for watcher in watchers)])
        transfers = await self._draw_transfers(look)
        gone = ids - {row.id for row in seen}
        rest = self._rest(look)
        worth_telling = whole or rest["counts"] != self._counts
        self._counts = rest["counts"]
        for watcher in watchers:
            news = self._news_for(watcher, seen) | self._farewells(watcher, gone)
            if news or worth_telling or watcher.transfers != transfers:
                watcher.offer(news, rest, transfers=transfers)

    def _rows(self, look: Look) -> Iterator[_Seen]:
        for shown in look.page:
            yield _Seen(shown, fits=True, here=True)
        for shown in look.others:
            fits = shown.facts.id in look.fitting
            yield _Seen(shown, fits, here=fits and not self.view.ends_before(Place.of(shown), self._until))

    def _is_news(self, watcher: Watcher, row: _Seen) -> bool:
        known = watcher.known.get(row.id)
        return row.here if known is None else known != row.mark

    async def _draw(self, look: Look, rows: Collection[_Seen]) -> None:
        """Draw what is not drawn yet; what nobody needed this time is forgotten."""
        kept = {row.id: self._drawn[row.id] for row in rows if self._is_drawn(row)}
        missing = [row for row in rows if row.id not in kept]
        texts = await asyncio.to_thread(self._drawing, look, missing) if missing else []
        self._drawn = kept | {row.id: (row.mark, row.fits, text) for row, text in zip(missing, texts, strict=True)}

    def _is_drawn(self, row: _Seen) -> bool:
        return row.id in self._drawn and self._drawn[row.id][:2] == (row.mark, row.fits)

    def _drawing(self, look: Look, rows: Iterable[_Seen]) -> list[str]:
        return [json.dumps(fragments.pushed(self._fragment(look, row)), ensure_ascii=False) for row in rows]

    def _fragment(self, look: Look, row: _Seen) -> fragments.Row:
        view = self.view
        return fragments.row(row.shown, principal=view.principal, look=look, with_agent=view.with_agent, fits=row.fits)

    async def _draw_transfers(self, look: Look) -> str:
        """The strip of pending transfers, drawn anew when others are pending."""
        waiting = look.waiting
        pending = (waiting.items, waiting.count)
        if pending != self._transfers[0]:
            strip = fragments.strip(waiting, principal=self.view.principal)
            self._transfers = (pending, await asyncio.to_thread(fragments.drawn, strip))
        return self._transfers[1]

    def _rest(self, look: Look) -> dict[str, Any]:
        """Of the whole page: where it ends, and whether somebody sweeps, and who. Always: the counts."""
        rest: dict[str, Any] = {"server_now": iso(look.now), "counts": look.counts.as_dict()}
        if look.health is not None:
            rest |= {"until": str(look.until) if look.until else None}
            rest |= {"late": look.health.behind, "standing_in": look.health.standing_in}
        return rest

    def _news_for(self, watcher: Watcher, seen: Iterable[_Seen]) -> dict[UUID, str]:
        """The rows this page does not have like this; it is taken to know them from now on."""
        news = {row.id: row for row in seen if self._is_news(watcher, row)}
        watcher.known |= {id: row.mark for id, row in news.items()}
        for row in news.values():
            if row.is_over:
                del watcher.known[row.id]
        return {id: self._drawn[id][2] for id in news}

    def _farewells(self, watcher: Watcher, gone: Collection[UUID]) -> dict[UUID, str]:
        """For what is not visible any more, or does not exist."""
        lost = gone & watcher.known.keys()
        watcher.forget(lost)
        version = self.view.wanted.version
        return {id: json.dumps({"id": public_id(id, version), "gone": True}) for id in lost}


class Audiences:
    """The audiences of one event loop."""

    def __init__(self) -> None:
        self._by_key: dict[tuple[object, ...], Audience] = {}

    def join(self, view: View, watcher: Watcher) -> Audience:
        audience = self._by_key.get(view.key)
        if audience is None:
            audience = self._by_key[view.key] = Audience(view)
        audience.join(watcher)
        return audience

    def leave(self, audience: Audience, watcher: Watcher) -> None:
        audience.leave(watcher)
        if audience.empty:
            audience.close()
            del self._by_key[audience.view.key]


audiences = PerLoop(Audiences)
