"""The read-only fields: complete from the start, and kept at every turn (3-api.md, "Session data")."""

import time
from typing import Any

import pytest

from portal.agents.models import Agent
from sessions_app.actions import apply
from sessions_app.core.commands import BOT, Answer, BotMessage, End, Kind, Say, Sender
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession, Turn
from sessions_app.queries import data as stored
from tests import cast
from tests.integration.data.conftest import identified, variables

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 15
SCRIPT = """
languages:
  en:
    events:
      WELCOME: {replies: [Welcome!]}
    intents:
      greeting: {phrases: [hello, hi], replies: [Hi!]}
      hours: {phrases: [when are you open], replies: [From nine to six.]}
    fallback: {replies: [What?]}
"""
FIELDS = {
    *("botId", "sessionId", "version", "channel", "user", "preferredLanguage", "locale", "nlp"),
    *("currentDialogstate", "previousDialogstate", "messageContent", "messageType"),
}


def internal(session: ChatSession) -> Any:
    return stored.about(session.pk).internal


def scripted(**values: Any) -> Agent:
    return cast.agent("shop", platform="scripted", script=SCRIPT, **values)


def answered(session: ChatSession) -> Any:
    """The fields as they are when the bot has nothing left to answer."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while Turn.objects.filter(session=session.pk).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return internal(session)


def say(session: ChatSession, text: str = "", kind: Kind = Kind.TEXT, **values: Any) -> Any:
    apply([Say(session=session.pk, sender=Sender.USER, kind=kind, text=text, **values)])
    return answered(session)


def test_all_fields_are_there_from_the_start():
    session = cast.start(cast.thread(scripted(), identified(name="Ada Lovelace")), version="DRAFT", locale="en-us")
    found = internal(session)

    assert set(found) == FIELDS
    assert found["botId"] == "shop"
    assert found["sessionId"] == f"emulator-{session.pk}"
    assert (found["version"], found["channel"]) == ("DRAFT", "web")
    assert (found["preferredLanguage"], found["locale"]) == ("en", "en-us")
    assert (found["user"]["firstName"], found["user"]["returning"]) == ("Ada", False)
    assert set(found["nlp"]) == {"expression", "intent", "entities", "intents", "sentiment"}
    assert set(found["nlp"].values()) == {None}
    assert [found[name] for name in ("currentDialogstate", "previousDialogstate", "messageContent", "messageType")] == [
        *(None, None, None, None)
    ]
    assert variables(session.pk) == {}


def test_every_turn_leaves_what_was_said_understood_and_triggered():
    session = cast.start(cast.thread(scripted()))
    first = say(session, "hello")
    assert first["nlp"] == {
        "expression": "hello",
        "intent": {"name": "greeting", "score": 1.0},
        "entities": [],
        "intents": [{"name": "greeting", "score": 1.0}],
        "sentiment": {"name": "neutral", "score": 0.0},
    }
    assert (first["messageContent"], first["messageType"]) == ("hello", "text")
    assert first["currentDialogstate"]["name"] == "greeting"
    assert first["previousDialogstate"] is None

    second = say(session, "Thanks! When are you open")
    assert second["nlp"]["intent"]["name"] == "hours"
    assert second["nlp"]["sentiment"] == {"name": "positive", "score": 0.5}
    assert (second["currentDialogstate"]["name"], second["previousDialogstate"]) == (
        "hours",
        first["currentDialogstate"],
    )
    assert second["botId"] == first["botId"]

    third = say(session, "blah")
    assert third["nlp"]["intent"]["name"] is None
    assert third["previousDialogstate"]["name"] == "hours"


def test_the_prompt_is_an_intro_and_an_event_or_button_a_postback():
    session = cast.start(cast.thread(scripted(prompt_kind="intent", prompt_event="WELCOME")), prompt="yes")
    found = answered(session)
    assert (found["messageType"], found["messageContent"]) == ("intro", "WELCOME")
    assert (found["currentDialogstate"]["name"], found["nlp"]["expression"]) == ("WELCOME", None)

    found = say(session, kind=Kind.EVENT, event="WELCOME")
    assert (found["messageType"], found["messageContent"]) == ("postback", "WELCOME")
    found = say(session, "Opening hours", Kind.POSTBACK, payload={"postback": "hours"})
    assert (found["messageType"], found["messageContent"]) == ("postback", "Opening hours")
    assert found["nlp"]["intent"] == {"name": "hours", "score": 1.0}
    found = say(session, kind=Kind.UPLOAD, payload={"name": "invoice.pdf"})
    assert (found["messageType"], found["messageContent"]) == ("upload", "invoice.pdf")
    assert found["nlp"]["expression"] == "Opening hours"


def test_a_preset_prompt_is_an_intro_until_the_user_says_something():
    agent = cast.agent("shop", prompt_kind="preset", prompt_text="Hello!")
    session = cast.start(cast.thread(agent), prompt="yes")
    assert (internal(session)["messageType"], internal(session)["messageContent"]) == ("intro", None)
    say(session, "hi")
    apply([Say(session=session.pk, sender=Sender.BOT, kind=Kind.PRESET, text="Anything else?")])
    assert (internal(session)["messageType"], internal(session)["messageContent"]) == ("text", "hi")


def test_what_a_bot_a_human_or_the_portal_says_is_not_the_users_message(shop):
    session = cast.chatting(shop)
    for sender in (Sender.BOT, Sender.HUMAN):
        apply([Say(session=session.pk, sender=sender, kind=Kind.TEXT, text="I am not the user")])
    assert internal(session)["messageContent"] == internal(session)["nlp"]["expression"] == "hello"


def test_each_session_of_a_thread_has_its_own(shop):
    first = cast.chatting(shop)
    apply([End(session=first.pk, end_reason=EndReason.USER_ENDED)])
    second = cast.say(first.thread, "I am back").session
    assert second is not None
    assert second.id != first.pk
    last = [stored.about(session).internal["messageContent"] for session in (first.pk, second.id)]
    assert last == ["hello", "I am back"]


def test_a_bot_that_fails_has_understood_nothing_of_the_latest_expression():
    agent = scripted()
    session = cast.start(cast.thread(agent))
    say(session, "hello")
    Agent.objects.update(script="no: script")
    found = say(session, "hello again")
    assert found["nlp"]["expression"] == "hello again"
    assert found["nlp"]["intent"] == {"name": None, "score": None}
    assert found["currentDialogstate"]["name"] == "greeting"


def test_two_answers_of_one_batch_leave_the_one_before_as_previous(monkeypatch):
    monkeypatch.setattr("sessions_app.actions.turns.nudge", lambda *_args, **_kwargs: None)
    session = cast.start(cast.thread(scripted()))
    for text in ("one", "two"):
        cast.say(session.thread, text)
    turns = list(Turn.objects.order_by("seq").values_list("pk", flat=True))
    states = [{"id": f"d-{n}", "name": f"n{n}", "type": "INTENT"} for n in range(2)]
    apply(
        [
            Answer(
                session=session.pk,
                actor=BOT,
                turn=turn,
                messages=(BotMessage(text="ok"),),
                understood={"current": state},
            )
            for turn, state in zip(turns, states, strict=True)
        ]
    )
    found = internal(session)
    assert (found["previousDialogstate"], found["currentDialogstate"]) == tuple(states)
