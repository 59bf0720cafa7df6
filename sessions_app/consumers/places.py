"""How many connections somebody has open with this process. Each counts for itself: what they take is its memory."""

from collections import Counter
from typing import Any

from portal.lib.loops import PerLoop
from portal.rest.throttling import network


class Places:
    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def take(self, key: str, *, most: int) -> bool:
        """Whether there is room for one more of `key`. Who has taken a place gives it back."""
        if self._taken[key] >= most:
            return False
        self._taken[key] += 1
        return True

    def give_back(self, key: str) -> None:
        self._taken[key] -= 1
        if self._taken[key] <= 0:
            del self._taken[key]


places = PerLoop(Places)


class Held:
    """The places of one connection: one of its address, and one of whoever it turns out to be."""

    def __init__(self) -> None:
        self._keys: dict[str, str] = {}

    def take(self, kind: str, name: str, *, most: int) -> bool:
        """Whether there is room. What the connection had of this kind before is given back."""
        key = f"{kind} {name}"
        if self._keys.get(kind) == key:
            return True
        self._give_back(kind)
        if not places().take(key, most=most):
            return False
        self._keys[kind] = key
        return True

    def give_back(self) -> None:
        for kind in list(self._keys):
            self._give_back(kind)

    def _give_back(self, kind: str) -> None:
        if (key := self._keys.pop(kind, None)) is not None:
            places().give_back(key)


def address(scope: dict[str, Any]) -> str:
    """What a connection is counted by."""
    client = scope.get("client") or (None,)
    return network(client[0])
