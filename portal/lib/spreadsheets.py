"""CSV that a spreadsheet only shows (RFC 4180): whatever somebody typed, it is no formula there."""

import csv
import io
from collections.abc import Iterable, Sequence

# A byte order mark: without it Excel takes UTF-8 for the machine's own code page. For files that people open; a
# program would read it into the name of the first column.
BOM = "\ufeff"
# What a cell begins with that a spreadsheet would work out, the full-width forms too (OWASP, "CSV Injection").
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def lines(rows: Iterable[Sequence[object]]) -> str:
    """The rows as text. None is an empty cell; a text that would be a formula gets an apostrophe before it, which a
    spreadsheet takes for the mark of a text."""
    written = io.StringIO()
    csv.writer(written).writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue()


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value
