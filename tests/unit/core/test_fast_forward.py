"""Emulator sessions can let time pass (3-api.md, "Sessions"): everything of the session moves into the past."""

from dataclasses import fields
from datetime import datetime, timedelta

import pytest

from sessions_app.core import deadlines
from sessions_app.core.commands import Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, Facts, State
from tests.unit.core.cast import INTENT, Chat, at, days, minutes, policy, told

DRAFT = "DRAFT"


def emulated(**about_policy: object) -> Chat:
    """A turn at 10:05."""
    chat = Chat(policy=policy(**about_policy))
    chat.starts("10:00", version=DRAFT)
    return chat.talks("10:05")


def instants(facts: Facts) -> dict[str, datetime]:
    return {f.name: getattr(facts, f.name) for f in fields(facts) if isinstance(getattr(facts, f.name), datetime)}


def test_everything_of_the_session_moves_deadlines_included() -> None:
    chat = emulated()
    before = chat.session
    chat.fast_forwards("10:06", minutes(20))

    assert instants(chat.session) == {name: value - minutes(20) for name, value in instants(before).items()}
    assert deadlines.ends_at(chat.session) == deadlines.ends_at(before) - minutes(20)
    assert {event.at for event in chat.events} == {at("09:40")}
    assert [line.at for line in chat.messages] == [at("09:45"), at("09:45")]


def test_whatever_became_due_happens_at_its_own_instant() -> None:
    chat = emulated(idle_timeout=minutes(10))
    decision = chat.fast_forwards("10:06", minutes(29))

    assert (decision.result, told(decision)) == ("done", ["idle", "ended"])
    assert [event.at for event in decision.events] == [at("09:46"), at("10:06")]
    assert chat.view()[-1] == "── session_expired"


def test_a_microsecond_less_and_nothing_ends() -> None:
    chat = emulated(idle_timeout=minutes(10))
    assert told(chat.fast_forwards("10:06", minutes(29) - timedelta(microseconds=1))) == ["idle"]


def test_twice_is_as_far_as_once_by_both() -> None:
    once, twice = emulated(), emulated()
    once.fast_forwards("10:06", minutes(28))
    twice.fast_forwards("10:06", minutes(14))
    twice.fast_forwards("10:06", minutes(14))
    assert instants(once.session) == instants(twice.session)


def test_what_happened_without_it_happened_without_it() -> None:
    """Time has had its effect before: it is moved with the rest."""
    chat = emulated(idle_timeout=minutes(10))
    decision = chat.fast_forwards("10:20", minutes(5))
    assert [(event.type, event.at) for event in decision.events] == [("session.idle", at("10:10"))]


def test_a_pause_grows_by_it() -> None:
    chat = emulated()
    chat.pauses("10:10")
    chat.fast_forwards("10:11", minutes(60))
    assert chat.session.state is State.PAUSED
    chat.resumes("10:11")
    assert (chat.session.paused_for, deadlines.ends_at(chat.session)) == (minutes(61), at("10:36"))


def test_a_paused_one_is_given_up_when_it_has_been_long_enough() -> None:
    chat = emulated(session_data_retention=days(1))
    chat.pauses("10:10")
    chat.fast_forwards("10:11", days(1))
    assert chat.session.end_reason is EndReason.RETENTION


def test_the_cap_comes_nearer() -> None:
    chat = emulated()
    chat.fast_forwards("10:06", minutes(25))
    chat.says("10:06")
    chat.fast_forwards("10:06", minutes(28))
    assert deadlines.capped_at(chat.session) == at("14:00") - minutes(53)


def test_an_ended_one_is_archived_and_its_transcript_goes() -> None:
    chat = emulated()
    chat.ends("10:10")
    decision = chat.fast_forwards("10:11", days(400))
    assert told(decision) == ["erased", "archived", "erased"]


def test_an_imported_message_moves_too() -> None:
    chat = emulated()
    chat.says("10:06", at=at("08:00"))
    chat.fast_forwards("10:07", minutes(10))
    line = chat.messages[-1]
    assert (line.at, line.received_at) == (at("07:50"), at("09:56"))


def test_a_turn_that_waits_is_answered_all_the_same() -> None:
    chat = Chat(prompt=INTENT)
    chat.starts("10:00", version=DRAFT)
    chat.fast_forwards("10:00:30", minutes(10))
    assert chat.session.busy_until == at("09:51")
    assert chat.answers("10:00:31", "Hello").result == "done"
    assert chat.session.unanswered == 0


def test_a_transfer_that_is_waited_for_lapses() -> None:
    chat = emulated()
    chat.transfers("10:10")
    decision = chat.fast_forwards("10:11", minutes(30))
    assert [event.cause for event in decision.events] == ["lapsed"]


@pytest.mark.parametrize("state", ["live", "ended"])
def test_only_emulator_sessions_can_be(state: str) -> None:
    chat = Chat().talks("10:05")
    if state == "ended":
        chat.ends("10:06")
    before = chat.session
    decision = chat.fast_forwards("10:07", minutes(5))

    assert (decision.result, decision.why) == (Refusal.INVALID, "Only emulator sessions can be fast-forwarded.")
    assert (chat.session, decision.shifted) == (before, None)


def test_the_session_before_it_stays_where_it_is_for_the_core() -> None:
    """What is stored of it is moved along by the store, so that the thread's order stays."""
    chat = emulated()
    chat.ends("10:10")
    chat.starts("10:20", version=DRAFT)
    decision = chat.fast_forwards("10:21", minutes(5))
    assert decision.shifted == (chat.session.id, minutes(5))
    assert set(decision.sessions) == {chat.session.id}


def test_a_human_who_talks_on_is_not_cut_short() -> None:
    chat = emulated()
    chat.taken_over("10:06")
    chat.fast_forwards("10:07", minutes(60))
    assert (chat.session.silent, chat.session.in_live_chat) == (True, True)
    assert chat.hears("10:08", Sender.HUMAN).result == "done"
