"""The turn machine: each turn answered once, in order, whatever happens to the process that took it."""

import time
from datetime import timedelta

import pytest

from sessions_app.actions import apply, turns
from sessions_app.core.commands import USER, Pause, Resume
from sessions_app.models import ChatUser, Event, Message, Turn
from sessions_app.queries import turns as waiting
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = """
languages:
  en:
    events: {}
    intents:
      greeting: {phrases: [hello], replies: [Hi!]}
      goodbye: {phrases: [goodbye], replies: [Bye!], ends_session: true}
    fallback: {replies: [What?]}
"""
PATIENCE_SECONDS = 10


@pytest.fixture
def thread():
    return cast.thread(cast.agent(platform="scripted", script=SCRIPT))


def _answers(number: int) -> list[str]:
    """The bot's messages, as soon as there are so many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = list(Message.objects.filter(sender="bot").order_by("seq").values_list("text", flat=True))
        if len(found) >= number and not Turn.objects.exists():
            return found
        time.sleep(0.02)
    raise AssertionError(f"{number} answers expected, there are {found}")


def test_turns_are_answered_in_order(thread):
    for text in ("hello", "blah", "hello"):
        cast.say(thread, text)
    assert _answers(3) == ["Hi!", "What?", "Hi!"]


def test_a_turn_whose_process_died_before_asking_is_found_again(thread, monkeypatch):
    monkeypatch.setattr(turns, "nudge", lambda *_args, **_kwargs: None)
    session = cast.say(thread, "hello").session
    monkeypatch.undo()
    assert turns.answer_forgotten(commit=apply) == 0, "it may still be on its way"

    cast.pass_time(session.id, timedelta(minutes=2))
    assert turns.answer_forgotten(commit=apply) == 1
    assert _answers(1) == ["Hi!"]


def test_held_messages_are_answered_in_order_after_the_pause(thread):
    cast.say(thread, "hello")
    _answers(1)
    apply([Pause(thread=thread.pk, actor=USER)])
    cast.say(thread, "blah")
    cast.say(thread, "hello")
    apply([Resume(thread=thread.pk, actor=USER)])
    assert _answers(3) == ["Hi!", "What?", "Hi!"]


def test_a_bot_that_fails_is_said_to_the_user_in_their_language_and_to_the_owner_in_the_timeline():
    session = cast.chatting(cast.agent(platform="scripted", script="no: script", languages=["en", "de"]))
    assert _answers(1) == ["Sorry, we cannot answer right now. Please try again in a moment."]
    assert Event.objects.get(session=session, type="engine.failed").detail["failure"]


@pytest.mark.parametrize(("identified", "greeting"), [(True, "Hello Ada!"), (False, "Hello!")])
def test_a_bot_calls_by_name_only_who_has_told_theirs(identified, greeting):
    script = SCRIPT.replace("[Hi!]", '["Hello {name}!"]')
    visitor = cast.user("ada")
    ChatUser.objects.filter(pk=visitor.pk).update(identified=identified)
    cast.say(cast.thread(cast.agent(platform="scripted", script=script), visitor), "hello")
    assert _answers(1) == [greeting]


def test_a_platform_without_an_engine_yet_is_said_too():
    session = cast.chatting(cast.agent(platform="dialogflow_cx"))
    _answers(1)
    assert "Dialogflow CX" in Event.objects.get(session=session, type="engine.failed").detail["failure"]


def test_a_bot_that_says_the_talk_is_over_ends_the_session(thread):
    session = cast.say(thread, "goodbye").session
    assert _answers(1) == ["Bye!"]
    assert Event.objects.get(session=session.id, type="session.ended").cause == "bot_ended"


def test_an_answer_that_cannot_be_stored_is_a_failure_and_holds_up_no_later_turn(thread):
    """Asked again it would be the same for ever."""
    script = SCRIPT.replace("[Hi!]", '["Hi\\0"]')
    thread.agent.script = script
    thread.agent.save()
    cast.say(thread, "hello")
    cast.say(thread, "blah")
    assert _answers(2) == ["Sorry, we cannot answer right now. Please try again in a moment.", "What?"]
    assert "cannot be stored" in Event.objects.get(type="engine.failed").detail["failure"]


def test_a_turn_that_waits_for_the_one_before_it_is_not_forgotten(thread, monkeypatch):
    """Enough of them took the places of those that really were."""
    monkeypatch.setattr(turns, "nudge", lambda *_args, **_kwargs: None)
    session = cast.say(thread, "hello").session
    cast.say(thread, "blah")
    cast.pass_time(session.id, timedelta(seconds=30))
    assert waiting.forgotten(limit=10) == [session.id]
    assert turns.claim_next(session.id) is not None
    assert waiting.forgotten(limit=10) == []
