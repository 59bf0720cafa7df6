"""Language tags: one spelling each, what they fall back to, how they are named."""

import pytest

from localization.core import languages


@pytest.mark.parametrize(
    ("typed", "spelled"),
    [
        ("pt-br", "pt-BR"),  # the case of BCP 47
        ("pt_BR", "pt-BR"),  # POSIX spelling
        ("ZH-hant", "zh-Hant"),
        ("iw", "he"),  # replaced codes
        ("in", "id"),
        ("en-Latn", "en"),  # a script that goes without saying
        ("de-DE-u-co-phonebk", "de-DE"),  # how to sort is no language
        ("en-x-shop", "en"),
        ("de-CH-1996", "de-CH-1996"),
    ],
)
def test_a_language_has_one_spelling(typed: str, spelled: str) -> None:
    assert languages.normalise(typed) == spelled
    assert languages.normalise(spelled) == spelled


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "e",
        "xx",
        "und",
        "mul",
        "root",
        "x-shop",
        "english please",
        "en-",
        "en\x00",
        "éé",
        "\ud800",
        "a" * 36,
        "../en",
    ],
)
def test_what_is_no_language_is_refused_by_name(typed: str) -> None:
    with pytest.raises(languages.UnknownLanguage):
        languages.normalise(typed)
    assert languages.lineage(typed) == ()
    assert languages.direction(typed) == "ltr"


@pytest.mark.parametrize(
    ("tag", "lineage"),
    [
        ("pt", ("pt",)),
        ("pt-BR", ("pt-BR", "pt")),
        ("es-MX", ("es-MX", "es-419", "es")),  # Latin America lies between
        ("de-CH-1996", ("de-CH-1996", "de-CH", "de")),
        ("zh", ("zh", "zh-Hans")),  # written in simplified characters unless it says otherwise
        ("zh-CN", ("zh-CN", "zh-Hans-CN", "zh", "zh-Hans")),
        ("zh-TW", ("zh-TW", "zh-Hant-TW", "zh-Hant")),  # never the other script
        ("zh-HK", ("zh-HK", "zh-Hant-HK", "zh-Hant")),
        ("zh-Hant", ("zh-Hant",)),
        ("sr-Latn", ("sr-Latn",)),
        ("nb", ("nb", "no")),
        ("no", ("no", "nb")),
        ("nn", ("nn", "no", "nb")),
        ("iw-IL", ("he-IL", "he")),
    ],
)
def test_lineage_goes_from_near_to_far(tag: str, lineage: tuple[str, ...]) -> None:
    assert languages.lineage(tag) == lineage


@pytest.mark.parametrize(
    ("tag", "native", "english", "direction"),
    [
        ("de", "Deutsch", "German", "ltr"),
        ("pt-BR", "Português (Brasil)", "Portuguese (Brazil)", "ltr"),
        ("ar", "العربية", "Arabic", "rtl"),
        ("he", "עברית", "Hebrew", "rtl"),
        ("zh-TW", "中文（台灣）", "Chinese (Taiwan)", "ltr"),
        ("ka", "ქართული", "Georgian", "ltr"),  # must not be put in capitals
        ("az-Arab", languages.names("az-Arab").native, "Azerbaijani (Arabic)", "rtl"),  # by script, not language
    ],
)
def test_names_and_direction(tag: str, native: str, english: str, direction: str) -> None:
    assert languages.names(tag) == languages.LanguageNames(tag, native, english, direction)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wanted", "offered", "spoken"),
    [
        ("pt-BR", ["en", "pt", "pt-BR"], "pt-BR"),  # itself
        ("PT_br", ["en", "pt"], "pt"),  # its parent
        ("zh-TW", ["en", "zh-Hans", "zh-Hant"], "zh-Hant"),  # by script, though the tag does not say it
        ("zh", ["en", "zh-Hant", "zh-Hans"], "zh-Hans"),
        ("no", ["en", "nb"], "nb"),
        ("iw", ["en", "he"], "he"),
        ("en-GB", ["de", "en-US", "en"], "en"),
        ("pt", ["en", "pt-BR"], None),  # a child will not do
        ("zh-TW", ["en", "zh-Hans"], None),  # in another script it is none
        ("fr", ["en", "de"], None),
        ("*", ["en"], None),  # what a browser may send
        ("", ["en"], None),
        (None, ["en"], None),
    ],
)
def test_a_reader_gets_the_nearest_language_offered(wanted: str | None, offered: list[str], spoken: str | None) -> None:
    assert languages.spoken(wanted, offered) == spoken
