"""Every refusal and every warning, with its sentence."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localization.core import checks
from localization.core.keys import Key

GERMAN = checks.Candidate(
    key=Key.EXPIRY_WARNING,
    language="de",
    text="Ihre Sitzung endet in {minutes} Min.",
    agent_languages=("en", "de"),
    source="Your session will end in {minutes} min.",
    source_language="en",
)
EXPIRED = replace(GERMAN, key=Key.SESSION_EXPIRED, text="Zu Ende.", source="It is over.")
FAMILY = "👨‍👩‍👧‍👦"  # one grapheme, seven code points


def refused(text: str) -> list[str]:
    return [finding.code for finding in checks.refusals(replace(GERMAN, text=text))]


def warned(candidate: checks.Candidate, **changes: str) -> list[str]:
    return [finding.code for finding in checks.warnings(replace(candidate, **changes))]  # type: ignore[arg-type]


def test_a_good_text_passes_without_a_word() -> None:
    assert checks.refusals(GERMAN) == checks.warnings(GERMAN) == ()


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("", ["empty"]),
        (" \n\u200b\u3000", ["empty"]),  # nothing that shows
        ("a" * 500, []),
        ("a" * 501, ["too_long"]),
        (FAMILY * 500, []),  # counted as people count
        (FAMILY * 501, ["too_long"]),
        ("a" + "\u0301" * 9000, ["too_long"]),  # one grapheme, and still not
        ("a\x00b", ["control_character"]),
        ("a\tb", ["control_character"]),
        ("a\ud800b", ["control_character"]),
        ("two\nlines", []),
        ("{target}", ["unknown_placeholder"]),  # of another message
        ("{agnet} {x}", ["unknown_placeholder", "unknown_placeholder"]),
        ("{{agent}}", ["broken_placeholder"]),
        ("{agent", ["broken_placeholder"]),
        ("%s {x}", ["broken_placeholder", "unknown_placeholder"]),
        ("{agent.__class__}", ["broken_placeholder"]),
        ("<b>{agent}</b>", []),  # text, shown as text
    ],
)
def test_what_is_refused(text: str, codes: list[str]) -> None:
    assert refused(text) == codes


def test_a_language_the_agent_does_not_have_is_refused() -> None:
    (finding,) = checks.refusals(replace(GERMAN, language="fr"))
    assert str(finding) == ("This agent does not have the language “fr”. Add it in the agent's settings first.")


def test_sentences_quote_what_was_typed_and_shorten_it() -> None:
    (unknown,) = checks.refusals(replace(GERMAN, text="{agnet}"))
    assert str(unknown) == "“{agnet}” is not a placeholder of this message. It can have {agent}, {minutes}."
    (broken,) = checks.refusals(replace(GERMAN, text="{" + "x y" * 100 + "}"))
    assert str(broken).startswith("“{x yx y")
    assert len(str(broken)) < 150
    (long,) = checks.refusals(replace(GERMAN, text="a" * 512))
    assert str(long) == "The text has 512 characters; at most 500 are shown. Shorten it."


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("It is over.", ["same_as_source"]),
        ("Zu Ende. ", ["trailing_space"]),
        ("Zu Ende.\n", ["trailing_space"]),
        ("\u00a0Zu Ende.", ["leading_space"]),
        ("Zu Ende", ["missing_end_punctuation"]),
        ("„Zu Ende.“", []),  # a closing quote may follow
        ("Zu Ende! 👋🏽", []),  # so may a wave
        ("<b>Zu Ende.</b>", ["missing_end_punctuation", "markup"]),
        ("Zu&nbsp;Ende.", ["markup"]),
        ("a < b & c > d.", []),
    ],
)
def test_what_is_warned_of(text: str, codes: list[str]) -> None:
    assert warned(EXPIRED, text=text) == codes


def test_a_placeholder_of_the_source_left_out_is_warned_of_by_name() -> None:
    (finding,) = checks.warnings(replace(GERMAN, text="Ihre Sitzung endet bald."))
    assert str(finding) == "The source has {minutes}; the text leaves it out."


def test_the_same_words_in_a_variety_of_the_language_are_right() -> None:
    assert warned(EXPIRED, language="en-GB", text="It is over.") == []


@pytest.mark.parametrize(
    ("language", "text", "ends"),
    [
        ("ar", "هل انتهت الجلسة؟", True),
        ("ar", "انتهت الجلسة", False),
        ("hi", "सत्र समाप्त हो गया।", True),
        ("hi", "सत्र समाप्त हो गया", False),
        ("ja", "終了しました。", True),
        ("ja", "（終了しました。）", True),
        ("ja", "終了しました", False),
        ("zh-TW", "已結束。", True),
        ("ko", "종료되었습니다.", True),
        ("th", "เซสชันสิ้นสุดแล้ว", True),  # Thai has no full stop
        ("el", "Τελείωσε;", True),  # the Greek question mark
        ("de", "Zu Ende;", False),  # a semicolon elsewhere
        ("hy", "Ավարտվեց։", True),
    ],
)
def test_end_punctuation_is_that_of_the_language(language: str, text: str, ends: bool) -> None:
    assert ("missing_end_punctuation" not in warned(EXPIRED, language=language, text=text)) is ends


def test_a_source_without_end_mark_asks_for_none() -> None:
    assert warned(EXPIRED, source="It is over", text="Zu Ende") == []
    assert warned(EXPIRED, source="สิ้นสุดแล้ว", source_language="th", text="Zu Ende") == []


@given(st.text(st.characters()))
def test_any_text_is_judged_without_an_error(text: str) -> None:
    candidate = replace(GERMAN, text=text)
    assert all(str(finding) for finding in (*checks.refusals(candidate), *checks.warnings(candidate)))
