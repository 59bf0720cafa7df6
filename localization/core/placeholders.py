"""Placeholders: `{name}`, and nothing else. A text is never a template (5-promises.md, "Security")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

PLACEHOLDER = re.compile(r"\{(\w+)\}")

# What looks like a placeholder; whatever is not exactly `{name}` is a broken one. Most are habits from other systems:
# {{name}}, ${name}, %(name)s, %1$s, %s (but neither “50 %” nor “100 %s…”), or the wide braces ｛name｝ that keyboards
# for Japanese and Chinese give. Wide braces around more than one word are punctuation.
_LOOKALIKE = re.compile(
    r"""
      \{\{[^{}]*\}\}
    | \$\{[^{}]*\}
    | [{\uff5b]\s*(?:\w+\s*)?[}\uff5d]
    | \{[^{}]*\}
    | [{}]
    | (?<!\d)(?<!\d[ \u00a0\u202f])%(?:\(\w+\)[a-zA-Z]|\d+\$[a-zA-Z]|[sdi])(?!\w)
    """,
    re.VERBOSE,
)
# HTML from another system: <b>, </p>, <br/>, &nbsp; — but not “a < b”.
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]{0,200}>|&(?:[a-zA-Z]{2,8}|#\d{1,7});")


@dataclass(frozen=True, slots=True)
class Placeholders:
    """What stands in a text: the names of its placeholders in order, and the pieces that are none but look so."""

    names: tuple[str, ...]
    broken: tuple[str, ...]


def parse(text: str) -> Placeholders:
    """Find the placeholders of a text. Never raises; whether a name is allowed is another question."""
    pieces = [match.group() for match in _LOOKALIKE.finditer(text)]
    return Placeholders(
        names=tuple(piece[1:-1] for piece in pieces if PLACEHOLDER.fullmatch(piece)),
        broken=tuple(piece for piece in pieces if not PLACEHOLDER.fullmatch(piece)),
    )


def markup(text: str) -> tuple[str, ...]:
    """Tags and entities of HTML in a text: nothing will read them as such."""
    return tuple(match.group() for match in _MARKUP.finditer(text))


def fill(text: str, values: Mapping[str, str]) -> str:
    """The text with each `{name}` that has a value replaced by it, literally and once.

    A name without a value stays as it is, and braces in a value are only braces.
    """
    return PLACEHOLDER.sub(lambda match: values.get(match.group(1), match.group()), text)
