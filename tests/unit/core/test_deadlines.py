"""2-lifecycle.md, "Deadlines", where the worked examples do not reach."""

from dataclasses import replace

from sessions_app.core import deadlines
from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.policy import Policy
from tests.unit.core.cast import Chat, at, minutes, policy

SHORT = policy(session_duration=minutes(1))


def talking(**about_policy: object) -> Chat:
    """A turn at 10:05, answered."""
    chat = Chat(policy=policy(**about_policy))
    chat.starts("10:00")
    chat.says("10:05")
    chat.answers("10:05:01", "Hello")
    return chat


def under(facts: Facts, new: Policy, *, since: str) -> Facts:
    return replace(facts, policy=new, policy_version=5, policy_effective_at=at(since))


def test_a_session_never_goes_idle_when_its_cap_comes_first() -> None:
    chat = talking(max_duration=minutes(20))
    chat.sweeps("11:00")
    assert chat.types() == ["started 10:00:00", "ended 10:20:00"]


def test_idle_and_cap_on_one_instant_come_in_that_order() -> None:
    chat = talking(idle_timeout=minutes(15), max_duration=minutes(20))
    chat.sweeps("11:00")
    assert chat.types() == ["started 10:00:00", "idle 10:20:00", "ended 10:20:00"]


def test_inactivity_is_named_when_both_limits_fall_on_one_instant() -> None:
    chat = talking(max_duration=minutes(35))
    assert (chat.looks("11:00").ended_at, chat.looks("11:00").end_reason) == (at("10:35"), EndReason.EXPIRED)


def test_both_clocks_of_a_paused_session_stand() -> None:
    chat = talking()
    chat.pauses("10:10")
    assert chat.looks("23:59").state is State.PAUSED
    chat.resumes("23:59")
    assert deadlines.ends_at(chat.session) == at("23:59") + minutes(25)


def test_the_pauses_of_a_session_add_up() -> None:
    chat = talking(max_duration=minutes(60))
    for pause, resume in (("10:10", "10:20"), ("10:30", "11:00")):
        chat.pauses(pause)
        chat.resumes(resume)
    assert chat.session.paused_for == minutes(40)
    assert (deadlines.capped_at(chat.session), deadlines.expires_at(chat.session)) == (at("11:40"), at("11:15"))


class TestWorkingIsNotIdle:
    """While a turn is unanswered, at most 60 s from when it was put to the bot."""

    def test_a_turn_that_is_never_answered_holds_the_session_for_a_minute(self) -> None:
        chat = Chat(policy=SHORT)
        chat.starts("10:00")
        chat.says("10:00")
        chat.says("10:00:30")
        assert (chat.session.unanswered, chat.session.busy_until) == (2, at("10:01"))

    def test_the_next_turn_has_its_own_minute_from_when_it_is_put_to_the_bot(self) -> None:
        chat = Chat(policy=SHORT)
        chat.starts("10:00")
        chat.says("10:00")
        chat.says("10:00:30")
        chat.answers("10:00:59", "first")
        assert (chat.session.unanswered, chat.session.busy_until) == (1, at("10:01:59"))
        assert chat.looks("10:01:58").state is State.IDLE
        assert chat.looks("10:02").ended_at == at("10:01:59")

    def test_an_answer_in_time_shortens_nothing(self) -> None:
        chat = Chat(policy=SHORT)
        chat.starts("10:00")
        chat.says("10:00")
        chat.answers("10:00:05", "Hello")
        assert deadlines.ends_at(chat.session) == at("10:01")

    def test_the_cap_ends_it_all_the_same(self) -> None:
        chat = Chat(policy=replace(SHORT, max_duration=minutes(1)))
        chat.starts("10:00")
        chat.says("10:00:40")
        assert (chat.looks("10:01").ended_at, chat.looks("10:01").end_reason) == (at("10:01"), EndReason.MAX_DURATION)

    def test_a_pause_stops_that_clock_too(self) -> None:
        chat = busy_until_10_01_59()
        chat.pauses("10:01:49")
        chat.resumes("11:00")
        assert (chat.session.busy_until, deadlines.ends_at(chat.session)) == (at("11:00:10"), at("11:00:10"))

    def test_an_answer_in_the_pause_leaves_the_time_that_was_left(self) -> None:
        chat = busy_until_10_01_59()
        chat.pauses("10:01:49")
        chat.answers("10:02:30", "second")
        chat.resumes("11:00")
        assert chat.session.unanswered == 0
        assert deadlines.ends_at(chat.session) == at("11:00:10")

    def test_a_turn_put_to_the_bot_in_the_pause_has_its_minute_after_it(self) -> None:
        chat = busy_until_10_01_59()
        chat.says("10:01:40")
        chat.pauses("10:01:49")
        chat.answers("10:02:30", "second")
        chat.resumes("11:00")
        assert (chat.session.unanswered, chat.session.busy_until) == (1, at("11:01"))

    def test_held_messages_wait_behind_the_turn_before_the_pause(self) -> None:
        chat = busy_until_10_01_59()
        chat.pauses("10:01:49")
        chat.says("10:02", "held")
        chat.resumes("11:00")
        assert (chat.session.unanswered, chat.session.busy_until) == (2, at("11:00:10"))


def busy_until_10_01_59() -> Chat:
    """The second of two turns was put to the bot at 10:00:59; inactivity alone would have ended it at 10:01:30."""
    chat = Chat(policy=SHORT)
    chat.starts("10:00")
    chat.says("10:00")
    chat.says("10:00:30")
    chat.answers("10:00:59", "first")
    return chat


class TestAPolicyChange:
    """It never reaches into the past. (The command comes later; the deadlines know.)"""

    def test_ends_a_session_no_earlier_than_it_was_made(self) -> None:
        facts = under(talking().session, policy(session_duration=minutes(10)), since="10:20")
        assert (deadlines.idle_at(facts), deadlines.ends_at(facts)) == (at("10:20"), at("10:20"))

    def test_caps_a_session_no_earlier_than_it_was_made(self) -> None:
        facts = under(talking().session, policy(max_duration=minutes(5)), since="10:20")
        assert (deadlines.ends_at(facts), deadlines.limit_reached(facts)) == (at("10:20"), EndReason.MAX_DURATION)

    def test_moves_what_is_still_ahead(self) -> None:
        facts = under(talking().session, policy(session_duration=minutes(20), idle_timeout=minutes(18)), since="10:20")
        assert (deadlines.idle_at(facts), deadlines.ends_at(facts)) == (at("10:23"), at("10:25"))
