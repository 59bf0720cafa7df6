"""How sentences end in the languages of the world: only enough to tell a forgotten full stop from a right ending."""

import unicodedata

from localization.core import languages

EVERYWHERE = frozenset(".!?…‥")
# By script, because that is what punctuation belongs to. Greek asks with a semicolon.
OF_SCRIPT = {
    "Arab": frozenset("؟۔"),
    "Armn": frozenset("։՜՞"),
    "Beng": frozenset("।॥"),
    "Cans": frozenset("᙮"),
    "Deva": frozenset("।॥"),
    "Ethi": frozenset("።፧፨"),
    "Grek": frozenset(";\u037e·\u0387"),
    "Gujr": frozenset("।॥"),
    "Guru": frozenset("।॥"),
    "Hans": frozenset("。！？．｡"),
    "Hant": frozenset("。！？．｡"),
    "Jpan": frozenset("。！？．｡"),
    "Khmr": frozenset("។៕"),
    "Kore": frozenset("。！？"),
    "Mymr": frozenset("။"),
    "Orya": frozenset("।॥"),
    "Sinh": frozenset("෴"),
    "Tibt": frozenset("།༎"),
}
# Thai and Lao end a sentence with a space, or with nothing at all.
NO_END_MARK = frozenset({"Thai", "Laoo"})
# May follow the mark: closing quotes and brackets, emoji, and what joins or colours an emoji.
_AFTER_THE_MARK = frozenset({"Pe", "Pf", "Pi", "So", "Sk", "Cf", "Mn", "Zs", "Cc"})
_STRAIGHT_QUOTES = frozenset("\"'")


def has_end_mark(text: str, *, language: str) -> bool:
    """Does the text end with a mark that ends sentences in that language?"""
    return _last_mark(text) in EVERYWHERE | OF_SCRIPT.get(languages.script(language), frozenset())


def ends_well(text: str, *, language: str) -> bool:
    """Has the text its end mark, or is it in a language that has none?"""
    return languages.script(language) in NO_END_MARK or has_end_mark(text, language=language)


def _last_mark(text: str) -> str:
    for character in reversed(text):
        if unicodedata.category(character) not in _AFTER_THE_MARK and character not in _STRAIGHT_QUOTES:
            return character
    return ""
