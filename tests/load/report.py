"""What was measured, as a table to read and as JSON to keep."""

import os
import platform
import statistics
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

WIDTHS = (38, 12, 11, 22, 7, 5)  # 100 columns with what stands between them
HEADS = ("what", "measured", "promise", "yardstick", "ratio", "kept")
ALIGN = "<><<><"
LONGEST_REASON = 61  # the JSON has all of it


@dataclass(frozen=True, slots=True)
class Bound:
    """What is promised of a number."""

    side: Literal["≥", "≤"]
    limit: float
    unit: str = ""

    def kept(self, value: float) -> bool:
        return value >= self.limit if self.side == "≥" else value <= self.limit

    def __str__(self) -> str:
        return f"{self.side} {number(self.limit, self.unit)}"


@dataclass(frozen=True, slots=True)
class Yardstick:
    """What it is compared with, measured in turn with it."""

    name: str
    runs: Sequence[float]
    unit: str

    @property
    def median(self) -> float:
        return statistics.median(self.runs)

    def __str__(self) -> str:
        return f"{self.name} {number(self.median, self.unit)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One measurement: the median of its runs, beside what is promised of it and of its ratio to the yardstick."""

    what: str
    unit: str
    runs: Sequence[float] = ()
    promise: Bound | None = None
    yardstick: Yardstick | None = None
    ratio_promise: Bound | None = None
    missing: str = ""  # why there is no number
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def median(self) -> float | None:
        return statistics.median(self.runs) if self.runs else None

    @property
    def ratio(self) -> float | None:
        """Of the measured to the yardstick."""
        return self.median / self.yardstick.median if self.median is not None and self.yardstick else None

    @property
    def kept(self) -> bool | None:
        """None where nothing is promised, or nothing was measured."""
        pairs = ((self.promise, self.median), (self.ratio_promise, self.ratio))
        verdicts = [bound.kept(value) for bound, value in pairs if bound is not None and value is not None]
        return all(verdicts) if verdicts else None

    def cells(self) -> list[tuple[str, ...]]:
        """Two where a ratio is promised as well."""
        kept = {None: "", True: "yes", False: "NO"}[self.kept]
        measured = number(self.median, self.unit) if self.median is not None else self.missing
        ratio = number(self.ratio, "×") if self.ratio is not None else ""
        promises = [str(bound) for bound in (self.promise, self.ratio_promise) if bound is not None] or [""]
        first = (self.what, measured, promises[0], str(self.yardstick or ""), ratio, kept)
        return [first, *(("", "", promise, "", "", "") for promise in promises[1:])]

    def as_json(self) -> dict[str, Any]:
        stick = self.yardstick
        return {
            "what": self.what,
            "unit": self.unit,
            "median": self.median,
            "runs": list(self.runs),
            "promise": [str(bound) for bound in (self.promise, self.ratio_promise) if bound is not None],
            "yardstick": {"name": stick.name, "median": stick.median, "runs": list(stick.runs)} if stick else None,
            "ratio": self.ratio,
            "kept": self.kept,
            "missing": self.missing or None,
            "details": dict(self.details),
        }


def number(value: float, unit: str) -> str:
    """Three digits that count: 3,012/s, 98.4 ms, 4.02 ×."""
    digits = 0 if value == int(value) or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    space = "" if unit.startswith("/") or not unit else " "
    return f"{value:,.{digits}f}{space}{unit}"


def head() -> str:
    return lines([HEADS, tuple("─" * width for width in WIDTHS)])


def lines(cells: Sequence[Sequence[str]]) -> str:
    return "\n".join(map(_line, cells))


def _line(cells: Sequence[str]) -> str:
    """A reason in place of a number may run on into the empty cells behind it."""
    if len(cells[1]) > WIDTHS[1]:
        return f"{cells[0]:<{WIDTHS[0]}} {textwrap.shorten(cells[1], LONGEST_REASON)}"
    fitted = [f"{cell:{side}{width}}" for cell, side, width in zip(cells, ALIGN, WIDTHS, strict=True)]
    return " ".join(fitted).rstrip()


def machine() -> dict[str, Any]:
    """What else one must know to compare two of these."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
    }
