"""Variables of a session: what a JSON merge patch makes of them, and how much they take (3-api.md, "Session data")."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sessions_app.core.limits import LONGEST_VARIABLE

LARGEST = 10 * 1024 * 1024  # bytes of the whole object as compact UTF-8 JSON
READ_ONLY = "internal"
MEMORY = "memory"  # the variable that goes on into the user's next session


class InternalReadOnly(Exception):
    """The patch names `internal`."""


class Unusable(ValueError):
    """The patch names a variable that cannot be. The text is a sentence for whoever sent it."""


class NothingThere(Exception):
    """Nothing is at this path."""


class TooLarge(Exception):
    """The variables would not fit. `has` and `would` are sizes of the whole object in bytes."""

    def __init__(self, *, has: int, would: int) -> None:
        super().__init__(
            f"The variables take {has:,} bytes and would take {would:,}; at most {LARGEST:,} are kept."
            " Nothing was changed."
        )
        self.has, self.would = has, would


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What is stored of the variables that a patch names: compact JSON, and what each takes. `bytes` is of all
    variables, those that it does not name as well."""

    bytes: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)
    sizes: Mapping[str, int] = field(default_factory=dict)


NOTHING = Stored()


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What a patch changes: compact JSON by name, with what it takes; names that go; the new sum of all sizes."""

    session: UUID
    written: Mapping[str, str]
    sizes: Mapping[str, int]
    removed: tuple[str, ...]
    bytes: int

    @property
    def names(self) -> set[str]:
        return {*self.written, *self.removed}


def total(bytes: int) -> int:
    """The size of the whole object: a comma less than there are variables, and two braces."""
    return bytes + 1 if bytes else 2


def patched(session: UUID, stored: Stored, patch: Mapping[str, Any]) -> Change | None:
    """The change that a merge patch (RFC 7396) makes; None where it makes none.

    `patch` is JSON as `portal.lib.strict_json` reads it. Raises InternalReadOnly, Unusable, TooLarge.
    """
    _demand_names(patch)
    removed = tuple(name for name, wanted in patch.items() if wanted is None and name in stored.sizes)
    texts = {name: _text(stored.texts.get(name), wanted) for name, wanted in patch.items() if wanted is not None}
    written = {name: text for name, text in texts.items() if stored.texts.get(name) != text}
    if not written and not removed:
        return None
    sizes = {name: size(name, text) for name, text in written.items()}
    freed = sum(stored.sizes.get(name, 0) for name in (*written, *removed))
    bytes = stored.bytes - freed + sum(sizes.values())
    if total(bytes) > LARGEST and bytes > stored.bytes:
        raise TooLarge(has=total(stored.bytes), would=total(bytes))
    return Change(session=session, written=written, sizes=sizes, removed=removed, bytes=bytes)


def after(stored: Stored, change: Change) -> Stored:
    """What is stored when the change has been."""
    texts = {name: text for name, text in stored.texts.items() if name not in change.removed}
    sizes = {name: taken for name, taken in stored.sizes.items() if name not in change.removed}
    return Stored(bytes=change.bytes, texts=texts | dict(change.written), sizes=sizes | dict(change.sizes))


def folded(changes: Iterable[Change]) -> list[Change]:
    """One change per session: what several, one after the other, come to."""
    found: dict[UUID, Change] = {}
    for change in changes:
        before = found.get(change.session)
        found[change.session] = _then(before, change) if before else change
    return list(found.values())


def _then(first: Change, second: Change) -> Change:
    written = {name: text for name, text in first.written.items() if name not in second.removed}
    sizes = {name: taken for name, taken in first.sizes.items() if name not in second.removed}
    removed = {*first.removed, *second.removed} - second.written.keys()
    return Change(
        session=second.session,
        written=written | dict(second.written),
        sizes=sizes | dict(second.sizes),
        removed=tuple(sorted(removed)),
        bytes=second.bytes,
    )


def merged(old: Any, patch: Any) -> Any:
    """RFC 7396, section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(old) if isinstance(old, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def size(name: str, text: str) -> int:
    """What a variable takes: its name, a colon, its value and a comma."""
    return len(compact(name).encode()) + len(text.encode()) + 2


def at(value: Any, path: str) -> Any:
    """What is at `path` in a value: names and places in lists, with dots between. Where a name has dots itself, the
    longest name that is there is meant. Raises NothingThere."""
    if isinstance(value, list):
        found: Mapping[str, Any] = {str(place): item for place, item in enumerate(value)}
    else:
        found = value if isinstance(value, dict) else {}
    for name, rest in splits(path):
        if name in found:
            return found[name] if rest is None else at(found[name], rest)
    raise NothingThere(path)


def splits(path: str) -> Iterable[tuple[str, str | None]]:
    """`a.b.c` → (`a.b.c`, None), (`a.b`, `c`), (`a`, `b.c`)."""
    steps = path.split(".")
    for end in range(len(steps), 0, -1):
        yield ".".join(steps[:end]), ".".join(steps[end:]) if end < len(steps) else None


def _demand_names(patch: Mapping[str, Any]) -> None:
    if READ_ONLY in patch:
        raise InternalReadOnly
    for name in patch:
        if not 1 <= len(name) <= LONGEST_VARIABLE:
            raise Unusable(
                f"The name of a variable has 1 to {LONGEST_VARIABLE} characters; one of these has {len(name)}."
            )


def _text(stored: str | None, wanted: Any) -> str:
    """What is stored is read only where something is merged into it."""
    old = json.loads(stored) if stored is not None and isinstance(wanted, dict) else None
    return compact(merged(old, wanted))
