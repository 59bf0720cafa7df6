"""What an open page asks for, and what it knows."""

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from uuid import UUID

from portal.accounts.permissions import Principal
from sessions_app.broadcast import Changed
from sessions_app.queries.live import Place
from sessions_app.queries.sessions import Filter


class Mark(NamedTuple):
    """What a page knows of a row. Time alone changes the state and not the version."""

    version: int
    state: str


@dataclass(frozen=True, slots=True)
class View:
    """Which list, for which rights. The principal's name and id are left out: they change nothing in it."""

    principal: Principal
    wanted: Filter
    after: Place | None
    with_agent: bool

    @classmethod
    def of(cls, principal: Principal, wanted: Filter, after: Place | None, *, with_agent: bool) -> "View":
        return cls(replace(principal, account_id=None, name="", translates={}), wanted, after, with_agent)

    @property
    def key(self) -> tuple[object, ...]:
        """The same for whoever sees the same."""
        owns = None if self.principal.is_admin else self.principal.owns
        return (owns, self.wanted, self.after, self.with_agent)

    def concerns(self, change: Changed) -> bool:
        """Whether a change can be one of this list: a guess that saves queries, not the permission."""
        ids = self.wanted.agent_ids
        return (
            change.agent in ids if ids is not None else self.principal.is_admin or change.agent in self.principal.owns
        )

    def ends_before(self, place: Place, until: Place | None) -> bool:
        """Whether a place is on another page than this one."""
        return (until is not None and place < until) or (self.after is not None and place >= self.after)


class Watcher:
    """One open page: what it knows, and what it is still to be told. A page that reads slowly is told the latest of
    each row, once; what waits for it never grows beyond its rows."""

    def __init__(self, known: Mapping[UUID, Mark], wake: Callable[[], None]) -> None:
        self.known = dict(known)
        self._wake = wake
        self._rows: dict[UUID, str] = {}
        self._rest: dict[str, Any] = {}
        self._seq = 0
        self.transfers: str | None = None  # the strip as it was told last

    def offer(self, rows: Mapping[UUID, str], rest: Mapping[str, Any], *, transfers: str) -> None:
        if transfers != self.transfers:
            self.transfers = self._rest["transfers"] = transfers
        self._rows |= rows
        self._rest |= rest
        self._wake()

    def forget(self, ids: Collection[UUID]) -> None:
        """The page has put these rows away."""
        for id in ids:
            self.known.pop(id, None)
            self._rows.pop(id, None)

    def take(self) -> str | None:
        """The next frame; None when there is nothing to say."""
        if not self._rest:
            return None
        self._seq += 1
        rest = json.dumps({"type": "rows", "seq": self._seq, **self._rest}, ensure_ascii=False)
        frame = f'{rest[:-1]}, "rows": [{", ".join(self._rows.values())}]}}'
        self._rows, self._rest = {}, {}
        return frame
