"""What Portal ships: every message in every language, and all of it passes our own checks."""

import pytest

from localization.core import checks, languages, placeholders
from localization.core.keys import MESSAGES, Key
from localization.core.shipped import SHIPPED

# 1-product.md, "Localization"
PROMISED = [
    "en",
    "es",
    "fr",
    "de",
    "it",
    "pt",
    "pt-BR",
    "nl",
    "pl",
    "sv",
    "da",
    "fi",
    "nb",
    "cs",
    "ro",
    "el",
    "tr",
    "ru",
]
PROMISED += ["uk", "ar", "he", "hi", "ja", "ko", "zh-Hans", "zh-Hant", "vi", "th", "id"]


def test_every_promised_language_is_there_under_its_right_name() -> None:
    assert set(PROMISED) <= set(SHIPPED)
    assert [tag for tag in SHIPPED if languages.normalise(tag) != tag] == []


def test_the_default_message_is_the_one_in_the_documents() -> None:
    assert SHIPPED["en"][Key.SESSION_EXPIRED] == "Your session has expired"


def test_session_expiration_comes_first() -> None:
    assert next(iter(MESSAGES.values())).section == "Session Expiration"
    assert list(MESSAGES) == list(Key)


@pytest.mark.parametrize("tag", PROMISED)
def test_a_language_has_every_message_and_no_other(tag: str) -> None:
    assert list(SHIPPED[tag]) == list(Key)


@pytest.mark.parametrize("tag", PROMISED)
@pytest.mark.parametrize("key", Key)
def test_a_shipped_text_gives_rise_to_no_finding(tag: str, key: Key) -> None:
    candidate = checks.Candidate(key, tag, SHIPPED[tag][key], PROMISED, SHIPPED["en"][key], "en")
    assert [str(finding) for finding in (*checks.refusals(candidate), *checks.warnings(candidate))] == []


@pytest.mark.parametrize("tag", PROMISED)
def test_a_text_has_the_placeholders_of_the_english(tag: str) -> None:
    for key, text in SHIPPED["en"].items():
        assert sorted(placeholders.parse(SHIPPED[tag][key]).names) == sorted(placeholders.parse(text).names)


def test_no_language_is_a_copy_of_another() -> None:
    texts = {tag: tuple(texts.values()) for tag, texts in SHIPPED.items()}
    assert len(set(texts.values())) == len(texts)
