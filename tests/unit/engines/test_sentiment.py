"""How a text is felt to be meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.engines.scripting.sentiment import sentiment


@pytest.mark.parametrize(
    ("language", "text", "name"),
    [
        ("en", "Thanks, that is great!", "positive"),
        ("en", "This is terrible, I am angry.", "negative"),
        ("en", "Where is my order?", "neutral"),
        ("en", "not good", "negative"),
        ("en", "this isn't a bad idea", "positive"),
        ("en", "I don’t love it", "negative"),
        ("en", "thanks, but it is broken", "neutral"),  # as much on one side as on the other
        ("en", "goodness me", "neutral"),  # a word is a whole one
        ("EN-us", "GREAT", "positive"),
        ("de", "Danke, sehr freundlich", "positive"),
        ("de", "Das ist nicht gut, ich bin enttäuscht", "negative"),
        ("es", "Muchas gracias, perfecto", "positive"),
        ("es", "Qué servicio tan pésimo", "negative"),
        ("fr", "J'adore, merci", "positive"),
        ("fr", "Ce n'est pas bon", "negative"),
        ("it", "Grazie, ottimo", "positive"),
        ("it", "Sono deluso", "negative"),
        ("nl", "Bedankt, geweldig", "positive"),
        ("nl", "Dat is niet leuk", "negative"),
        ("pt-BR", "Obrigada, ótimo", "positive"),
        ("ar", "شكرًا، رائع", "positive"),
        ("ar", "هذا سيء", "negative"),
        ("ja", "ありがとうございます", "positive"),
        ("ja", "最悪です", "negative"),
        ("ja", "好きじゃない", "negative"),
        ("tlh", "great terrible", "neutral"),  # no list of words
        ("tlh", "👍", "positive"),
        ("", "😡😡 thanks", "negative"),
        ("en", "", "neutral"),
    ],
)
def test_words_and_signs_say_how_somebody_feels(language, text, name):
    assert sentiment(text, language=language).name == name


def test_the_more_is_on_one_side_the_higher_the_score():
    texts = ["", "great", "great and perfect", "great, perfect and helpful"]
    scores = [sentiment(text, language="en").score for text in texts]
    assert scores == sorted(scores)
    assert scores[:2] == [0.0, 0.5]
    assert sentiment("great but slow", language="en").score == 0.0


@given(st.text(), st.sampled_from(["en", "ja", "ar", "xx", ""]))
def test_any_text_has_a_name_and_a_score_from_nothing_to_one(text, language):
    found = sentiment(text, language=language)
    assert found.name in ("positive", "neutral", "negative")
    assert 0 <= found.score < 1
    assert (found.name == "neutral") == (found.score == 0)
