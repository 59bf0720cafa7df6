"""A human talks instead of the bot: 2-lifecycle.md, "Transitions", the rows of a live chat."""

import pytest

from sessions_app.core import deadlines
from sessions_app.core.commands import Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import LIMITS, EndReason, State
from sessions_app.core.policy import EndBehavior
from sessions_app.core.why import why
from tests.unit.core.cast import HANNA, OTTO, PRESET, Chat, at, minutes, policy, told
from tests.unit.core.test_transitions import (
    ENDED,
    IDLE,
    LIVE,
    NOW,
    Deed,
    clear_history,
    end,
    extend,
    hand_back,
    human_message,
    pause,
    take_over,
    transfer,
    user_turn,
)


def live_chat_in(state: State) -> Chat:
    """The same with Hanna talking instead of the bot; an ended one has reached its deadline meanwhile, at 10:15."""
    chat = Chat(policy=policy(idle_timeout=minutes(5 if state is ENDED else 10), session_duration=minutes(10)))
    if state is IDLE:
        chat = Chat(policy=policy(idle_timeout=minutes(10)))
    chat.talks("10:05")
    if state is LIVE:
        chat.talks("10:14")
    chat.taken_over("10:14")
    chat.sweeps(NOW)
    assert chat.session.state is state
    return chat


@pytest.mark.parametrize(
    ("deed", "before", "result", "after", "counts_from", "timeline"),
    [
        # user message in a live chat: recorded for the human, clock untouched
        (user_turn, LIVE, "done", LIVE, "10:14", []),
        (user_turn, IDLE, "done", IDLE, "10:05", []),
        # user message in a live chat, ended: the same, and no new session
        (user_turn, ENDED, "done", ENDED, "10:05", []),
        # human message in a live chat: the same
        (human_message, LIVE, "done", LIVE, "10:14", []),
        (human_message, IDLE, "done", IDLE, "10:05", []),
        (human_message, ENDED, "done", ENDED, "10:05", []),
        # extend in a live chat: clock restarts
        (extend, LIVE, "done", LIVE, "10:20", ["extended"]),
        (extend, IDLE, "done", LIVE, "10:20", ["extended", "active"]),
        # pause during a live chat: 409
        (pause, LIVE, Refusal.LIVE_CHAT_RUNNING, LIVE, "10:14", []),
        (pause, IDLE, Refusal.LIVE_CHAT_RUNNING, IDLE, "10:05", []),
        # end: the live chat is over, too
        (end, LIVE, "done", ENDED, "10:14", ["live_chat_ended", "ended"]),
        (end, IDLE, "done", ENDED, "10:05", ["live_chat_ended", "ended"]),
        # transfer: a live chat ends
        (transfer, LIVE, "done", ENDED, "10:14", ["transferred", "live_chat_ended", "ended"]),
        (transfer, IDLE, "done", ENDED, "10:05", ["transferred", "live_chat_ended", "ended"]),
        # take over by who has: no-op
        (take_over, LIVE, "already", LIVE, "10:14", []),
        # hand back: live chat off, clock restarts
        (hand_back, LIVE, "done", LIVE, "10:20", ["live_chat_ended"]),
        (hand_back, IDLE, "done", LIVE, "10:20", ["live_chat_ended", "active"]),
        # hand back, ended: off
        (hand_back, ENDED, "done", ENDED, "10:05", ["live_chat_ended"]),
        # clear history: the live chat is over, too
        (clear_history, LIVE, "done", LIVE, "10:20", ["live_chat_ended", "ended", "cleared", "started"]),
        (clear_history, IDLE, "done", LIVE, "10:20", ["live_chat_ended", "ended", "cleared", "started"]),
        (clear_history, ENDED, "done", LIVE, "10:20", ["live_chat_ended", "cleared", "started"]),
    ],
)
def test_transition_in_a_live_chat(
    deed: Deed, before: State, result: object, after: State, counts_from: str, timeline: list[str]
) -> None:
    chat = live_chat_in(before)

    decision = deed(chat)

    assert decision.result == result
    assert chat.session.state is after
    assert chat.session.inactive_since == at(counts_from)
    assert told(decision) == timeline
    assert chat.waiting == []


@pytest.mark.parametrize("state", [LIVE, IDLE, ENDED])
def test_what_the_user_says_in_a_live_chat_is_for_the_human(state: State) -> None:
    chat = live_chat_in(state)
    turns = chat.session.user_turns
    said = chat.says(NOW).said

    assert said is not None
    assert (said.session, said.after_end, said.interaction, said.held) == (
        chat.session.id,
        state is ENDED,
        False,
        False,
    )
    assert (chat.session.user_turns, chat.session.last_interaction_at) == (turns, chat.session.inactive_since)
    assert len(chat.sessions) == 1


@pytest.mark.parametrize("behavior", EndBehavior)
@pytest.mark.parametrize("limit", [{}, {"max_duration": minutes(20)}], ids=["expired", "max_duration"])
def test_a_limit_reached_in_a_live_chat_is_not_noticed(behavior: EndBehavior, limit: dict[str, object]) -> None:
    """No divider, no clearing, no prompt: the human conversation goes on."""
    chat = Chat(prompt=PRESET, policy=policy(end_behavior=behavior, **limit))
    chat.talks("10:05")
    chat.taken_over("10:10")
    before = chat.view()

    decision = chat.sweeps("11:00")

    assert (decision.messages, chat.view()) == ((), before)
    assert (chat.session.end_reason in LIMITS, chat.session.silent, chat.session.live_chat_by) == (True, True, HANNA)


def test_the_talk_goes_on_under_the_id_of_the_ended_session() -> None:
    chat = Chat().talks("10:05")
    chat.taken_over("10:10")
    chat.says("11:00", "still there?")
    chat.hears("11:01", Sender.HUMAN)

    assert len(chat.sessions) == 1
    assert [(line.session, line.after_end) for line in chat.messages[-2:]] == [(chat.session.id, True)] * 2
    assert chat.session.ended_at == at("10:35")
    assert why(chat.session).endswith("; a live chat goes on")


def test_nor_does_the_chats_being_opened_again_start_a_session() -> None:
    chat = live_chat_in(ENDED)
    assert (chat.starts(NOW).result, len(chat.sessions)) == ("already", 1)
    # A program that insists is told why not.
    assert chat.starts(NOW, prompt="no").result is Refusal.LIVE_CHAT_RUNNING


def test_after_the_hand_back_of_an_ended_session_the_next_message_opens_a_new_one() -> None:
    chat = live_chat_in(ENDED)
    old = chat.session.id
    chat.handed_back(NOW)
    decision = chat.says("10:21", "hello again")

    assert (decision.previous, decision.started) == (old, (chat.session.id,))
    assert chat.session.id != old
    assert decision.turns == (chat.messages[-1].id,)
    assert chat.sessions[old].live_chat_since is None


def test_another_human_does_not_take_over_from_a_human() -> None:
    chat = live_chat_in(LIVE)
    assert chat.taken_over(NOW, OTTO).result is Refusal.LIVE_CHAT_RUNNING
    assert chat.session.live_chat_by == HANNA


def test_anybody_may_hand_back() -> None:
    """Whoever may control the session: the one who took over may have gone home."""
    chat = live_chat_in(LIVE)
    chat.handed_back(NOW, OTTO, reason="shift is over")

    assert not chat.session.in_live_chat
    assert (chat.events[-1].actor, chat.events[-1].detail) == (OTTO, {"given": "shift is over"})


def test_the_bots_answer_to_the_turn_before_is_kept_and_its_good_bye_is_not_obeyed() -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05", "bye")
    chat.taken_over("10:05:01")
    chat.answers("10:05:02", "Goodbye", ends_session=True)

    assert chat.view() == ["user: bye", "bot: Goodbye"]
    assert (chat.session.state, chat.session.unanswered) == (LIVE, 0)


def test_a_bot_may_ask_for_a_human() -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05", "a human, please")
    chat.answers("10:05:01", "One moment.", wants_human=True)

    assert [(event.type, event.actor) for event in chat.events[1:]] == [("session.live_chat_requested", "bot")]
    assert not chat.session.in_live_chat


def test_the_clock_that_a_hand_back_restarts_is_that_of_inactivity() -> None:
    chat = Chat().talks("10:05")
    chat.taken_over("10:10")
    chat.handed_back("10:30")

    assert deadlines.ends_at(chat.session) == at("11:00")
    assert chat.session.last_interaction_at == at("10:05")


def test_an_end_by_somebody_ends_the_live_chat_and_is_shown() -> None:
    chat = live_chat_in(LIVE)
    chat.ends(NOW, EndReason.OWNER_ENDED)

    assert (chat.session.live_chat_by, chat.session.silent) == (None, False)
    assert chat.view()[-1] == "── session_ended"
