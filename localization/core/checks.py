"""What is wrong with a text (refused), and what may be (warned): one clear sentence each.

1-product.md, "Localization". Everything is decided from the arguments: the page checks as one types, the API and
imports check what arrives, and all of them say the same.
"""

import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import chain

import grapheme

from localization.core import languages, placeholders, punctuation
from localization.core.keys import MESSAGES, Key
from localization.core.keys import gettext_noop as _

MOST_GRAPHEMES = 500
MOST_CODE_POINTS = 8000  # one grapheme may be a letter under any number of accents
MOST_QUOTED = 40
ALLOWED_CONTROLS = frozenset("\n")


class Level(StrEnum):
    REFUSAL = "refusal"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `template` is English with `%(name)s` for `values`, so that it can be translated first."""

    level: Level
    code: str
    template: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.template % self.values


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text somebody wants to save, with all that is needed to judge it.

    `agent_languages` are the tags the agent speaks; `source` is the text it was translated from, in
    `source_language`.
    """

    key: Key
    language: str
    text: str
    agent_languages: Collection[str]
    source: str
    source_language: str


def refusals(candidate: Candidate) -> tuple[Finding, ...]:
    """Reasons not to save the text. Placeholders are looked for only in a text that is one."""
    return _all(candidate, (_language, _characters, _emptiness, _length)) or _all(candidate, (_broken, _unknown))


def warnings(candidate: Candidate) -> tuple[Finding, ...]:
    """What somebody should look at again. The text is saved all the same."""
    return _all(candidate, (_same_as_source, _outer_space, _end_punctuation, _left_out, _markup))


def _all(candidate: Candidate, checks: Iterable[Callable[[Candidate], Iterator[Finding]]]) -> tuple[Finding, ...]:
    return tuple(chain.from_iterable(check(candidate) for check in checks))


def _language(candidate: Candidate) -> Iterator[Finding]:
    if candidate.language not in candidate.agent_languages:
        yield _refusal(
            "unknown_language",
            _("This agent does not have the language “%(language)s”. Add it in the agent's settings first."),
            language=_quoted(candidate.language),
        )


def _characters(candidate: Candidate) -> Iterator[Finding]:
    for character in candidate.text:
        if unicodedata.category(character) in ("Cc", "Cs") and character not in ALLOWED_CONTROLS:
            yield _refusal(
                "control_character",
                _("The text has a character that cannot be shown (%(code_point)s). Delete it, or type the text anew."),
                code_point=f"U+{ord(character):04X}",
            )
            return


def _emptiness(candidate: Candidate) -> Iterator[Finding]:
    if all(unicodedata.category(character)[0] in "CZ" for character in candidate.text):
        yield _refusal("empty", _("The text is empty. To show the fallback again, revert to it instead."))


def _length(candidate: Candidate) -> Iterator[Finding]:
    length = len(candidate.text)
    if length <= MOST_CODE_POINTS:
        length = grapheme.length(candidate.text)
        if length <= MOST_GRAPHEMES:
            return
    yield _refusal(
        "too_long",
        _("The text has %(length)d characters; at most %(most)d are shown. Shorten it."),
        length=length,
        most=MOST_GRAPHEMES,
    )


def _broken(candidate: Candidate) -> Iterator[Finding]:
    for piece in placeholders.parse(candidate.text).broken[:1]:
        yield _refusal(
            "broken_placeholder",
            _("“%(piece)s” is not a whole placeholder. Write placeholders like {agent}, with one brace on each side."),
            piece=_quoted(piece),
        )


def _unknown(candidate: Candidate) -> Iterator[Finding]:
    allowed = MESSAGES[candidate.key].placeholders
    for name in dict.fromkeys(placeholders.parse(candidate.text).names):
        if name not in allowed:
            yield _refusal(
                "unknown_placeholder",
                _("“%(piece)s” is not a placeholder of this message. It can have %(allowed)s."),
                piece="{" + _quoted(name) + "}",
                allowed=", ".join("{" + each + "}" for each in allowed),
            )


def _same_as_source(candidate: Candidate) -> Iterator[Finding]:
    same_language = languages.primary(candidate.language) == languages.primary(candidate.source_language)
    if candidate.text.strip() == candidate.source.strip() and not same_language:
        yield _warning("same_as_source", _("The text is the same as its source. Is it translated?"))


def _outer_space(candidate: Candidate) -> Iterator[Finding]:
    if candidate.text != candidate.text.rstrip():
        yield _warning("trailing_space", _("There is a space or an empty line at the end."))
    if candidate.text != candidate.text.lstrip():
        yield _warning("leading_space", _("There is a space or an empty line at the beginning."))


def _end_punctuation(candidate: Candidate) -> Iterator[Finding]:
    marked = punctuation.has_end_mark(candidate.source, language=candidate.source_language)
    if marked and not punctuation.ends_well(candidate.text, language=candidate.language):
        yield _warning("missing_end_punctuation", _("The source ends with punctuation; the text does not."))


def _left_out(candidate: Candidate) -> Iterator[Finding]:
    present = placeholders.parse(candidate.text).names
    for name in dict.fromkeys(placeholders.parse(candidate.source).names):
        if name not in present:
            yield _warning(
                "placeholder_left_out",
                _("The source has %(placeholder)s; the text leaves it out."),
                placeholder="{" + name + "}",
            )


def _markup(candidate: Candidate) -> Iterator[Finding]:
    for piece in placeholders.markup(candidate.text)[:1]:
        yield _warning(
            "markup",
            _("“%(piece)s” is shown as it is typed: messages are plain text."),
            piece=_quoted(piece),
        )


def _refusal(code: str, template: str, **values: object) -> Finding:
    return Finding(Level.REFUSAL, code, template, values)


def _warning(code: str, template: str, **values: object) -> Finding:
    return Finding(Level.WARNING, code, template, values)


def _quoted(piece: str) -> str:
    return piece if len(piece) <= MOST_QUOTED else piece[: MOST_QUOTED - 1] + "…"
