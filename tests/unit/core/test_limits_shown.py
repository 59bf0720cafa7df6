"""2-lifecycle.md, "What the user sees when a session reaches its limit"."""

from uuid import uuid4

import pytest

from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.core.policy import EndBehavior
from tests.unit.core.cast import INTENT, NO_PROMPT, PRESET, Chat, at, minutes, policy, transcript

KEEP, CLEAR = EndBehavior
PROMPTED = "bot: Hello, what can I do for you?"
OTHERWISE = (EndReason.EXPIRED, EndReason.MAX_DURATION, EndReason.HISTORY_CLEARED, EndReason.TRANSFERRED)
BY_SOMEBODY = [reason for reason in EndReason if reason not in OTHERWISE]


def after_one_turn(**about_policy: object) -> Chat:
    """Prompted at 10:00, a turn at 10:05, due at 10:35."""
    chat = Chat(prompt=PRESET, policy=policy(**about_policy))
    chat.starts("10:00", language="de")
    chat.says("10:05")
    chat.answers("10:05:01", "Hello")
    return chat


@pytest.mark.parametrize("behavior", EndBehavior)
@pytest.mark.parametrize("limit", [{}, {"max_duration": minutes(20)}], ids=["expired", "max_duration"])
def test_without_a_user_turn_the_limit_is_silent(behavior: EndBehavior, limit: dict[str, object]) -> None:
    chat = Chat(prompt=PRESET, policy=policy(end_behavior=behavior, **limit))
    chat.starts("10:00")
    decision = chat.sweeps("11:00")

    assert chat.session.silent
    assert decision.messages == ()
    assert chat.view() == [PROMPTED]


@pytest.mark.parametrize("limit", [{}, {"max_duration": minutes(20)}], ids=["expired", "max_duration"])
def test_keep_history_puts_one_divider_in_the_language_of_the_session(limit: dict[str, object]) -> None:
    chat = after_one_turn(**limit)
    chat.sweeps("11:00")
    chat.sweeps("12:00")

    assert chat.view() == [PROMPTED, "user: hi", "bot: Hello", "── session_expired"]
    divider = chat.messages[-1]
    assert (divider.at, divider.session) == (chat.session.ended_at, chat.session.id)
    assert (divider.sender, divider.language) == (Sender.PORTAL, "de")


def test_a_divider_is_no_message_of_the_session() -> None:
    chat = after_one_turn()
    chat.sweeps("11:00")

    assert (chat.messages[-1].kind, chat.session.messages) == (Kind.DIVIDER, 3)


@pytest.mark.parametrize("limit", [{}, {"max_duration": minutes(20)}], ids=["expired", "max_duration"])
def test_clear_history_empties_the_view_and_keeps_the_log(limit: dict[str, object]) -> None:
    chat = after_one_turn(end_behavior=CLEAR, **limit)
    chat.sweeps("11:00")

    assert chat.view() == []
    assert transcript(chat.messages) == [PROMPTED, "user: hi", "bot: Hello"]
    assert [(e.type, e.at) for e in chat.events[-2:]] == [
        ("session.ended", chat.session.ended_at),
        ("session.cleared", chat.session.ended_at),
    ]


def test_clearing_at_the_limit_is_exactly_what_the_button_does() -> None:
    by_limit, by_button = after_one_turn(end_behavior=CLEAR), after_one_turn(end_behavior=KEEP)
    by_limit.starts("10:35")
    by_button.clears("10:20")

    assert by_limit.view() == by_button.view() == [PROMPTED]
    assert by_limit.session.language == by_button.session.language == "de"


@pytest.mark.parametrize("behavior", EndBehavior)
def test_the_sweep_starts_no_session_for_people_who_left(behavior: EndBehavior) -> None:
    chat = after_one_turn(end_behavior=behavior)
    decision = chat.sweeps("11:00")

    assert decision.started == ()
    assert chat.session.state is State.ENDED


@pytest.mark.parametrize("behavior", EndBehavior)
@pytest.mark.parametrize("reason", BY_SOMEBODY)
def test_an_end_by_somebody_is_a_divider_and_never_a_clearing(behavior: EndBehavior, reason: EndReason) -> None:
    chat = after_one_turn(end_behavior=behavior)
    chat.ends("10:10", reason)

    assert chat.view() == [PROMPTED, "user: hi", "bot: Hello", "── session_ended"]


def test_an_end_by_somebody_is_shown_to_a_user_who_said_nothing_too() -> None:
    chat = Chat(prompt=PRESET)
    chat.starts("10:00")
    chat.ends("10:10", EndReason.ADMIN_ENDED)

    assert not chat.session.silent
    assert chat.view() == [PROMPTED, "── session_ended"]


@pytest.mark.parametrize("prompt", [INTENT, PRESET, NO_PROMPT], ids=lambda prompt: prompt.kind)
def test_a_held_message_is_no_user_turn_yet(prompt: object) -> None:
    """Paused before the first turn, with a message held: the end by somebody still says so, the counts do not move."""
    chat = Chat(prompt=prompt)
    chat.starts("10:00")
    chat.pauses("10:01")
    chat.says("10:02")
    chat.ends("10:10")

    assert (chat.session.user_turns, chat.session.conversations) == (0, 0)
    assert chat.view()[-1] == "── session_ended"


class TestTheBot:
    def test_it_may_say_that_the_talk_is_over(self) -> None:
        chat = Chat()
        chat.starts("10:00")
        chat.says("10:05", "bye")
        chat.answers("10:05:01", "Goodbye", ends_session=True)

        assert (chat.session.end_reason, chat.session.ended_at) == (EndReason.BOT_ENDED, at("10:05:01"))
        assert chat.events[-1].actor == "bot"
        assert chat.view() == ["user: bye", "bot: Goodbye", "── session_ended"]

    def test_its_end_reaches_a_session_that_was_paused_meanwhile(self) -> None:
        chat = Chat()
        chat.starts("10:00")
        chat.says("10:05", "bye")
        chat.pauses("10:05:01")
        chat.answers("10:05:02", "Goodbye", ends_session=True)

        assert chat.session.end_reason is EndReason.BOT_ENDED

    def test_its_end_cuts_nobody_short_who_has_said_more_meanwhile(self) -> None:
        chat = Chat()
        chat.starts("10:00")
        chat.says("10:05", "bye")
        chat.says("10:05:01", "one more thing")
        chat.answers("10:05:02", "Goodbye", ends_session=True)

        assert (chat.session.state, chat.session.unanswered) == (State.LIVE, 1)

    def test_its_end_waits_for_what_is_held(self) -> None:
        chat = Chat()
        chat.starts("10:00")
        chat.says("10:05", "bye")
        chat.pauses("10:05:01")
        chat.says("10:05:02", "one more thing")
        chat.answers("10:05:03", "Goodbye", ends_session=True)

        assert chat.session.state is State.PAUSED

    def test_an_answer_that_comes_after_the_end_is_kept_and_flagged(self) -> None:
        chat = Chat()
        chat.starts("10:00")
        chat.says("10:05")
        chat.ends("10:05:01")
        ended = chat.session
        chat.answers("10:05:02", "Hello")

        assert chat.messages[-1].after_end
        assert (chat.session.messages, chat.session.ended_at) == (ended.messages + 1, ended.ended_at)

    def test_its_failure_is_told_to_the_owner(self) -> None:
        chat = Chat()
        chat.starts("10:00")
        chat.says("10:05")
        chat.answers("10:05:25", failure="no answer within 25 s")

        failed = next(event for event in chat.events if event.type == "engine.failed")
        assert failed.detail == {"failure": "no answer within 25 s"}
        assert (chat.session.state, chat.session.unanswered) == (State.LIVE, 0)

    def test_an_answer_to_nothing_is_refused(self) -> None:
        decision = Chat().do(c.Answer(turn=uuid4()), "10:00")

        assert decision.result is Refusal.NOT_FOUND

    def test_nor_does_anybody_speak_before_the_first_session(self) -> None:
        assert Chat().hears("10:00", Sender.BOT).result is Refusal.NOT_FOUND
