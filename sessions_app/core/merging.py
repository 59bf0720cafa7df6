"""The JSON merge patch that makes one value of another: what a form that shows a value has to send."""

from typing import Any

from sessions_app.core.data import compact


class NullMember(ValueError):
    """The new value has an object with a null in it, which a merge patch takes for "remove this". `name` is where."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def between(old: Any, new: Any) -> Any:
    """The patch of RFC 7396 after which `old` is `new`; what is the same in both is left out. Raises NullMember."""
    if not isinstance(new, dict):
        return new
    before = old if isinstance(old, dict) else {}
    gone = {name: None for name in before if name not in new}
    return gone | {
        name: between(before.get(name), _kept(name, value))
        for name, value in new.items()
        if name not in before or compact(before[name]) != compact(value)
    }


def _kept(name: str, value: Any) -> Any:
    if value is None:
        raise NullMember(name)
    return value
