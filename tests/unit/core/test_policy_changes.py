"""2-lifecycle.md, "Policy changes on open sessions". Nobody tells the sessions: they follow when they are looked at."""

from typing import Any

import pytest

from sessions_app.core import commands as c
from sessions_app.core import deadlines
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.core.policy import Policy, Reach
from sessions_app.core.why import why
from tests.unit.core.cast import BILLING, CX, INTENT, SHOP, Chat, at, days, minutes, policy, told

RUNNING, NEW = Reach.RUNNING, Reach.NEW
TEN = policy(session_duration=minutes(10), idle_timeout=minutes(10))


def talking(**about_policy: Any) -> Chat:
    """A turn at 10:05."""
    return Chat(policy=policy(**about_policy)).talks("10:05")


def changed(new: Policy, when: str = "10:20", *, reach: Reach = RUNNING, **about_policy: Any) -> Chat:
    chat = talking(**about_policy)
    chat.portal.saves(when, new, reach=reach)
    return chat


# ── reach ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_running_moves_an_open_session_to_the_new_version() -> None:
    chat = changed(policy(session_duration=minutes(60), idle_timeout=minutes(60)))
    decision = chat.sweeps("10:21")

    assert told(decision) == ["policy_changed"]
    assert (decision.events[0].at, decision.events[0].detail) == (at("10:20"), {"from": 4, "to": 5})
    assert (chat.session.policy_version, chat.session.policy_id) == (5, 41)
    assert (chat.session.policy_effective_at, deadlines.ends_at(chat.session)) == (at("10:20"), at("11:05"))


def test_new_leaves_it_on_its_own() -> None:
    chat = changed(TEN, reach=NEW)
    assert chat.sweeps("10:34:59").result == "already"
    assert (chat.session.policy_version, chat.session.state) == (4, State.LIVE)


def test_and_is_for_sessions_that_start_from_then_on() -> None:
    chat = changed(TEN, reach=NEW)
    chat.ends("10:21")
    chat.starts("10:22")
    assert (chat.session.policy, chat.session.policy_version) == (TEN, 5)


def test_a_later_running_takes_those_along_too() -> None:
    """Those of version 4, and those that started under version 5, which was for new ones only."""
    old = changed(TEN, reach=NEW)
    new = Chat(old.portal)
    new.talks("10:21")
    old.portal.saves("10:22", policy(session_duration=minutes(20)), reach=RUNNING)
    for chat in (old, new):
        chat.sweeps("10:23")

    assert [chat.session.policy_version for chat in (old, new)] == [6, 6]
    assert old.events[-1].detail == {"from": 4, "to": 6}
    assert new.events[-1].detail == {"from": 5, "to": 6}


def test_a_running_one_before_a_new_one_is_still_followed() -> None:
    chat = changed(TEN, "10:10")
    chat.portal.saves("10:12", CX, reach=NEW)
    chat.sweeps("10:13")
    assert (chat.session.policy_version, deadlines.ends_at(chat.session)) == (5, at("10:15"))


def test_a_session_of_the_newest_version_does_not_go_back() -> None:
    chat = changed(TEN, "10:10")
    chat.portal.saves("10:12", CX, reach=NEW)
    later = Chat(chat.portal)
    later.starts("10:13")
    later.sweeps("10:14")
    assert later.session.policy_version == 6


def test_versions_of_another_agent_are_not_followed() -> None:
    chat = talking()
    chat.portal.saves("10:20", TEN, agent=BILLING)
    assert chat.sweeps("10:21").result == "already"


@pytest.mark.parametrize(
    "deed", [Chat.says, Chat.pauses, Chat.extends, Chat.ends, Chat.transfers, Chat.taken_over, Chat.clears]
)
def test_whatever_is_done_first_the_session_follows_before_it(deed: Any) -> None:
    chat = changed(policy(session_duration=minutes(60)))
    decision = deed(chat, "10:25")

    assert decision.result == "done"
    assert told(decision)[0] == "policy_changed"
    assert chat.first.policy_version == 5


def test_two_versions_at_once_are_one_step() -> None:
    chat = changed(TEN, "10:10")
    chat.portal.saves("10:11", CX)
    chat.sweeps("10:12")
    assert chat.types()[-1] == "policy_changed 10:11:00"
    assert chat.events[-1].detail == {"from": 4, "to": 6}


# ── what is due under the old version happens first ──────────────────────────────────────────────────────────────────
def test_a_session_that_was_over_before_the_change_ended_under_its_own_policy() -> None:
    chat = changed(policy(session_duration=minutes(60)), "10:40")
    chat.sweeps("10:45")
    assert (chat.session.ended_at, chat.session.policy_version) == (at("10:35"), 4)


def test_also_when_it_is_due_at_the_very_instant_of_the_change() -> None:
    chat = changed(policy(session_duration=minutes(60)), "10:35")
    chat.sweeps("10:45")
    assert (chat.session.ended_at, chat.session.policy_version) == (at("10:35"), 4)


def test_idle_under_the_old_version_and_then_ended_under_the_new() -> None:
    chat = changed(policy(session_duration=minutes(20), idle_timeout=minutes(20)), "10:18", idle_timeout=minutes(10))
    chat.sweeps("11:00")
    assert chat.types()[1:] == [
        "idle 10:15:00",
        "policy_changed 10:18:00",
        "active 10:18:00",
        "idle 10:25:00",
        "ended 10:25:00",
    ]


# ── it never reaches into the past ───────────────────────────────────────────────────────────────────────────────────
def test_11_a_shorter_duration_ends_a_session_at_the_change_and_not_before() -> None:
    chat = changed(TEN)
    chat.sweeps("10:21")

    assert (chat.session.ended_at, chat.session.end_reason) == (at("10:20"), EndReason.EXPIRED)
    assert chat.session.policy_version == 5
    assert why(chat.session) == "Ended 10:20:00: 10 minutes without an interaction (policy v5)"
    assert chat.types()[1:] == ["policy_changed 10:20:00", "idle 10:20:00", "ended 10:20:00"]


def test_12_for_new_ones_only_it_ends_as_it_would_have() -> None:
    chat = changed(TEN, reach=NEW)
    chat.sweeps("11:00")
    assert (chat.session.ended_at, chat.session.policy_version) == (at("10:35"), 4)


def test_a_shorter_cap_ends_a_session_at_the_change_and_not_before() -> None:
    chat = changed(policy(max_duration=minutes(5)))
    chat.sweeps("10:21")
    assert (chat.session.ended_at, chat.session.end_reason) == (at("10:20"), EndReason.MAX_DURATION)


def test_a_message_after_the_change_is_late() -> None:
    chat = changed(TEN)
    decision = chat.says("10:20", "still there?")
    assert decision.previous == chat.first.id
    assert (chat.first.ended_at, chat.session.started_at) == (at("10:20"), at("10:20"))
    assert chat.session.policy_version == 5


def test_what_the_new_version_leaves_ahead_is_ahead() -> None:
    chat = changed(policy(session_duration=minutes(20), idle_timeout=minutes(18)))
    chat.sweeps("11:00")
    assert chat.types()[1:] == ["policy_changed 10:20:00", "idle 10:23:00", "ended 10:25:00"]


def test_a_turn_that_is_being_answered_holds_the_session_under_the_new_version_too() -> None:
    chat = talking()
    chat.says("10:20")
    chat.portal.saves("10:20:30", policy(session_duration=minutes(1), idle_timeout=minutes(1)))
    chat.says("10:20:40")
    chat.answers("10:20:50", "first")
    assert deadlines.ends_at(chat.session) == at("10:21:50")


# ── an idle session whose new deadline is ahead is live again ────────────────────────────────────────────────────────
def test_an_idle_session_is_live_again() -> None:
    chat = changed(policy(idle_timeout=minutes(25)), idle_timeout=minutes(10))
    decision = chat.sweeps("10:21")

    assert told(decision) == ["idle", "policy_changed", "active"]
    assert decision.events[-1].cause == "policy_changed"
    assert decision.events[-1].at == at("10:20")
    assert chat.session.state is State.LIVE
    assert chat.due() == at("10:30")


def test_where_it_is_not_ahead_it_stays_idle() -> None:
    chat = changed(policy(idle_timeout=minutes(15)), idle_timeout=minutes(10))
    assert told(chat.sweeps("10:21")) == ["idle", "policy_changed"]
    assert chat.session.state is State.IDLE


def test_the_stretch_counts_although_it_was_cut_short() -> None:
    """The first turn after it is a new conversation."""
    chat = changed(policy(idle_timeout=minutes(25)), idle_timeout=minutes(10))
    chat.says("10:22")
    assert chat.session.conversations == 2


# ── paused sessions ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_paused_session_follows_and_its_clocks_stand() -> None:
    chat = talking()
    chat.pauses("10:10")
    chat.portal.saves("10:20", policy(session_duration=minutes(20), idle_timeout=minutes(20)))
    decision = chat.sweeps("10:21")

    assert (told(decision), chat.session.state) == (["policy_changed"], State.PAUSED)
    chat.resumes("11:10")
    assert deadlines.ends_at(chat.session) == at("11:25"), "five of twenty minutes were used when it was paused"


def test_what_the_new_version_leaves_no_time_for_ends_when_the_pause_does() -> None:
    """Not at an instant within the pause, when no clock ran."""
    chat = talking()
    chat.pauses("10:20")
    chat.portal.saves("10:30", TEN)
    chat.resumes("12:20")

    assert (chat.session.ended_at, chat.session.end_reason) == (at("12:20"), EndReason.EXPIRED)
    assert [line.split()[0] for line in chat.types()[2:]] == ["policy_changed", "resumed", "ended"]


def test_that_stretch_of_idleness_is_one() -> None:
    chat = talking(idle_timeout=minutes(20))
    chat.pauses("10:20")
    chat.portal.saves("10:30", policy(idle_timeout=minutes(10)))
    chat.resumes("12:20")
    assert chat.session.state is State.IDLE

    chat.says("12:21")
    assert (chat.session.state, chat.session.conversations) == (State.LIVE, 2)


def test_a_session_paused_while_idle_may_be_live_after_it() -> None:
    chat = talking(idle_timeout=minutes(10))
    chat.pauses("10:20")
    chat.portal.saves("10:30", policy(idle_timeout=minutes(25)))
    chat.resumes("12:20")
    assert (chat.session.state, chat.due()) == (State.LIVE, at("12:30"))


def test_a_shorter_retention_gives_up_a_paused_session_no_earlier_than_it_was_saved() -> None:
    chat = talking()
    chat.pauses("10:10")
    two_weeks_on = at("10:00") + days(14)
    chat.portal.saves(two_weeks_on, policy(session_data_retention=days(7)))
    chat.sweeps(two_weeks_on + minutes(1))
    assert (chat.session.ended_at, chat.session.end_reason) == (two_weeks_on, EndReason.RETENTION)


# ── a session that started while the version was being saved ─────────────────────────────────────────────────────────
def test_one_that_started_under_the_older_version_afterwards_is_moved_from_its_own_start() -> None:
    """It was decided on before the new version could be seen, and committed after."""
    chat = talking()
    chat.ends("10:10")
    chat.starts("10:20:00.000005")
    chat.portal.saves("10:20", TEN)
    chat.sweeps("10:21")

    assert chat.session.policy_effective_at == at("10:20:00.000005")
    assert chat.types(chat.session) == ["started 10:20:00.000005", "policy_changed 10:20:00.000005"]


def test_one_that_was_touched_afterwards_is_moved_from_then() -> None:
    chat = talking()
    chat.says("10:20:00.000005")
    chat.portal.saves("10:20", policy(session_duration=minutes(1), idle_timeout=minutes(1)))
    chat.sweeps("11:00")

    assert chat.session.ended_at == at("10:21:00.000005")
    assert chat.types()[1:][0] == "policy_changed 10:20:00.000005"


def test_one_that_went_idle_afterwards_is_live_again_after_that() -> None:
    chat = talking(idle_timeout=minutes(15))
    chat.sweeps("10:20:00.000005")
    chat.portal.saves("10:19", policy(idle_timeout=minutes(25)))
    chat.sweeps("10:21")
    assert [line for line in chat.types() if "10:20" in line] == [
        *("idle 10:20:00", "policy_changed 10:20:00", "active 10:20:00")
    ]


# ── what else a new version changes ──────────────────────────────────────────────────────────────────────────────────
def test_an_override_that_was_set_while_they_were_allowed_stays_until_it_is_cleared() -> None:
    chat = talking(allow_model_override=True)
    chat.runs_on("10:10", "large")
    chat.portal.saves("10:20", CX)
    chat.sweeps("10:21")
    assert chat.session.model_override == "large"
    assert chat.runs_on("10:22", "small").result is Refusal.MODEL_OVERRIDE_OFF
    assert chat.runs_on("10:23", None).result == "done"
    assert chat.session.model_override is None


def test_an_ended_session_stays_under_the_version_that_ended_it() -> None:
    chat = talking()
    chat.ends("10:10")
    chat.portal.saves("10:20", TEN)
    assert chat.sweeps("10:21").result == "already"
    assert chat.session.policy_version == 4


def test_a_session_that_was_transferred_is_under_the_targets_policy() -> None:
    chat = talking()
    chat.transfers("10:10")
    chat.says("10:11")
    chat.portal.saves("10:20", TEN, agent=SHOP)
    assert chat.sweeps("10:21").result == "already"
    chat.portal.saves("10:22", policy(session_duration=minutes(60)), agent=BILLING)
    chat.sweeps("10:23")
    assert (chat.session.policy_version, deadlines.ends_at(chat.session)) == (8, at("11:11"))


def test_a_session_that_only_its_prompt_has_touched_is_as_old_as_that() -> None:
    chat = Chat(prompt=INTENT)
    chat.starts("10:00")
    chat.answers("10:00:01", "Hello")
    chat.portal.saves("10:05", TEN)
    chat.sweeps("11:00")
    assert (chat.session.ended_at, chat.session.silent) == (at("10:10"), True)


def test_a_refused_command_has_let_the_session_follow_all_the_same() -> None:
    chat = changed(policy(session_duration=minutes(60)))
    decision = chat.do(c.SetModel(model="large"), "10:25")
    assert decision.result is Refusal.MODEL_OVERRIDE_OFF
    assert chat.session.policy_version == 5
