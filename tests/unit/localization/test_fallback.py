"""The five steps of 1-product.md, "Localization"."""

import pytest

from localization.core import fallback
from localization.core.fallback import Resolved
from localization.core.keys import Key

SHIPPED = {
    tag: {Key.SESSION_EXPIRED: f"shipped {tag}"}
    for tag in ("en", "pt", "pt-BR", "de", "he", "zh-Hans", "zh-Hant", "nb")
}


@pytest.mark.parametrize(
    ("own", "default", "language", "text", "found_in", "source"),
    [
        # 1: the agent's text for the exact tag
        ({"pt-BR": "A", "pt": "B", "en": "C"}, "en", "pt-BR", "A", "pt-BR", "own:pt-BR"),
        # 1: also when it was asked for in another spelling
        ({"pt-BR": "A"}, "en", "pt_br", "A", "pt-BR", "own:pt-BR"),
        # 1: in the default language it is simply its own text
        ({"en": "C"}, "en", "en", "C", "en", "own:en"),
        # 2: the text for a parent goes before the shipped text for the exact tag
        ({"pt": "B", "en": "C"}, "en", "pt-BR", "B", "pt", "own:pt"),
        # 3: the shipped text for the tag
        ({"en": "C"}, "en", "pt-BR", "shipped pt-BR", "pt-BR", "shipped:pt-BR"),
        # 3: … or for its parent; it goes before the agent's default language
        ({"en": "C"}, "en", "de-AT", "shipped de", "de", "shipped:de"),
        # 3: a child is no parent
        ({"pt-BR": "A"}, "en", "pt", "shipped pt", "pt", "shipped:pt"),
        # 3: Taiwan reads traditional characters, whatever the agent wrote in simplified ones
        ({"zh": "D", "zh-Hans": "E"}, "en", "zh-TW", "shipped zh-Hant", "zh-Hant", "shipped:zh-Hant"),
        # 3: Norwegian is Bokmål
        ({}, "en", "no", "shipped nb", "nb", "shipped:nb"),
        # 3: English is shipped like any other language
        ({}, "de", "en-GB", "shipped en", "en", "shipped:en"),
        # 4: a language Portal does not ship gets the agent's default language
        ({"de": "F"}, "de", "sw", "F", "de", "own_default:de"),
        # 4: in the default language only: no parent of it, no other language
        ({"de": "F"}, "de-CH", "sw", "shipped en", "en", "shipped_english"),
        # 5: English at the end
        ({}, "de", "sw", "shipped en", "en", "shipped_english"),
        # 5: also for what is no language at all
        ({}, "en", "no language", "shipped en", "en", "shipped_english"),
    ],
)
def test_first_hit_wins(
    own: dict[str, str], default: str, language: str, text: str, found_in: str, source: str
) -> None:
    resolved = fallback.resolve(
        own=own, default_language=default, shipped=SHIPPED, key=Key.SESSION_EXPIRED, language=language
    )
    assert resolved == Resolved(text, found_in, source)


def test_the_direction_is_that_of_the_text_found() -> None:
    def direction(language: str) -> str:
        return fallback.resolve(
            own={}, default_language="en", shipped=SHIPPED, key=Key.SESSION_EXPIRED, language=language
        ).direction

    assert direction("he") == "rtl"
    assert direction("fa") == "ltr"  # Persian is not shipped here: what is shown is English
