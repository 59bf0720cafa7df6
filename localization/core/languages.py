"""Language tags (BCP 47): their one spelling, what they fall back to, how they are named and written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from babel.core import get_global
from langcodes import Language, standardize_tag

Direction = Literal["ltr", "rtl"]

LONGEST_TAG = 35  # RFC 5646, section 4.4.1
NO_LANGUAGE = frozenset({"und", "mul", "mis", "zxx"})
RTL_SCRIPTS = frozenset({"Adlm", "Arab", "Aran", "Hebr", "Mand", "Nkoo", "Rohg", "Samr", "Syrc", "Thaa", "Yezi"})

# CLDR's parents where cutting off the end of the tag is not it: es-MX → es-419, pt-AO → pt-PT, nn → no.
CLDR_PARENTS = {tag.replace("_", "-"): up.replace("_", "-") for tag, up in get_global("parent_exceptions").items()}
# Norwegian without further notice is Bokmål; Portal ships it, as CLDR does, under its own name.
SAME_LANGUAGE = {"no": "nb"}


class UnknownLanguage(ValueError):
    """The text names no language of BCP 47."""

    def __init__(self, tag: str) -> None:
        super().__init__(f"“{tag[:LONGEST_TAG]}” is not a language tag, such as en, pt-BR or zh-Hant")
        self.tag = tag


@dataclass(frozen=True, slots=True)
class LanguageNames:
    """A language as people pick it from a list: `native` in its own words, `english` in ours."""

    tag: str
    native: str
    english: str
    direction: Direction


def normalise(tag: str) -> str:
    """The one spelling of a language: `pt_br` → `pt-BR`, `iw` → `he`. Raises UnknownLanguage.

    Extensions are dropped: `de-u-co-phonebk` says how to sort, not in what to write.
    """
    if len(tag) > LONGEST_TAG:
        raise UnknownLanguage(tag)
    try:
        language = Language.get(standardize_tag(tag)).update_dict({"extensions": None, "private": None})
    except ValueError as error:
        raise UnknownLanguage(tag) from error
    if not (language.language or "x-").isalpha() or language.language in NO_LANGUAGE or not language.is_valid():
        raise UnknownLanguage(tag)
    return language.to_tag()


@lru_cache(maxsize=1024)
def lineage(tag: str) -> tuple[str, ...]:
    """The tag and what may stand in for it, nearest first; empty when it names no language.

    `pt-BR` → (pt-BR, pt); `zh-TW` → (zh-TW, zh-Hant-TW, zh-Hant). A language in another script is no parent:
    somebody who asked for traditional characters is not served simplified ones under the same name.
    """
    try:
        found = [normalise(tag)]
    except UnknownLanguage:
        return ()
    for step in found:  # grows while it is walked
        found.extend(wider for wider in _wider(step) if wider not in found and script(wider) == script(tag))
    return tuple(found)


def spoken(wanted: str | None, offered: Iterable[str]) -> str | None:
    """The offered language for a reader of `wanted`: itself or its nearest parent; None where neither is offered."""
    by_spelling = {lineage(tag)[:1]: tag for tag in offered}
    return next((by_spelling[tag,] for tag in lineage(wanted or "") if (tag,) in by_spelling), None)


@lru_cache(maxsize=1024)
def names(tag: str) -> LanguageNames:
    """How to name a language that `normalise` accepts. A tag it refuses stands for itself."""
    if not lineage(tag):
        return LanguageNames(tag, tag, tag, "ltr")
    language = Language.get(tag)
    native = language.display_name(_with_script(tag))  # `autonym` names zh-TW in English
    return LanguageNames(tag, _capitalised(native), language.display_name(), direction(tag))


def direction(tag: str) -> Direction:
    """Which way the language is written: decided by its script, so that `az-Arab` is rtl and `az` is not."""
    return "rtl" if script(tag) in RTL_SCRIPTS else "ltr"


@lru_cache(maxsize=1024)
def script(tag: str) -> str:
    """The script (ISO 15924) it is usually written in: `ja` → Jpan. Unknown is Zzzz, as the standard has it."""
    try:
        return Language.get(tag).maximize().script or "Zzzz"
    except ValueError:
        return "Zzzz"


def primary(tag: str) -> str:
    """The language without country and script: `pt-BR` → `pt`."""
    return tag.partition("-")[0].lower()


def _wider(tag: str) -> Iterator[str]:
    yield _with_script(tag)
    yield from (other[tag] for other in (SAME_LANGUAGE, CLDR_PARENTS) if tag in other)
    shorter, hyphen, _ = tag.rpartition("-")
    if hyphen:
        yield shorter


def _with_script(tag: str) -> str:
    """zh-TW → zh-Hant-TW; a script that goes without saying stays unsaid: pt-BR → pt-BR."""
    language = Language.get(tag)
    return standardize_tag(language.update_dict({"script": script(tag)}).to_tag())


def _capitalised(name: str) -> str:
    # CLDR's names are for running text; `title` and not `upper`, which breaks Georgian.
    return name[:1].title() + name[1:]
