"""Before and after, side by side."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from portal.audit.core.digests import canonical


class Difference(NamedTuple):
    """A field and its values as texts; None where it had none, or has none any more. `field` is empty where the values
    have no fields."""

    field: str
    was: str | None
    now: str | None


def differences(before: Any, after: Any) -> list[Difference]:
    """What is not the same, by field; those of objects within objects are named with dots."""
    return list(_differences("", before, after))


def _differences(field: str, before: Any, after: Any) -> Iterator[Difference]:
    if before == after:
        return
    if _has_fields(before) and _has_fields(after):
        was, now = before or {}, after or {}
        for name in [*was, *(name for name in now if name not in was)]:
            yield from _differences(f"{field}.{name}" if field else name, was.get(name), now.get(name))
    else:
        yield Difference(field, _text(before), _text(after))


def _has_fields(value: Any) -> bool:
    return value is None or isinstance(value, Mapping)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value) or "–"
    return canonical(value)
