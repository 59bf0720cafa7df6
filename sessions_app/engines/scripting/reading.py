"""Reading nodes with an eye for mistakes: what is wrong is noted with its line, and reading goes on."""

from collections.abc import Collection
from dataclasses import dataclass, field

import yaml

from sessions_app.engines.scripting.source import Problem

_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}


@dataclass(frozen=True, slots=True)
class Item:
    """A value and the line its author would look for: of a field, the line with its name."""

    line: int
    node: yaml.Node

    @property
    def has_fields(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)


@dataclass(frozen=True, slots=True)
class Reader:
    """Collects problems, so that one look tells an author everything. `of` names the place in sentences."""

    problems: list[Problem] = field(default_factory=list)

    def note(self, line: int, sentence: str) -> None:
        self.problems.append(Problem(line, sentence))

    def fields(
        self, item: Item, *, of: str, known: Collection[str] | None = None, needs: Collection[str] = ()
    ) -> dict[str, Item]:
        """The fields of a mapping by name. With `known`, other names are noted and left out."""
        if not isinstance(item.node, yaml.MappingNode):
            self.note(item.line, f"{of} must have fields, as in “name: value”.")
            return {}
        found: dict[str, Item] = {}
        for key, value in item.node.value:
            entry = Item(key.start_mark.line + 1, value)
            if self._takes(key, entry, found, of=of, known=known):
                found[key.value] = entry
        for name in set(needs) - set(found):
            self.note(item.line, f"{of} has no “{name}”.")
        return found

    def _takes(
        self, key: yaml.Node, entry: Item, found: dict[str, Item], *, of: str, known: Collection[str] | None
    ) -> bool:
        if not isinstance(key, yaml.ScalarNode) or not key.value:
            sentence = f"{of} has a field whose name is no text."
        elif key.value in found:
            sentence = f"{of} has “{key.value[:100]}” twice, first on line {found[key.value].line}."
        elif known is not None and key.value not in known:
            sentence = f"{of} has no field “{key.value[:100]}”; known are {', '.join(known)}."
        else:
            return True
        self.note(entry.line, sentence)
        return False

    def items(self, item: Item, *, of: str, at_most: int | None = None) -> list[Item]:
        """The entries of a list that must have at least one."""
        if not isinstance(item.node, yaml.SequenceNode) or not item.node.value:
            self.note(item.line, f"{of} must be a list with at least one entry, each on a line that begins with “- ”.")
            return []
        entries = [Item(node.start_mark.line + 1, node) for node in item.node.value]
        if at_most is not None and len(entries) > at_most:
            self.note(entries[at_most].line, f"{of} takes at most {at_most} entries; there are {len(entries):,}.")
        return entries

    def text(self, item: Item, *, of: str, at_most: int) -> str:
        """A text that must have something in it."""
        if not isinstance(item.node, yaml.ScalarNode):
            self.note(item.line, f"{of} must be a text; put it in quotes if it has a colon, bracket or brace in it.")
            return ""
        text: str = item.node.value.strip()
        if not text:
            self.note(item.line, f"{of} is empty.")
        if len(text) > at_most:
            self.note(item.line, f"{of} has {len(text):,} characters; at most {at_most:,} are taken.")
        return text

    def flag(self, item: Item | None, *, of: str) -> bool:
        """True or false; false when the field is not there."""
        if item is None:
            return False
        word = item.node.value.casefold() if isinstance(item.node, yaml.ScalarNode) else ""
        if word not in _FLAGS:
            self.note(item.line, f"{of} must be true or false.")
        return _FLAGS.get(word, False)
