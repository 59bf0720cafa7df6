"""YAML to nodes that know their lines.

Nodes, never objects: nothing in a script can name a class, `no:` stays the language Norwegian instead of turning into
False, and every complaint has a line.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

try:  # the same loader in C, ten times as fast; wheels for some machines come without it
    from yaml import CSafeLoader as Loader
except ImportError:
    from yaml import SafeLoader as Loader  # type: ignore[assignment]

MAX_BYTES = 200_000
MAX_DEPTH = 12

_INDENTATION = "The indentation does not fit the lines above, or a quote or bracket before it is not closed."
_SENTENCES = {
    "mapping values are not allowed": "A colon followed by a space starts a field; put a text that has one in quotes.",
    "cannot start any token": "A text cannot begin with this sign; put the text in quotes.",
    "did not find expected": _INDENTATION,
    "expected <block end>": _INDENTATION,
    "unknown escape character": "Within double quotes a backslash begins a special sign; write two for a real one.",
    "found another document": "There is a second document after ---; a script is one document.",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something an author has to mend. line: counted from 1."""

    line: int
    sentence: str


class Unreadable(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def nodes(text: str) -> yaml.Node:
    """The one document in the text, or Unreadable with the first thing that is wrong."""
    _refuse_size(text)
    _refuse_signs(text)
    try:
        for event in _bounded(text):
            _refuse_construct(event)
        root = yaml.compose(text, Loader=Loader)
    except yaml.MarkedYAMLError as error:
        raise Unreadable(_translated(error, text)) from error
    if root is None:
        raise Unreadable(Problem(1, "The script is empty."))
    return root


def _refuse_size(text: str) -> None:
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise Unreadable(Problem(1, f"The script has {size:,} bytes; at most {MAX_BYTES:,} are taken."))


def _refuse_signs(text: str) -> None:
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if found:
        line = text.count("\n", 0, found.start()) + 1
        raise Unreadable(Problem(line, f"The sign U+{ord(found[0]):04X} cannot be shown to anyone; take it out."))


def _bounded(text: str) -> Iterator[yaml.Event]:
    """The parser's events, stopped before nesting gets deep: composing recurses, in C without a limit of its own."""
    depth = 0
    for event in yaml.parse(text, Loader=Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise Unreadable(Problem(_line(event.start_mark), "This is nested deeper than a script ever is."))
        yield event


def _refuse_construct(event: yaml.Event) -> None:
    """Aliases let a few lines grow to gigabytes, and tags ask for objects: a script needs neither."""
    line = _line(event.start_mark)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise Unreadable(Problem(line, "Anchors (&) and aliases (*) are not taken; write it out, or put it in quotes."))
    if getattr(event, "tag", None) is not None:
        raise Unreadable(Problem(line, "Tags (!) are not taken; put a text that begins with ! in quotes."))


def _translated(error: yaml.MarkedYAMLError, text: str) -> Problem:
    problem, line = error.problem or "not YAML", _line(error.problem_mark)
    if "unexpected end of stream" in problem and error.context_mark:
        return Problem(_line(error.context_mark), "The quote that begins here is never closed.")
    if "expected ',' or" in problem and error.context_mark:
        return Problem(_line(error.context_mark), "The bracket that begins here is not closed.")
    if "cannot start any token" in problem and text.split("\n")[line - 1].lstrip(" ").startswith("\t"):
        return Problem(line, "The line begins with a tab; indent with spaces.")
    known = (sentence for words, sentence in _SENTENCES.items() if words in problem)
    return Problem(line, next(known, f"YAML cannot be read here: {problem}."))


def _line(mark: Any) -> int:
    """Of the loader's own kind of mark, in C or in Python, or None."""
    return int(mark.line) + 1 if mark else 1
