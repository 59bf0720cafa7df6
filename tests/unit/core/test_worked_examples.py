"""2-lifecycle.md, "Worked examples", at the level of the core, with their numbers and their instants."""

import pytest

from sessions_app.core import deadlines
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.core.policy import Reach
from tests.unit.core.cast import INTENT, PRESET, Chat, Portal, agent, at, minutes, policy


def test_1_a_session_goes_idle_and_ends_at_one_instant_when_both_timeouts_are_equal() -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05")

    chat.sweeps("10:34:59.999999")
    assert chat.session.state is State.LIVE

    chat.sweeps("10:35")
    assert chat.types() == ["started 10:00:00", "idle 10:35:00", "ended 10:35:00"]
    assert (chat.session.end_reason, chat.session.silent) == (EndReason.EXPIRED, False)


def test_2_a_turn_after_an_idle_stretch_is_a_second_conversation() -> None:
    chat = Chat(policy=policy(idle_timeout=minutes(10)))
    chat.starts("10:00")
    chat.says("10:05")
    assert chat.looks("10:14:59.999999").state is State.LIVE
    assert chat.looks("10:15").state is State.IDLE

    chat.says("10:20")
    assert (chat.session.state, chat.session.conversations) == (State.LIVE, 2)

    chat.sweeps("10:50")
    assert chat.types() == [
        *("started 10:00:00", "idle 10:15:00", "active 10:20:00"),
        *("idle 10:30:00", "ended 10:50:00"),
    ]


def test_3_a_session_with_nothing_but_a_preset_prompt_ends_silently() -> None:
    chat = Chat(prompt=PRESET)
    chat.starts("10:00")
    chat.sweeps("10:30")

    assert (chat.session.ended_at, chat.session.end_reason) == (at("10:30"), EndReason.EXPIRED)
    assert (chat.session.silent, chat.session.interactions) == (True, 0)


def test_4_an_intent_prompt_is_an_interaction_but_no_user_turn() -> None:
    chat = Chat(prompt=INTENT)
    chat.starts("10:00:01")
    chat.answers("10:00:02", "Hello")
    chat.sweeps("10:30:01")

    assert (chat.session.ended_at, chat.session.silent) == (at("10:30:01"), True)
    assert (chat.session.interactions, chat.session.user_turns, chat.session.conversations) == (1, 0, 0)


def test_5_a_resumed_session_has_exactly_the_time_that_was_left() -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05")
    chat.answers("10:05:01", "Hello")
    chat.pauses("10:20")
    chat.resumes("12:20")

    assert deadlines.ends_at(chat.session) == at("12:35")
    assert chat.looks("12:34:59.999999").state is State.LIVE
    assert chat.looks("12:35").ended_at == at("12:35")


def test_6_however_active_a_session_is_it_ends_at_its_cap() -> None:
    chat = _a_turn_every_twenty_minutes_until_13_40()
    old = chat.session.id

    decision = chat.says("14:00")
    assert chat.sessions[old].ended_at == at("14:00")
    assert chat.sessions[old].end_reason is EndReason.MAX_DURATION
    assert (decision.previous, decision.started) == (old, (chat.session.id,))


def test_7_a_pause_does_not_count_towards_the_cap() -> None:
    chat = Chat()
    chat.starts("10:00")
    _turns(chat, "10:00", "10:20", "10:40", "11:00", "11:20", "11:40", "12:00")
    chat.pauses("12:00")
    chat.resumes("13:00")
    _turns(chat, "13:20", "13:40", "14:00", "14:20", "14:40")
    chat.sweeps("16:00")

    assert (chat.session.ended_at, chat.session.end_reason) == (at("15:00"), EndReason.MAX_DURATION)


def test_8_a_human_conversation_outlives_the_session_it_began_in() -> None:
    chat = Chat().talks("10:00", "10:05")
    chat.taken_over("10:10")
    for when in ("10:20", "10:34", "10:36", "10:50", "11:00"):
        chat.says(when)
        chat.hears(when, Sender.HUMAN)
    old = chat.session

    assert (old.ended_at, old.end_reason, old.silent) == (at("10:35"), EndReason.EXPIRED, True)
    assert len(chat.sessions) == 1
    assert [line.after_end for line in chat.messages if line.at > at("10:10")] == [False] * 4 + [True] * 6
    assert all(line.kind is not Kind.DIVIDER for line in chat.messages)

    chat.handed_back("11:00")
    decision = chat.says("11:01", "and the bot?")
    assert (decision.started, decision.previous) == ((chat.session.id,), old.id)
    assert decision.turns != ()


def test_9_a_message_at_the_deadline_is_answered_in_a_new_session() -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05")
    chat.answers("10:05:01", "Hello")
    old = chat.session.id

    decision = chat.says("10:35:00.000", "still there?")

    assert chat.sessions[old].ended_at == at("10:35:00.000")
    assert decision.said is not None
    assert (decision.said.session, decision.previous) == (chat.session.id, old)
    assert decision.turns == (decision.said.id,)


@pytest.mark.parametrize("when", ["10:35", "10:35:00.000001", "11:00", "23:59"])
def test_10_however_late_anybody_looks_the_session_ended_at_its_deadline(when: str) -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05")

    assert (chat.looks(when).state, chat.looks(when).ended_at) == (State.ENDED, at("10:35"))
    chat.sweeps(when)
    assert chat.types()[1:] == ["idle 10:35:00", "ended 10:35:00"]


@pytest.mark.parametrize(
    ("reach", "ended_at", "version"),
    [
        # 11: at the change, not in the past, under the new version
        (Reach.RUNNING, "10:20", 5),
        # 12: as it would have, under the old version
        (Reach.NEW, "10:35", 4),
    ],
)
def test_11_and_12_a_shorter_duration(reach: Reach, ended_at: str, version: int) -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05")
    chat.answers("10:05:01", "Hello")
    chat.portal.saves("10:20", policy(session_duration=minutes(10)), reach=reach)
    chat.sweeps("11:00")

    assert (chat.session.ended_at, chat.session.end_reason) == (at(ended_at), EndReason.EXPIRED)
    assert chat.session.policy_version == version


def test_14_of_eight_starts_at_a_limit_of_one_one_is_done() -> None:
    """One after the other here; at the same time against the database."""
    portal = Portal(agent(policy=policy(max_concurrent_per_user=1)))
    results = [Chat(portal).starts("10:00").result for _ in range(8)]
    assert results == ["done", *[Refusal.SESSION_LIMIT_REACHED] * 7]


def test_13_ending_twice_ends_once() -> None:
    chat = Chat()
    chat.starts("10:00")
    chat.says("10:05")
    chat.ends("10:10")
    once = chat.session

    decision = chat.ends("10:20", EndReason.ADMIN_ENDED)

    assert decision.result == "already"
    assert (dict(decision.sessions), decision.events, decision.messages) == ({}, (), ())
    assert chat.session == once
    assert once.ended_at == at("10:10")


def test_15_a_session_whose_turns_are_being_answered_does_not_expire() -> None:
    chat = Chat(policy=policy(session_duration=minutes(1)))
    chat.starts("10:04:30")
    chat.says("10:05:00", "one")
    chat.says("10:05:00", "two")
    chat.answers("10:05:50", "first answer")
    assert chat.looks("10:06:39").state is State.IDLE
    chat.answers("10:06:40", "second answer")

    assert chat.session.ended_at == at("10:06:40")
    assert chat.types()[1:] == ["idle 10:06:00", "ended 10:06:40"]
    assert chat.messages[-2].sender is Sender.BOT
    assert not chat.messages[-2].after_end


def _a_turn_every_twenty_minutes_until_13_40() -> Chat:
    chat = Chat()
    chat.starts("10:00")
    _turns(chat, *(f"{hour}:{minute}" for hour in range(10, 14) for minute in ("00", "20", "40")))
    return chat


def _turns(chat: Chat, *instants: str) -> None:
    for instant in instants:
        chat.says(instant)
        chat.answers(instant, "Hello")
