"""How long things are kept: paused sessions that nobody touches, the archive, data and transcripts (1-product.md,
"Session policy"; 2-lifecycle.md, "Deadlines")."""

from datetime import datetime
from typing import Any

import pytest

from sessions_app.core.commands import Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.core.policy import Reach
from sessions_app.core.why import why
from tests.unit.core.cast import HANNA, MICROSECOND, Chat, at, days, policy, told

SOON = {"auto_archive_after": days(2), "session_data_retention": days(3), "transcript_retention": days(4)}


def ended(when: str = "10:10", **about_policy: Any) -> Chat:
    """A turn at 10:05, answered; ended by its user."""
    chat = Chat(policy=policy(**SOON | about_policy)).talks("10:05")
    chat.ends(when)
    return chat


def later(when: str, *, by: float) -> datetime:
    return at(when) + days(by)


# ── a paused session that nobody touches ─────────────────────────────────────────────────────────────────────────────
def test_a_paused_session_that_nobody_touches_is_ended() -> None:
    chat = Chat(policy=policy(**SOON)).talks("10:05")
    chat.pauses("10:10")
    assert chat.due() == later("10:10", by=3)
    chat.sweeps(later("10:10", by=3) - MICROSECOND)
    assert chat.session.state is State.PAUSED

    chat.sweeps(later("10:10", by=5))
    assert (chat.session.ended_at, chat.session.end_reason) == (later("10:10", by=3), EndReason.RETENTION)
    assert chat.session.paused_for == days(3)
    assert "nobody touched it" in why(chat.session)


def test_a_held_message_is_a_touch_and_so_is_what_staff_sets() -> None:
    chat = Chat(policy=policy(**SOON, allow_model_override=True)).talks("10:05")
    chat.pauses("10:10")
    chat.says(later("10:10", by=2))
    assert chat.due() == later("10:10", by=5)
    chat.runs_on(later("10:10", by=4), "large")
    assert chat.due() == later("10:10", by=7)


def test_looking_is_none() -> None:
    chat = Chat(policy=policy(**SOON)).talks("10:05")
    chat.pauses("10:10")
    chat.sweeps(later("10:10", by=2))
    chat.pauses(later("10:10", by=2))
    assert chat.due() == later("10:10", by=3)


# ── after the end ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_an_ended_session_is_archived_then_its_data_goes_then_its_transcript() -> None:
    chat = ended()
    decision = chat.sweeps(later("10:10", by=10))

    assert [(event.type, event.at, event.cause) for event in decision.events] == [
        ("session.archived", later("10:10", by=2), "auto_archive_after"),
        ("session.erased", later("10:05", by=3), "session_data_retention"),
        ("session.erased", later("10:05", by=4), "transcript_retention"),
    ]
    assert (decision.erased_data, decision.erased_transcripts) == ((chat.session.id,), (chat.session.id,))
    assert (chat.messages, chat.due()) == ([], None)


@pytest.mark.parametrize(
    ("archive", "data", "transcript"), [(2, 3, 4), (4, 3, 2), (3, 2, 4), (4, 2, 3)], ids=lambda days: f"{days}"
)
def test_each_in_its_order_however_late_the_sweep_is(archive: int, data: int, transcript: int) -> None:
    kept = {
        "auto_archive_after": days(archive),
        "session_data_retention": days(data),
        "transcript_retention": days(transcript),
    }
    late, punctual = ended("10:05", **kept), ended("10:05", **kept)
    late.sweeps(later("10:05", by=10))
    for day in range(1, 11):
        punctual.sweeps(later("10:05", by=day))

    assert [(e.type, e.at, e.detail) for e in late.events] == [(e.type, e.at, e.detail) for e in punctual.events]
    assert [event.at for event in late.events] == sorted(event.at for event in late.events)


def test_the_next_instant_at_which_something_is_to_be_done_is_known() -> None:
    chat, dues = ended(), []
    while (due := chat.due()) is not None:
        dues.append(due)
        chat.sweeps(due)
    assert dues == [later("10:10", by=2), later("10:05", by=3), later("10:05", by=4)]


def test_transcripts_without_a_limit_are_kept() -> None:
    chat = ended(transcript_retention=None)
    chat.sweeps(later("10:10", by=4000))
    assert (chat.session.transcript_erased_at, chat.due()) == (None, None)
    assert len(chat.messages) == 3


def test_the_timeline_stays() -> None:
    chat = ended()
    before = len(chat.events)
    chat.sweeps(later("10:10", by=10))
    assert len(chat.events) == before + 3


def test_a_session_that_is_open_is_neither_archived_nor_erased_however_old() -> None:
    chat = Chat(policy=policy(session_duration=days(1), max_duration=days(30), **SOON)).talks("10:05")
    for day in range(1, 8):
        assert chat.extends(later("10:00", by=0.9 * day)).result == "done"
    assert (chat.session.archived_at, chat.session.data_erased_at) == (None, None)


def test_nothing_of_a_paused_session_goes_before_its_end() -> None:
    """A long pause is no reason to lose the transcript of what is to be resumed."""
    chat = Chat(policy=policy(session_data_retention=days(30), transcript_retention=days(7))).talks("10:05")
    chat.pauses("10:10")
    chat.sweeps(later("10:10", by=29))
    assert (chat.session.state, len(chat.messages)) == (State.PAUSED, 2)

    decision = chat.sweeps(later("10:10", by=30))
    assert told(decision) == ["ended", "erased", "erased"]
    assert {event.at for event in decision.events} == {later("10:10", by=30)}


# ── what is said after the end ───────────────────────────────────────────────────────────────────────────────────────
def test_what_is_said_after_the_end_puts_the_erasure_off() -> None:
    """Kept so long after the last activity."""
    chat = ended()
    chat.hears(later("10:10", by=1), Sender.HUMAN)
    assert chat.due() == later("10:10", by=2)
    chat.sweeps(later("10:10", by=2))
    assert chat.due() == later("10:10", by=4)


def test_a_line_that_comes_after_the_erasure_is_erased_in_its_turn() -> None:
    """A live chat may go on for longer than transcripts are kept."""
    chat = Chat(policy=policy(**SOON)).talks("10:05")
    chat.taken_over("10:10")
    chat.sweeps(later("10:10", by=5))
    assert (chat.session.state, chat.messages) == (State.ENDED, [])

    chat.says(later("10:10", by=6), "still there?")
    assert chat.due() == later("10:10", by=10)
    chat.sweeps(later("10:10", by=10))
    assert (chat.messages, len(chat.erased)) == ([], 3)


def test_what_a_bot_makes_of_a_turn_is_not_kept_once_the_data_is_gone() -> None:
    chat = Chat(policy=policy(**SOON))
    chat.starts("10:00")
    chat.says("10:05")
    chat.sweeps(later("10:05", by=3))
    decision = chat.answers(later("10:05", by=3.5), "at last", understood={"intent": {"name": "greeting"}})

    assert decision.result == "done"
    assert dict(decision.understood) == {}


# ── a policy that changes after the end ──────────────────────────────────────────────────────────────────────────────
def test_a_newer_policy_says_how_long_ended_sessions_are_kept() -> None:
    chat = ended()
    chat.portal.saves(later("10:10", by=1), policy(**SOON | {"auto_archive_after": days(5)}))
    chat.sweeps(later("10:10", by=4.9))
    assert chat.session.archived_at is None
    chat.sweeps(later("10:10", by=5))
    assert chat.session.archived_at == later("10:10", by=5)


def test_but_removes_nothing_before_it_was_saved() -> None:
    chat = ended()
    saved_at = later("12:00", by=1)
    chat.portal.saves(saved_at, policy(**dict.fromkeys(SOON, days(1))))
    decision = chat.sweeps(later("12:30", by=1))

    assert told(decision) == ["archived", "erased", "erased"]
    assert {event.at for event in decision.events} == {saved_at}


def test_what_was_due_before_it_was_saved_has_happened_whoever_has_or_has_not_noticed() -> None:
    chat = ended()
    chat.portal.saves(later("10:10", by=9), policy(**dict.fromkeys(SOON, days(30))))
    chat.sweeps(later("10:10", by=10))
    assert [event.at for event in chat.events[-3:]] == [
        *(later("10:10", by=2), later("10:05", by=3), later("10:05", by=4))
    ]


def test_what_one_policy_keeps_for_longer_the_next_one_does_not_remove_in_hindsight() -> None:
    """Under the session's own it would be long gone; but that is not in force any more."""
    chat = ended()
    chat.portal.saves(later("10:10", by=1), policy(**dict.fromkeys(SOON, days(30))))
    chat.portal.saves(later("10:10", by=20), policy(**dict.fromkeys(SOON, days(60))))
    assert chat.sweeps(later("10:10", by=21)).events == ()
    assert chat.due() == later("10:05", by=60)


def test_one_for_new_sessions_only_does_not_concern_them() -> None:
    chat = ended()
    chat.portal.saves("10:20", policy(**dict.fromkeys(SOON, days(1))), reach=Reach.NEW)
    assert chat.due() == later("10:10", by=2)


def test_an_erased_session_can_be_looked_at_and_nothing_else() -> None:
    chat = ended()
    chat.sweeps(later("10:10", by=10))
    for deed in (Chat.pauses, Chat.resumes, Chat.extends, Chat.transfers):
        assert deed(chat, later("10:10", by=11)).result is Refusal.SESSION_ENDED
    assert chat.taken_over(later("10:10", by=11), HANNA).result is Refusal.SESSION_ENDED
