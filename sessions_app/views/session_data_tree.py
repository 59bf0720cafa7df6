"""JSON drawn as a tree, and no more of it than somebody reads: the page of a 9 MB document is a small one."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from sessions_app.core.data import compact

LEVELS = 5  # that are drawn at once
CHILDREN = 50  # of one object or list
NODES = 400  # on one page
LONGEST_TEXT = 200  # characters of one value
LONGEST_NAME = 100  # what is drawn of the name of a member
LONGEST_PATH = 500  # beyond it nothing can be asked for by its path
WHOLE_TEXT = 65_536  # of a value that is looked at by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One value. `number` is its own on the page. Of an object or list, `count` is how many members it has and `more`
    how many are not drawn; of anything else, `text` is its JSON, and `cut` how many characters are left out."""

    number: int
    name: str
    path: str
    kind: str
    text: str = ""
    cut: int = 0
    count: int = 0
    children: tuple["Node", ...] = ()
    more: int = 0

    @property
    def inner(self) -> bool:
        return self.kind in ("object", "list")

    @property
    def query(self) -> str:
        """Asks for this value by itself; "" where it cannot be asked for."""
        return f"?{urlencode({'path': self.path})}" if self.path else ""


class Pen:
    """Draws the values of one page."""

    def __init__(self) -> None:
        self.drawn = 0
        self.left = NODES

    def draw(self, name: str, value: Any, *, path: str, most: int = NODES) -> Node:
        """A value with its first levels. `most` nodes are for this one."""
        self.left = most
        return self._node(name, value, path=path, levels=LEVELS)

    def draw_from(self, name: str, value: Any, *, path: str, start: int) -> Node:
        """A value by itself: its members from `start` on, or a long text."""
        self.left = NODES
        if isinstance(value, dict | list):
            return self._node(name, value, path=path, levels=LEVELS, start=start)
        return self._node(name, value, path=path, levels=0, longest=WHOLE_TEXT)

    def _node(
        self, name: str, value: Any, *, path: str, levels: int, start: int = 0, longest: int = LONGEST_TEXT
    ) -> Node:
        self.drawn, self.left = self.drawn + 1, self.left - 1
        number, kind = self.drawn, _kind(value)
        about: dict[str, Any] = {"number": number, "name": _name(name), "path": path, "kind": kind}
        if kind not in ("object", "list"):
            text = value if isinstance(value, str) else compact(value)
            short = compact(text[:longest]) if isinstance(value, str) else text[:longest]
            return Node(**about, text=short, cut=max(len(text) - longest, 0))
        members = islice(value.items() if isinstance(value, dict) else enumerate(value), start, start + CHILDREN)
        children = self._children(members, path=path, levels=levels - 1)
        return Node(**about, count=len(value), children=children, more=max(len(value) - start - len(children), 0))

    def _children(self, members: Iterable[tuple[Any, Any]], *, path: str, levels: int) -> tuple[Node, ...]:
        found: list[Node] = []
        for name, value in members if levels > 0 else ():
            if self.left <= 0:
                break
            found.append(self._node(str(name), value, path=_within(path, str(name)), levels=levels))
        return tuple(found)


def _kind(value: Any) -> str:
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "list"
    if value is None or isinstance(value, bool):
        return "constant"
    return "text" if isinstance(value, str) else "number"


def _name(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def _within(path: str, name: str) -> str:
    """As the API takes it (3-api.md, "Session data"); "" where it is too long to be asked for."""
    found = f"{path}.{name}"
    return found if path and len(found) <= LONGEST_PATH else ""
