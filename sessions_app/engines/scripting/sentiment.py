"""A little sentiment: words people are glad or cross with, in a few languages, and signs that all of them share.

A word counts each time it is said; one that is denied (“not good”) counts for the other side. The score says how
one-sided the text is: 0 is even or nothing at all, and the more words there are on one side the nearer it comes to 1.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sessions_app.engines.scripting import words
from sessions_app.engines.turn import Scored

FILE = Path(__file__).with_suffix(".json")
SIGNS = "signs"
DENIED_WITHIN = 2  # words after a “not”
WITHOUT_SPACES = ("ja",)
_NOT = re.compile(r"n['’]t\b")  # “don't” is one word; elsewhere what is before an apostrophe stands for itself


@dataclass(frozen=True, slots=True)
class Words:
    """Of one language, as texts are compared. In one that puts no spaces between words they are parts of a text, and
    what denies comes after."""

    glad: tuple[str, ...]
    cross: tuple[str, ...]
    denying: tuple[str, ...]


def sentiment(text: str, *, language: str) -> Scored:
    """positive, neutral or negative, and how much so. In a language without a list only signs are understood."""
    sides = _sides(text, language.casefold().split("-")[0])
    balance = sum(sides)
    name = "positive" if balance > 0 else "negative" if balance < 0 else "neutral"
    return Scored(name, round(abs(balance) / (len(sides) + 1), 4))


def _sides(text: str, language: str) -> list[int]:
    """+1 for each glad word, −1 for each cross one."""
    lists = _lists()
    found = _anywhere(text, lists[SIGNS])
    if language not in lists:
        return found
    known, said = lists[language], _plain(text)
    return found + (_anywhere(said, known) if language in WITHOUT_SPACES else _in_words(said.split(), known))


def _in_words(said: list[str], known: Words) -> list[int]:
    sides = []
    for place, word in enumerate(said):
        if word in known.glad or word in known.cross:
            denied = any(before in known.denying for before in said[max(0, place - DENIED_WITHIN) : place])
            sides.append(1 if (word in known.glad) != denied else -1)
    return sides


def _anywhere(text: str, known: Words) -> list[int]:
    denied = "|".join(map(re.escape, known.denying)) or "(?!)"
    sides: list[int] = []
    for listed, side in ((known.glad, 1), (known.cross, -1)):
        pattern = rf"(?:{'|'.join(map(re.escape, listed))})(?P<denied>.?(?:{denied}))?"
        sides += [-side if match["denied"] else side for match in re.finditer(pattern, text)]
    return sides


@lru_cache(maxsize=1)
def _lists() -> Mapping[str, Words]:
    found = json.loads(FILE.read_text(encoding="utf-8"))
    signs = found.pop(SIGNS)
    lists = {
        language: Words(**{name: tuple(_plain(t).split()) for name, t in of.items()}) for language, of in found.items()
    }
    return lists | {SIGNS: Words(**{name: tuple(t.split()) for name, t in signs.items()})}


def _plain(text: str) -> str:
    return words.folded(_NOT.sub("nt", text))
