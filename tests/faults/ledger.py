"""The books of a run: what was injected, what was acknowledged, and what of that was lost or is there twice."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

NAIVE, PORTAL = "naive", "Portal"


@dataclass(frozen=True, kw_only=True)
class Tally:
    """`injected` faults or rivals; `acknowledged` deeds, of which so many are `lost`, so many there once too often, and
    so many done at the wrong time or in the wrong place."""

    injected: int
    acknowledged: int
    lost: int = 0
    duplicated: int = 0
    wrong: int = 0

    @property
    def holds(self) -> bool:
        return self.lost == self.duplicated == self.wrong == 0


def total(tallies: Iterable[Tally]) -> Tally:
    rows = [asdict(tally) for tally in tallies]
    return Tally(**{name: sum(row[name] for row in rows) for name in rows[0]})


@dataclass(frozen=True, kw_only=True)
class Entry:
    promise: str
    fault: str
    by: str
    tally: Tally


HEAD = ("", "fault", "by", "injected", "acknowledged", "lost", "duplicated", "wrong")


class Ledger:
    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def broken(self, promise: str, fault: str, tally: Tally) -> None:
        """The naive version was tried, and broke the promise: the fault is one."""
        self.entries.append(Entry(promise=promise, fault=fault, by=NAIVE, tally=tally))
        assert not tally.holds, f"{promise}: the naive version holds against {fault}, so nothing is proven ({tally})"

    def kept(self, promise: str, fault: str, tally: Tally) -> None:
        """Portal was tried, and kept it."""
        self.entries.append(Entry(promise=promise, fault=fault, by=PORTAL, tally=tally))
        assert tally.injected, f"{promise}: nothing was injected ({fault})"
        assert tally.acknowledged, f"{promise}: nothing was acknowledged ({fault})"
        assert tally.holds, f"{promise}: {fault}: {tally}"

    def lines(self) -> list[str]:
        """The table, the entries of a promise together."""
        entries = sorted(self.entries, key=lambda entry: int(entry.promise[1:]))
        rows = [HEAD, *((e.promise, e.fault, e.by, *map(str, asdict(e.tally).values())) for e in entries)]
        widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
        return ["  ".join(_set(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows]

    def write(self, path: Path) -> None:
        path.write_text(json.dumps([asdict(entry) for entry in self.entries], indent=1))


def _set(cell: str, width: int) -> str:
    return cell.rjust(width) if cell.isdigit() else cell.ljust(width)
