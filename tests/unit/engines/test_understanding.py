"""What is kept of a bot's reply for `internal.nlp` and the dialog states."""

import pytest

from sessions_app.engines import scripted, understanding
from sessions_app.engines.turn import Dialogstate, Reply, Scored
from tests.unit.engines.test_scripted_bot import turn


def test_a_reply_that_says_everything_is_kept_whole():
    reply = Reply(
        intent="hours",
        score=0.9,
        intents=(Scored("hours", 0.9), Scored("bye", 0.1)),
        entities=({"name": "day", "value": "Sunday"},),
        sentiment=Scored("positive", 0.5),
        dialogstate=Dialogstate(id="d-1", name="hours", type="MESSAGE"),
    )
    assert understanding.of(turn("Open on Sunday?"), reply) == {
        "expression": "Open on Sunday?",
        "intent": {"name": "hours", "score": 0.9},
        "intents": [{"name": "hours", "score": 0.9}, {"name": "bye", "score": 0.1}],
        "entities": [{"name": "day", "value": "Sunday"}],
        "sentiment": {"name": "positive", "score": 0.5},
        "current": {"id": "d-1", "name": "hours", "type": "MESSAGE"},
    }


@pytest.mark.parametrize(
    ("reply", "intents"),
    [
        (Reply(intent="hours", score=0.7), [{"name": "hours", "score": 0.7}]),
        (Reply(intent="hours"), [{"name": "hours", "score": 1.0}]),
        (Reply(score=0.2), []),
    ],
)
def test_a_platform_that_tells_one_intent_has_that_as_its_likeliest(reply, intents):
    assert understanding.of(turn("hi"), reply)["intents"] == intents


def test_a_bot_that_failed_has_understood_nothing_of_the_latest_expression():
    kept = understanding.of(turn("hi"), Reply())
    assert kept == {
        "expression": "hi",
        "intent": {"name": None, "score": None},
        "intents": [],
        "entities": [],
        "sentiment": None,
    }


@pytest.mark.parametrize(
    ("kind", "expression"), [("text", "hi"), ("postback", "hi"), ("event", None), ("upload", None)]
)
def test_only_words_are_an_expression(kind, expression):
    kept = understanding.of(turn("hi", kind=kind, event="WELCOME"), Reply(intent="x"))
    assert kept.get("expression") == expression


async def test_an_event_of_a_script_is_its_dialog_state_alone():
    welcome = turn(kind="event", event="WELCOME")
    kept = understanding.of(welcome, await scripted.reply(welcome))
    assert list(kept) == ["current"]
    assert (kept["current"]["name"], kept["current"]["type"]) == ("WELCOME", "EVENT")
