"""Why a session is as it is, in one sentence (7-screens.md, 16), and what can be done to it."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.why import possible, why
from tests.unit.core.cast import PRESET, Chat, at, minutes, policy


def session_of(**about_policy: object) -> Chat:
    chat = Chat(policy=policy(**about_policy))
    chat.starts("10:00")
    chat.says("10:05")
    chat.answers("10:05:01", "Hello")
    return chat


def test_a_live_session_says_when_it_ends() -> None:
    chat = session_of()
    assert why(chat.session) == "Ends 10:35:00 after 30 minutes without an interaction (policy v4)"


def test_so_does_an_idle_one() -> None:
    chat = session_of(idle_timeout=minutes(10))
    assert why(chat.looks("10:15")) == "Ends 10:35:00 after 30 minutes without an interaction (policy v4)"


def test_the_cap_is_named_when_it_comes_first() -> None:
    chat = session_of(max_duration=minutes(20))
    assert why(chat.session) == "Ends 10:20:00 at the max duration of 20 minutes (policy v4)"


def test_a_paused_session_has_no_end() -> None:
    chat = session_of()
    chat.pauses("10:20")
    assert why(chat.session) == "Paused 10:20:00: both clocks stand until it is resumed (policy v4)"


def test_an_expired_session_says_after_what() -> None:
    chat = session_of()
    assert why(chat.looks("12:00")) == "Ended 10:35:00: 30 minutes without an interaction (policy v4)"


def test_a_silent_end_says_so() -> None:
    chat = Chat(prompt=PRESET)
    chat.starts("10:00")
    assert why(chat.looks("12:00")) == "Ended 10:30:00, silently: 30 minutes without an interaction (policy v4)"


def test_a_session_that_reached_its_cap_says_which() -> None:
    chat = session_of(max_duration=minutes(20))
    assert why(chat.looks("12:00")) == "Ended 10:20:00: it reached the max duration of 20 minutes (policy v4)"


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        (EndReason.USER_ENDED, "the user ended it"),
        (EndReason.OWNER_ENDED, "the agent's owner ended it"),
        (EndReason.ADMIN_ENDED, "an admin ended it"),
        (EndReason.BOT_ENDED, "the bot said the talk is over"),
        (EndReason.TRANSFERRED, "it was transferred to another agent"),
        (EndReason.HISTORY_CLEARED, "the history was cleared"),
        (EndReason.DISPLACED, "a new session of the same user took its place"),
        (EndReason.RETENTION, "nobody touched it for as long as session data is kept"),
        (EndReason.ERASED, "the person was erased"),
    ],
)
def test_an_end_by_somebody_says_by_whom(reason: EndReason, said: str) -> None:
    assert why(_ended(reason)) == f"Ended 10:10:00: {said} (policy v4)"


@pytest.mark.parametrize("reason", EndReason)
def test_every_reason_has_its_words(reason: EndReason) -> None:
    assert "no reason" not in why(_ended(reason))


def test_the_instants_are_put_into_words_by_whoever_knows_the_zone_of_the_reader() -> None:
    in_words = why(session_of().session, time=lambda instant: f"at {instant:%H.%M} UTC")
    assert in_words.startswith("Ends at 10.35 UTC after")


def _ended(reason: EndReason) -> Facts:
    return replace(session_of().session, state=State.ENDED, ended_at=at("10:10"), end_reason=reason)


@pytest.mark.parametrize(
    ("begin", "deeds"),
    [
        # live
        ([], ("end", "pause", "extend", "transfer", "take_over")),
        # in a live chat: no pause, and nobody else takes over
        ([lambda chat: chat.taken_over("10:10")], ("end", "extend", "transfer", "hand_back")),
        # paused
        ([lambda chat: chat.pauses("10:10")], ("end", "resume", "transfer")),
        # ended
        ([lambda chat: chat.ends("10:10")], ()),
        # ended in a live chat, which goes on
        ([lambda chat: chat.taken_over("10:10"), lambda chat: chat.sweeps("10:40")], ("hand_back",)),
        # ended by a transfer that nobody has picked up yet
        ([lambda chat: chat.transfers("10:10")], ("cancel_transfer",)),
        # picked up
        ([lambda chat: chat.transfers("10:10"), lambda chat: chat.says("10:11")], ()),
    ],
    ids=["live", "live chat", "paused", "ended", "live chat after the end", "transferred", "picked up"],
)
def test_what_can_be_done_depends_on_how_it_is(begin: list[Callable[[Chat], object]], deeds: tuple[str, ...]) -> None:
    chat = session_of()
    for deed in begin:
        deed(chat)
    assert possible(chat.first) == deeds


def test_what_can_be_done_to_an_idle_session_is_what_can_be_done_to_a_live_one() -> None:
    chat = session_of(idle_timeout=minutes(10))
    assert possible(chat.looks("10:20")) == possible(chat.session)


def test_the_model_can_be_set_where_that_is_allowed_and_cleared_where_it_was() -> None:
    chat = session_of(allow_model_override=True)
    assert "model" in possible(chat.session)
    chat.runs_on("10:10", "large")
    chat.portal.saves("10:11", policy())
    chat.sweeps("10:12")
    assert "model" in possible(chat.session)
    chat.runs_on("10:13", None)
    assert "model" not in possible(chat.session)


def test_a_transfer_that_is_waited_for_says_so() -> None:
    chat = session_of()
    chat.transfers("10:10")
    assert "picks up at the user's next turn" in why(chat.session)
    chat.says("10:11")
    assert "picks up" not in why(chat.first)
