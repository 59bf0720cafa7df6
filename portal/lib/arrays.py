"""Columns of values as PostgreSQL's array literals, for `unnest`. The driver's own way takes several times as long, and
the write path sends some forty columns at a time."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

_MICROSECOND = timedelta(microseconds=1)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _hex(value: UUID) -> str:
    return f"{value.int:032x}"


def _interval(value: timedelta) -> str:
    return f"{value // _MICROSECOND} us"


_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "uuid": _hex,
    "int": str,
    "bigint": str,
    "bool": lambda value: "t" if value else "f",
    "timestamptz": datetime.isoformat,
    "interval": _interval,
    "text": _quoted,
    "jsonb": _quoted,  # as JSON text
}


def literal(type: str, values: Iterable[Any]) -> str:
    """An array of `type` (a key above) as text, to be cast; None is NULL."""
    write = _WRITTEN[type]
    listed = list(values)
    if len(listed) > 1 and listed[0] is listed[-1] and listed.count(listed[0]) == len(listed):
        # Very often all rows have the same: that is written once.
        return "{" + ",".join(["NULL" if listed[0] is None else write(listed[0])] * len(listed)) + "}"
    return "{" + ",".join(["NULL" if value is None else write(value) for value in listed]) + "}"
