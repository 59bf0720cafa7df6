"""Text to the features by which a phrase is recognised.

Texts are compared without regard to case, width, accents, vowel points and punctuation, since people type without
them. Of a word its features are the word and its groups of three letters, so that endings, articles and slips of the
finger cost a little and not everything. Scripts that put no spaces between words are taken in pairs of signs. Runs of
three digits and more are all alike: one order number is as good as another.
"""

import re
import unicodedata
from collections.abc import Iterator

# Thai and Lao, Burmese, Khmer, kana with its marks, Han.
_SPACELESS = (
    r"\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
    r"\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
)
_RUNS = re.compile(rf"(?P<spaceless>[{_SPACELESS}]+)|(?P<digits>\d{{3,}})|[^\s{_SPACELESS}]+")
# Arabic letters that many people write for one another, and the stroke that only lengthens a word.
_ALIKE = str.maketrans({"ى": "ي", "ة": "ه", "ـ": ""})
PART = "~"


def features(text: str) -> frozenset[str]:
    """What there is to recognise in a text. Parts of words begin with PART, whole words and pairs of signs do not."""
    return frozenset(feature for run in _RUNS.finditer(folded(text)) for feature in _of(run))


def _of(run: re.Match[str]) -> Iterator[str]:
    if run["digits"]:
        yield "#"
    elif run["spaceless"]:
        signs = run[0]
        yield from (signs[i : i + 2] for i in range(max(1, len(signs) - 1)))
    else:
        edged = f"^{run[0]}$"
        yield run[0]
        yield from (PART + edged[i : i + 3] for i in range(len(edged) - 2))


def folded(text: str) -> str:
    """Letters, marks that make letters, digits and spaces."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    bare = "".join(sign for sign in decomposed if not _is_accent(sign))
    composed = unicodedata.normalize("NFKC", bare).translate(_ALIKE)
    return "".join(sign if unicodedata.category(sign)[0] in "LNM" else " " for sign in composed)


def _is_accent(mark: str) -> bool:
    """Accents, and the vowel points of Hebrew and Arabic; not the marks that make another letter in kana or Hindi."""
    kind = unicodedata.combining(mark)
    return 10 <= kind <= 35 or 200 <= kind <= 240
