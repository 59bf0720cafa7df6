"""How a text is recognised."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.engines.scripting import words
from sessions_app.engines.scripting.match import THRESHOLD, Matcher
from sessions_app.engines.scripting.script import Answer, Intent, Phrase


def intent(name, *phrases):
    return Intent(name=name, phrases=tuple(Phrase(text=text, line=1) for text in phrases), answer=Answer())


MATCHER = Matcher(
    [
        intent("order", "where is my order", "track my parcel"),
        intent("hours", "when are you open", "opening hours"),
        intent("number", "order 12345"),
        intent("bye", "bye", "see you"),
    ]
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Where IS my order?!", "where is my order"),  # case and punctuation
        ("ｗｈｅｒｅ　ｉｓ　ｍｙ　ｏｒｄｅｒ", "where is my order"),  # full width
        ("¿Cuándo llegará?", "cuando llegara"),  # accents
        ("Straße", "strasse"),
        ("İPTAL", "iptal"),  # the Turkish capital I with its dot
        ("شُكرًا", "شكرا"),  # vowel points
        ("الى الخيمة", "إلى الخيمه"),  # letters written for one another
        ("שָׁלוֹם", "שלום"),
        ("ＶＡＴはいくら", "VATはいくら"),
        ("ﾊﾟｽﾜｰﾄﾞ", "パスワード"),  # half width, its marks apart
        ("order 12345", "order 987"),  # one number is as good as another
        ("٨٨١٢٣", "12345"),
    ],
)
def test_texts_that_people_take_for_the_same_are_the_same(one, other):
    assert words.features(one) == words.features(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("が", "か"),  # the mark makes another letter
        ("कि", "कु"),
        ("2 boots", "3 boots"),  # a count is no order number
    ],
)
def test_texts_that_differ_are_told_apart(one, other):
    assert words.features(one) != words.features(other)


def test_words_of_scripts_without_spaces_are_taken_in_pairs_of_signs():
    assert words.features("請求書") == {"請求", "求書"}
    assert words.features("猫") == {"猫"}


def test_a_training_phrase_itself_scores_one():
    match = MATCHER.best("Where is my order?")
    assert (match.intent, match.score) == ("order", 1.0)


def test_a_slip_of_the_finger_costs_a_little():
    match = MATCHER.best("where is my oder")
    assert match.intent == "order"
    assert THRESHOLD < match.score < 1


def test_words_around_the_matter_cost_a_little():
    match = MATCHER.best("hello there, where is my order please")
    assert match.intent == "order"
    assert THRESHOLD < match.score < 1


def test_nothing_in_common_is_no_match():
    assert MATCHER.best("qqq") is None
    assert MATCHER.best("?!") is None
    assert MATCHER.best("") is None


def test_little_in_common_scores_little():
    assert MATCHER.best("my goodness, what a day").score < THRESHOLD


def test_of_equals_the_one_written_first_is_taken():
    assert Matcher([intent("b", "same words"), intent("a", "same words")]).best("same words").intent == "b"


def test_intents_are_ranked_once_each_by_their_best_phrase():
    ranked = MATCHER.ranked("order 12345 opening hours order", most=9)
    assert [match.intent for match in ranked] == ["hours", "number", "order"]
    assert ranked[0].score > ranked[1].score > ranked[2].score
    assert MATCHER.ranked("order 12345 opening hours order", most=2) == ranked[:2]
    assert MATCHER.ranked("qqq", most=9) == []


def test_a_matcher_without_intents_matches_nothing():
    assert Matcher([]).best("hello") is None


@given(st.text())
def test_any_text_has_a_score_from_nothing_to_one(text):
    match = MATCHER.best(text)
    assert match is None or 0 <= match.score <= 1


@given(st.text(), st.text())
def test_any_phrase_recognises_itself(phrase, other):
    matcher = Matcher([intent("it", phrase), intent("other", other)])
    match = matcher.best(phrase)
    assert match is None if not words.features(phrase) else match.score == 1.0
