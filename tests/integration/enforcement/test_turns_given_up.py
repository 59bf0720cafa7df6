"""R10: a turn that nobody can answer is given up after five tries; the user is told, and those behind it go on."""

import time
from datetime import timedelta

import pytest
from django.db.models import F

from sessions_app.actions import apply, turns
from sessions_app.models import Event, Message, Turn
from sessions_app.queries import turns as waiting
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = "languages: {en: {events: {}, intents: {}, fallback: {replies: [What?]}}}"
SORRY = "Sorry, we cannot answer right now. Please try again in a moment."
PATIENCE_SECONDS = 15


@pytest.fixture
def session(monkeypatch):
    """With two turns, of which nobody has put any to the bot yet."""
    thread = cast.thread(cast.agent(platform="scripted", script=SCRIPT))
    with monkeypatch.context() as patch:
        patch.setattr(turns, "nudge", lambda *_args, **_kwargs: None)
        cast.say(thread, "this ends whoever reads it")
        return cast.say(thread, "are you there?").session


def _die(session, times: int) -> None:
    """So many processes take the next turn, and are gone."""
    for _ in range(times):
        assert turns.claim_next(session.id) is not None
        _let_a_minute_pass()


def _let_a_minute_pass(by: timedelta = timedelta(minutes=1)) -> None:
    Turn.objects.update(asked_at=F("asked_at") - by)


def _bot_says(number: int) -> list[str]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        said = list(Message.objects.filter(sender="bot").order_by("seq").values_list("text", flat=True))
        if len(said) >= number and not Turn.objects.exists():
            return said
        time.sleep(0.02)
    raise AssertionError(f"{number} answers expected, there are {said}")


def test_after_five_tries_the_user_is_told_and_the_next_turn_is_put_to_the_bot(session):
    _die(session, 5)
    assert turns.answer_forgotten(commit=apply) == 1
    assert _bot_says(2) == [SORRY, "What?"]
    failed = Event.objects.get(session=session.id, type="engine.failed")
    assert "5 times" in failed.detail["failure"]


def test_the_fifth_try_is_still_one(session):
    _die(session, 4)
    turns.answer_forgotten(commit=apply)
    assert _bot_says(2) == ["What?", "What?"]
    assert not Event.objects.filter(type="engine.failed").exists()


def test_one_that_cannot_even_be_given_up_is_left_alone_for_an_hour(session, monkeypatch):
    _die(session, 6)
    assert waiting.forgotten(limit=10) == []
    assert turns.claim_next(session.id) is None
    _let_a_minute_pass(timedelta(hours=1))
    assert waiting.forgotten(limit=10) == [session.id]
