"""2-lifecycle.md, "Concurrency": how many sessions of one user with one agent are open at once."""

from typing import Any

import pytest

from sessions_app.core.decision import Decision, Refusal
from sessions_app.core.facts import EndReason
from sessions_app.core.policy import WhenFull
from tests.unit.core.cast import BILLING, SHOP, Chat, Portal, agent, at, billing, minutes, policy

REFUSE, DISPLACE = WhenFull.REFUSE, WhenFull.END_LONGEST_IDLE


def full(number: int = 1, *, limit: int | None = None, when_full: WhenFull = REFUSE, **about: Any) -> list[Chat]:
    """A user with so many sessions, which is the limit, begun a minute after each other from 10:00; and a chat more."""
    limited = policy(max_concurrent_per_user=limit or number, when_full=when_full, **about)
    portal = Portal(agent(policy=limited), billing(policy=limited))
    chats = [Chat(portal) for _ in range(number + 1)]
    for minute, chat in enumerate(chats[:-1]):
        chat.talks(f"10:{minute:02}")
    return chats


def refused(decision: Decision, *by: Chat) -> bool:
    """Whether it was, for want of room, with these sessions named to be closed."""
    named = (Refusal.SESSION_LIMIT_REACHED, {chat.session.id for chat in by})
    return (decision.result, set(decision.open_sessions)) == named


# ── refuse ───────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("number", [1, 2, 3])
def test_at_the_limit_a_start_is_refused_with_the_sessions_that_could_be_closed(number: int) -> None:
    *open_ones, new = full(number)
    decision = new.starts("10:10")

    assert refused(decision, *open_ones)
    assert (decision.started, new.thread.session) == ((), None)


def test_below_it_one_more_starts() -> None:
    *_, new = full(2, limit=3)
    assert new.starts("10:10").result == "done"


def test_without_a_limit_any_number_starts() -> None:
    portal = Portal(agent(), billing())
    assert {Chat(portal).starts("10:00").result for _ in range(20)} == {"done"}


def test_a_late_message_is_refused_too_and_its_session_has_ended_all_the_same() -> None:
    """429: the text is kept in the widget, which offers to end another session."""
    old, new = full(1, session_duration=minutes(10), idle_timeout=minutes(5))
    new.starts("10:10")
    decision = old.says("10:15", "late")

    assert refused(decision, new)
    assert old.session.ended_at == at("10:10")
    assert "user: late" not in old.view()


def test_clear_history_is_not_for_it_takes_the_place_it_leaves() -> None:
    only, _ = full(1)
    assert only.clears("10:10").result == "done"


def test_but_of_a_thread_without_a_place_it_is() -> None:
    old, new = full(1)
    old.ends("10:05")
    new.starts("10:06")
    decision = old.clears("10:10")

    assert refused(decision, new)
    assert old.thread.cleared_seq == 0


def test_a_place_is_free_again_when_its_session_has_ended() -> None:
    old, new = full(1)
    old.ends("10:05")
    assert new.starts("10:10").result == "done"


def test_a_message_to_an_open_session_needs_no_place() -> None:
    only, _ = full(1)
    assert only.says("10:10").result == "done"


def test_other_agents_have_limits_of_their_own() -> None:
    first, _ = full(1)
    elsewhere = Chat(first.portal, with_agent=BILLING)
    assert elsewhere.starts("10:10").result == "done"


@pytest.mark.parametrize("pause", [False, True])
def test_paused_sessions_count(pause: bool) -> None:
    only, new = full(1)
    if pause:
        only.pauses("10:01")
    assert refused(new.starts("10:10"), only)


def test_idle_sessions_count() -> None:
    only, new = full(1, idle_timeout=minutes(5))
    assert refused(new.starts("10:10"), only)


# ── sessions past their deadline do not count ────────────────────────────────────────────────────────────────────────
def test_a_session_past_its_deadline_is_in_nobodys_way() -> None:
    """No sweep has come by; the start ends it, at its deadline."""
    old, new = full(1)
    decision = new.starts("11:00")

    assert decision.result == "done"
    assert (old.session.ended_at, old.session.end_reason) == (at("10:30"), EndReason.EXPIRED)


def test_nor_is_a_transfer_that_has_lapsed() -> None:
    source, _ = full(1)
    source.transfers("10:05")
    there = Chat(source.portal, with_agent=BILLING)
    assert refused(there.starts("10:34"), source)
    assert there.starts("10:35").result == "done"
    assert source.session.pending_to is None


def test_nor_one_that_a_new_policy_has_ended_though_it_does_not_know_yet() -> None:
    old, new = full(1)
    shorter = policy(max_concurrent_per_user=1, session_duration=minutes(5), idle_timeout=minutes(5))
    new.portal.saves("10:10", shorter)
    assert new.starts("10:20").result == "done"
    assert old.session.ended_at == at("10:10")


def test_one_that_a_new_policy_keeps_open_still_is() -> None:
    old, new = full(1)
    new.portal.saves("10:10", policy(max_concurrent_per_user=1, session_duration=minutes(60)))
    assert refused(new.starts("10:40"), old)


# ── reserved places ──────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_pending_transfer_takes_a_place_with_the_target() -> None:
    source, _ = full(1)
    source.transfers("10:05")
    there = Chat(source.portal, with_agent=BILLING)

    assert refused(there.starts("10:10"), source)
    assert source.says("10:11").result == "done", "the place was reserved for it"
    assert refused(there.starts("10:12"), source)


def test_and_frees_that_with_the_source_at_once() -> None:
    source, new = full(1)
    source.transfers("10:05")
    assert new.starts("10:06").result == "done"
    assert refused(source.clears("10:07"), new), "so that there is no way back without a place"


def test_cancelled_it_takes_none() -> None:
    source, _ = full(1)
    source.transfers("10:05")
    source.calls_off("10:06")
    assert Chat(source.portal, with_agent=BILLING).starts("10:10").result == "done"


def test_two_transfers_do_not_reserve_the_same_place() -> None:
    first, second, _ = full(2, limit=2)
    there = Chat(first.portal, with_agent=BILLING)
    there.starts("10:05")
    assert first.transfers("10:06").result == "done"
    assert second.transfers("10:06").result is Refusal.TRANSFER_IMPOSSIBLE


# ── end_longest_idle ─────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_one_idle_longest_ends_and_the_new_one_starts() -> None:
    first, second, new = full(2, when_full=DISPLACE)
    first.talks("10:08")
    decision = new.starts("10:10")

    assert decision.result == "done"
    assert (second.session.end_reason, second.session.ended_at) == (EndReason.DISPLACED, at("10:10"))
    assert second.view()[-1] == "── session_ended"
    assert second.events[-1].actor == "portal"
    assert first.session.is_open


@pytest.mark.parametrize("how", ["paused", "in live chat", "being answered"])
def test_it_is_never_one_that_is(how: str) -> None:
    first, second, new = full(2, when_full=DISPLACE)
    match how:
        case "paused":
            first.pauses("10:09:30")
        case "in live chat":
            first.taken_over("10:09:30")
        case "being answered":
            first.says("10:09:30")
            second.says("10:09:40")
            second.answers("10:09:41", "Hello")
    new.starts("10:10")

    assert first.session.is_open
    assert second.session.end_reason is EndReason.DISPLACED


def test_one_whose_bot_never_answered_is_not_being_answered_for_ever() -> None:
    first, new = full(1, when_full=DISPLACE)
    first.says("10:05")
    assert refused(new.starts("10:05:59.999999"), first)
    assert new.starts("10:06").result == "done"


def test_if_none_can_be_it_is_refused() -> None:
    first, second, new = full(2, when_full=DISPLACE)
    first.pauses("10:05")
    second.taken_over("10:05")
    assert refused(new.starts("10:10"), first, second)


def test_a_reserved_place_is_never_displaced() -> None:
    source, _ = full(1, when_full=DISPLACE)
    source.transfers("10:05")
    there = Chat(source.portal, with_agent=BILLING)
    assert refused(there.starts("10:10"), source)


def test_a_late_message_displaces_too() -> None:
    old, new = full(1, when_full=DISPLACE)
    old.ends("10:05")
    new.talks("10:06")
    assert old.says("10:10", "late").result == "done"
    assert new.session.end_reason is EndReason.DISPLACED


def test_and_so_does_a_transfer_at_its_target() -> None:
    source, _ = full(1, when_full=DISPLACE)
    there = Chat(source.portal, with_agent=BILLING)
    there.talks("10:05")
    assert source.transfers("10:10").result == "done"
    assert there.session.end_reason is EndReason.DISPLACED


# ── a lowered limit ends nobody, it only refuses new ones ────────────────────────────────────────────────────────────
@pytest.mark.parametrize("when_full", WhenFull)
def test_a_lowered_limit_ends_nobody(when_full: WhenFull) -> None:
    *open_ones, new = full(3)
    new.portal.saves("10:10", policy(max_concurrent_per_user=1, when_full=when_full))
    decision = new.starts("10:11")

    assert refused(decision, *open_ones)
    assert all(chat.session.is_open for chat in open_ones)


def test_a_raised_one_lets_one_more_in_at_once() -> None:
    *_, new = full(1)
    new.portal.saves("10:10", policy(max_concurrent_per_user=2))
    assert new.starts("10:11").result == "done"


# ── emulator sessions neither count nor are counted ──────────────────────────────────────────────────────────────────
def test_an_emulator_session_starts_at_the_limit() -> None:
    *_, new = full(1)
    assert new.starts("10:10", version="DRAFT").result == "done"


def test_and_takes_no_place() -> None:
    portal = Portal(agent(policy=policy(max_concurrent_per_user=1)), billing())
    emulated, real = Chat(portal), Chat(portal)
    emulated.starts("10:00", version="DRAFT")
    assert real.starts("10:01").result == "done"


def test_nor_does_one_that_is_transferred() -> None:
    portal = Portal(agent(), billing(policy=policy(max_concurrent_per_user=1)))
    emulated, real = Chat(portal), Chat(portal, with_agent=BILLING)
    emulated.starts("10:00", version="DRAFT")
    emulated.transfers("10:01")
    assert real.starts("10:02").result == "done"
    assert emulated.says("10:03").result == "done"


def test_a_thread_that_was_transferred_takes_one_place_where_it_is() -> None:
    source, other = full(1)
    source.transfers("10:05")
    source.says("10:06")

    assert (source.session.agent, source.thread.agent.id) == (BILLING, BILLING)
    assert other.starts("10:07").result == "done"
    assert other.thread.agent.id == SHOP
