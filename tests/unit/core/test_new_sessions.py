"""2-lifecycle.md, the table "a new session starts because"."""

from typing import Any

import pytest

from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, Prompt, State
from sessions_app.core.policy import EndBehavior
from tests.unit.core.cast import BILLING, INTENT, NO_PROMPT, PRESET, Chat, at, policy

CLEAR = EndBehavior.CLEAR_HISTORY
SHOWN = {"intent": "[welcome]", "preset": f"bot: {PRESET.text}"}


@pytest.fixture(params=[INTENT, PRESET], ids=lambda prompt: prompt.kind)
def prompt(request: pytest.FixtureRequest) -> Any:
    return request.param


def talked(prompt: Prompt, **about_policy: Any) -> Chat:
    """Prompted at 10:00, answered, a turn at 10:05, answered: due at 10:35."""
    chat = Chat(prompt=prompt, policy=policy(**about_policy))
    chat.starts("10:00")
    _answered(chat, "10:00")
    chat.says("10:05")
    _answered(chat, "10:05")
    return chat


def prompted_only(prompt: Prompt) -> Chat:
    """Prompted at 10:00 and nothing said: ends silently at 10:30."""
    chat = Chat(prompt=prompt)
    chat.starts("10:00")
    _answered(chat, "10:00")
    return chat


def _answered(chat: Chat, when: str) -> None:
    while chat.waiting:
        chat.answers(when, "Hello")


def new_lines(chat: Chat, deed: Any) -> list[str]:
    """What comes to the user's view by a deed; all of it if the deed has cleared it."""
    before, cleared = len(chat.view()), chat.thread.cleared_seq
    deed()
    return chat.view()[before if chat.thread.cleared_seq == cleared else 0 :]


def test_chat_opened_for_the_first_time(prompt: Prompt) -> None:
    # divider –, prompt yes
    chat = Chat(prompt=prompt)
    assert new_lines(chat, lambda: chat.starts("10:00")) == [SHOWN[prompt.kind]]


def test_opened_after_an_end_by_somebody(prompt: Prompt) -> None:
    # divider – (the end has put one), prompt yes
    chat = talked(prompt)
    assert new_lines(chat, lambda: chat.ends("10:10", EndReason.OWNER_ENDED)) == ["── session_ended"]
    assert new_lines(chat, lambda: chat.starts("11:00")) == [SHOWN[prompt.kind]]


@pytest.mark.parametrize("when", ["10:35", "18:00"], ids=["chat connected", "opened again later"])
def test_limit_reached_under_keep_history(prompt: Prompt, when: str) -> None:
    # divider yes, prompt yes
    chat = talked(prompt)
    assert new_lines(chat, lambda: chat.starts(when)) == ["── session_expired", SHOWN[prompt.kind]]
    assert chat.session.started_at == at(when)


@pytest.mark.parametrize("when", ["10:35", "18:00"], ids=["chat connected", "opened again later"])
def test_limit_reached_under_clear_history(prompt: Prompt, when: str) -> None:
    # cleared, prompt yes
    chat = talked(prompt, end_behavior=CLEAR)
    assert new_lines(chat, lambda: chat.starts(when)) == [SHOWN[prompt.kind]]
    assert chat.view() == [SHOWN[prompt.kind]]


def test_late_message_after_an_end_that_was_not_silent(prompt: Prompt) -> None:
    # divider yes, prompt no: the message is answered
    chat = talked(prompt)
    assert new_lines(chat, lambda: chat.says("10:35", "late")) == ["── session_expired", "user: late"]


def test_late_message_under_clear_history(prompt: Prompt) -> None:
    # cleared, prompt no
    chat = talked(prompt, end_behavior=CLEAR)
    assert new_lines(chat, lambda: chat.says("10:35", "late")) == ["user: late"]


def test_late_message_after_a_silent_end(prompt: Prompt) -> None:
    # divider –, prompt no
    chat = prompted_only(prompt)
    assert new_lines(chat, lambda: chat.says("10:30", "late")) == ["user: late"]
    assert chat.session.user_turns == 1


def test_opened_again_after_a_silent_end(prompt: Prompt) -> None:
    # divider –, prompt not if the thread already ends with it
    chat = prompted_only(prompt)
    assert new_lines(chat, lambda: chat.starts("10:30")) == []
    assert (chat.session.started_at, chat.session.state) == (at("10:30"), State.LIVE)


def test_opened_again_and_again_after_silent_ends(prompt: Prompt) -> None:
    # … however often
    chat = prompted_only(prompt)
    assert new_lines(chat, lambda: chat.starts("11:00")) == []
    assert new_lines(chat, lambda: chat.starts("12:00")) == []


@pytest.mark.parametrize("sender", [Sender.BOT, Sender.HUMAN])
def test_opened_again_after_a_silent_end_with_something_below_the_prompt(prompt: Prompt, sender: Sender) -> None:
    # … the thread does not end with it: prompt yes
    chat = prompted_only(prompt)
    chat.hears("10:10", sender)
    assert new_lines(chat, lambda: chat.starts("11:00")) == [SHOWN[prompt.kind]]


def test_opened_again_after_a_prompt_the_bot_could_not_answer() -> None:
    # … the thread ends with an apology: prompt yes
    chat = Chat(prompt=INTENT)
    chat.starts("10:00")
    chat.answers("10:00:25", "I cannot answer just now.", failure="timeout")
    assert new_lines(chat, lambda: chat.starts("11:00")) == ["[welcome]"]


def test_opened_after_a_prompt_that_a_back_end_put_there_itself() -> None:
    # … whoever put it: prompt no
    chat = talked(PRESET)
    chat.ends("10:10")
    chat.hears("10:11", Sender.BOT, Kind.PRESET)
    assert new_lines(chat, lambda: chat.starts("11:00")) == []


def test_opened_again_with_an_answer_of_an_older_session_below_the_prompt() -> None:
    # … the thread ends with that answer: prompt yes
    chat = Chat(prompt=PRESET)
    chat.starts("10:00")
    chat.says("10:05")
    chat.ends("10:06")
    chat.starts("10:07")
    chat.answers("10:08", "a slow answer to the turn of 10:05")
    assert new_lines(chat, lambda: chat.starts("11:00")) == [SHOWN["preset"]]


def test_clear_history(prompt: Prompt) -> None:
    # divider –, prompt yes
    chat = talked(prompt)
    assert new_lines(chat, lambda: chat.clears("10:10")) == [SHOWN[prompt.kind]]
    assert chat.view() == [SHOWN[prompt.kind]]


def test_clear_history_of_a_session_that_ended(prompt: Prompt) -> None:
    # divider –, prompt yes
    chat = talked(prompt)
    chat.ends("10:10")
    chat.clears("10:20")
    assert chat.view() == [SHOWN[prompt.kind]]


def test_transfer_picked_up(prompt: Prompt) -> None:
    # divider session_transferred, prompt no: the turn is answered
    chat = talked(prompt)
    chat.portal.changes(BILLING, prompt=prompt)
    assert new_lines(chat, lambda: chat.transfers("10:10")) == ["── session_transferred"]
    assert new_lines(chat, lambda: chat.says("10:20", "hello?")) == ["user: hello?"]


@pytest.mark.parametrize("behavior", EndBehavior)
def test_late_message_after_a_live_chat_was_handed_back(prompt: Prompt, behavior: EndBehavior) -> None:
    # the end was silent: divider –, prompt no
    chat = talked(prompt, end_behavior=behavior)
    chat.taken_over("10:10")
    chat.handed_back("11:00")
    assert new_lines(chat, lambda: chat.says("11:01", "late")) == ["user: late"]


def test_opened_again_after_a_live_chat_was_handed_back(prompt: Prompt) -> None:
    # after a silent end: divider –, prompt yes, for the thread ends with what was said
    chat = talked(prompt)
    chat.taken_over("10:10")
    chat.handed_back("11:00")
    assert new_lines(chat, lambda: chat.starts("11:01")) == [SHOWN[prompt.kind]]


def test_new_chat(prompt: Prompt) -> None:
    # another thread beside the old one: divider –, prompt yes
    old = talked(prompt)
    new = Chat(old.portal)
    assert new_lines(new, lambda: new.starts("10:10")) == [SHOWN[prompt.kind]]
    assert old.session.is_open


def test_a_connected_chat_asks_once_however_many_tabs() -> None:
    chat = talked(PRESET)
    seen = chat.session.id
    first = chat.starts("10:35", after=seen)
    second = chat.starts("10:35", after=seen)
    assert (first.result, second.result, len(chat.sessions)) == ("done", "already", 2)


def test_nor_does_it_begin_anew_what_somebody_has_begun_and_ended_meanwhile() -> None:
    chat = talked(PRESET)
    seen = chat.session.id
    chat.clears("10:20")
    chat.ends("10:21")
    assert (chat.starts("10:22", after=seen).result, len(chat.sessions)) == ("already", 2)


@pytest.mark.parametrize(("asked", "shown"), [("no", False), ("yes", True)])
def test_api_start(prompt: Prompt, asked: Any, shown: bool) -> None:
    # prompt only with `prompt:true`
    chat = Chat(prompt=prompt)
    assert new_lines(chat, lambda: chat.starts("10:00", prompt=asked)) == [SHOWN[prompt.kind]] * shown


def test_api_start_with_the_prompt_after_a_silent_end(prompt: Prompt) -> None:
    # … asked for, it is given
    chat = prompted_only(prompt)
    assert new_lines(chat, lambda: chat.starts("11:00", prompt="yes")) == [SHOWN[prompt.kind]]


def test_an_agent_without_a_prompt_says_nothing() -> None:
    chat = Chat(prompt=NO_PROMPT)
    assert new_lines(chat, lambda: chat.starts("10:00")) == []


@pytest.mark.parametrize("pause", [False, True])
def test_a_thread_has_at_most_one_open_session(prompt: Prompt, pause: bool) -> None:
    chat = talked(prompt)
    if pause:
        chat.pauses("10:10")
    before = chat.session
    decision = chat.starts("10:20")

    assert (decision.result, decision.started, chat.session) == ("already", (), before)


def test_an_intent_prompt_goes_to_the_bot_and_a_preset_prompt_does_not() -> None:
    asked, shown = Chat(prompt=INTENT), Chat(prompt=PRESET)
    asked.starts("10:00")
    shown.starts("10:00")

    assert asked.waiting == [asked.messages[0].id]
    assert (asked.session.interactions, asked.session.busy_until) == (1, at("10:01"))
    assert shown.waiting == []
    assert (shown.session.interactions, shown.session.messages, shown.session.busy_until) == (0, 1, None)


def test_a_back_end_that_answers_itself_is_never_busy() -> None:
    chat = Chat(prompt=INTENT, answers=False)
    chat.starts("10:00")
    chat.says("10:05")

    assert (chat.waiting, chat.session.busy_until, chat.session.interactions) == ([], None, 2)


class TestADisabledAgent:
    def test_starts_no_session(self) -> None:
        chat = Chat(prompt=PRESET, active=False)
        assert chat.starts("10:00").result is Refusal.AGENT_DISABLED
        assert chat.says("10:00").result is Refusal.AGENT_DISABLED
        assert (chat.thread.session, chat.messages, chat.events) == (None, [], [])

    def test_goes_on_with_the_sessions_it_has(self) -> None:
        chat = disabled_at_10_10()
        assert chat.says("10:10").result == "done"

    def test_keeps_the_history_that_could_not_start_anew(self) -> None:
        chat = disabled_at_10_10()
        assert chat.clears("10:10").result is Refusal.AGENT_DISABLED
        assert (chat.session.state, chat.thread.cleared_seq) == (State.LIVE, 0)


def disabled_at_10_10() -> Chat:
    chat = talked(PRESET)
    chat.portal.changes(active=False)
    return chat
