"""2-lifecycle.md, "Transfer": handing a session to another agent, and the table "Transitions" after it."""

from typing import Any

import pytest

from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason, State
from sessions_app.core.policy import EndBehavior
from sessions_app.core.why import possible, why
from tests.unit.core.cast import (
    BILLING,
    HANNA,
    PRESET,
    SHOP,
    Chat,
    Portal,
    agent,
    at,
    billing,
    days,
    minutes,
    policy,
    told,
)

HOUR = policy(session_duration=minutes(60))


def talking(*, target: dict[str, Any] | None = None, **about_shop: Any) -> Chat:
    """With the shop, a turn at 10:05; billing's sessions last an hour."""
    portal = Portal(agent(**about_shop), billing(**{"policy": HOUR, "prompt": PRESET} | (target or {})))
    return Chat(portal).talks("10:05")


def handed_over(**about: Any) -> Chat:
    """The same, transferred at 10:10."""
    chat = talking(**about)
    assert chat.transfers("10:10").result == "done"
    return chat


# ── the source ends at once ──────────────────────────────────────────────────────────────────────────────────────────
def test_the_source_ends_at_once_and_the_thread_waits() -> None:
    chat = handed_over()

    assert (chat.session.ended_at, chat.session.end_reason) == (at("10:10"), EndReason.TRANSFERRED)
    assert (chat.session.pending_to, chat.session.pending_until) == (BILLING, at("11:10"))
    assert (chat.thread.agent.id, len(chat.sessions)) == (SHOP, 1)
    assert chat.types()[-2:] == ["transferred 10:10:00", "ended 10:10:00"]


def test_the_divider_says_to_whom() -> None:
    chat = handed_over(policy=policy(end_behavior=EndBehavior.CLEAR_HISTORY))

    assert chat.view()[-1] == "── session_transferred"
    assert chat.messages[-1].fill == {"target": "Billing"}


def test_the_session_says_that_it_waits() -> None:
    chat = handed_over()

    assert why(chat.session).endswith(
        "it was transferred to another agent (policy v4); another agent picks up at the user's next turn"
    )
    assert possible(chat.session) == ("cancel_transfer",)


def test_who_did_it_and_why_is_told() -> None:
    chat = talking()
    chat.transfers("10:10", actor=HANNA, reason="an invoice")

    assert [event.actor for event in chat.events[-2:]] == [HANNA, HANNA]
    assert chat.events[-2].detail == {"to": "billing", "agent": BILLING, "waits": 3600.0, "given": "an invoice"}


# ── the target picks up ──────────────────────────────────────────────────────────────────────────────────────────────
def test_the_users_next_turn_opens_a_session_with_the_target() -> None:
    chat = handed_over()
    source = chat.session.id
    decision = chat.says("10:20", "hello?")

    new = chat.session
    assert (decision.result, decision.started, decision.previous) == ("done", (new.id,), source)
    assert (new.agent, new.policy, new.policy_version) == (BILLING, HOUR, 7)
    assert (new.started_at, new.user_turns, new.conversations) == (at("10:20"), 1, 1)
    assert decision.turns == (chat.messages[-1].id,)
    assert chat.asked_in[chat.waiting[0]] == new.id


def test_it_is_answered_without_a_prompt() -> None:
    # transfer picked up: divider session_transferred, prompt no: the turn is answered
    chat = handed_over()
    chat.says("10:20", "hello?")
    assert chat.view()[-2:] == ["── session_transferred", "user: hello?"]


def test_source_and_target_name_each_other() -> None:
    chat = handed_over()
    chat.says("10:20")

    source, target = chat.sessions.values()
    assert (source.transferred_to, target.transferred_from) == (target.id, source.id)
    assert (source.pending_to, source.pending_until) == (None, None)
    assert chat.types(source)[-1] == "picked_up 10:20:00"
    assert chat.events[-1].detail["transferred_from"] == str(source.id)


def test_the_thread_is_the_targets_from_then_on() -> None:
    chat = handed_over()
    chat.says("10:20")
    chat.ends("10:30")
    chat.starts("10:40")

    assert chat.thread.agent.id == chat.session.agent == BILLING
    assert chat.view()[-1] == f"bot: {PRESET.text}"


def test_variables_go_along() -> None:
    chat = talking()
    chat.notes("10:06", basket=[1, 2])
    chat.transfers("10:10")
    chat.says("10:20")

    assert chat.portal.variables[chat.session.id].texts == {"basket": "[1,2]"}
    assert chat.portal.variables[chat.first.id].texts == {"basket": "[1,2]"}


def test_held_messages_go_along_and_are_put_to_the_targets_bot_in_order() -> None:
    chat = talking()
    chat.pauses("10:06")
    chat.says("10:07", "one")
    chat.says("10:08", "two")
    chat.transfers("10:10")
    assert (chat.session.held, chat.waiting) == (2, [])

    decision = chat.says("10:20", "three")

    source, target = chat.sessions.values()
    assert decision.released == (source.id, target.id)
    assert (source.held, target.user_turns, target.interactions, target.unanswered) == (0, 3, 3, 3)
    texts = {message.id: message.text for message in chat.messages}
    assert [texts[turn] for turn in chat.waiting] == ["one", "two", "three"]
    assert {chat.asked_in[turn] for turn in chat.waiting} == {target.id}
    assert target.conversations == 1


def test_an_override_does_not_go_along() -> None:
    chat = talking(policy=policy(allow_model_override=True))
    chat.runs_on("10:06", "large")
    chat.transfers("10:10")
    chat.says("10:20")
    assert chat.session.model_override is None


def test_a_live_chat_ends() -> None:
    chat = talking()
    chat.taken_over("10:06")
    chat.transfers("10:10")
    assert not chat.session.in_live_chat

    chat.says("10:20")
    assert not chat.session.in_live_chat
    assert chat.waiting != []


@pytest.mark.parametrize(
    ("language", "becomes"),
    [
        # billing speaks en and fr
        ("en", "en"),
        # a language the target lacks becomes its default
        ("de", "en"),
    ],
)
def test_the_language_goes_along_where_the_target_speaks_it(language: str, becomes: str) -> None:
    chat = Chat(Portal(agent(), billing()))
    chat.starts("10:00", language=language, channel="kiosk")
    chat.transfers("10:10")
    chat.says("10:20")
    assert (chat.session.language, chat.session.channel) == (becomes, "kiosk")


def test_an_emulator_session_is_picked_up_in_draft() -> None:
    chat = Chat()
    chat.starts("10:00", version="DRAFT")
    chat.transfers("10:10")
    chat.says("10:20")
    assert (chat.session.agent, chat.session.version) == (BILLING, "DRAFT")


def test_a_back_end_that_answers_itself_is_not_asked() -> None:
    chat = handed_over(target={"answers": False})
    chat.says("10:20")
    assert (chat.waiting, chat.session.unanswered, chat.session.busy_until) == ([], 0, None)


def test_what_others_say_picks_nothing_up() -> None:
    chat = handed_over()
    for sender in (Sender.BOT, Sender.HUMAN):
        said = chat.hears("10:20", sender).said
        assert said is not None
        assert (said.session, said.after_end) == (chat.first.id, True)
    assert len(chat.sessions) == 1


def test_nor_does_the_chats_being_opened() -> None:
    chat = handed_over()
    assert (chat.starts("10:20").result, len(chat.sessions)) == ("already", 1)
    # A program that insists is told what is in its way.
    refused = chat.starts("10:20", prompt="no")
    assert refused.result is Refusal.STATE_CHANGED
    assert "cancel the transfer" in refused.why


def test_a_button_counts_as_a_turn_and_a_preset_prompt_does_not() -> None:
    chat = handed_over()
    chat.hears("10:20", Sender.USER, Kind.PRESET)
    assert len(chat.sessions) == 1
    chat.says("10:20", kind=Kind.POSTBACK)
    assert len(chat.sessions) == 2


# ── what cannot be done changes nothing, and the reason is told ──────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("about", "values", "said"),
    [
        # not to the same agent
        ({}, {"target": SHOP}, "The session is with Shop already."),
        # not to one that does not exist
        ({}, {"target": 99}, "There is no such agent any more."),
        # not to a disabled one
        ({"target": {"active": False}}, {}, "Billing is disabled."),
        # a user only to those that the agent offers
        ({"transfer_targets": ()}, {}, "Shop does not offer Billing."),
    ],
    ids=["same", "unknown", "disabled", "not offered"],
)
def test_a_transfer_that_is_impossible(about: Any, values: Any, said: str) -> None:
    chat = talking(**about)
    before = chat.session
    decision = chat.transfers("10:10", **values)

    assert (decision.result, decision.why) == (Refusal.TRANSFER_IMPOSSIBLE, said)
    assert (chat.session, decision.events, decision.messages) == (before, (), ())


def test_staff_may_transfer_to_any_agent() -> None:
    chat = talking(transfer_targets=())
    assert chat.transfers("10:10", actor=HANNA).result == "done"


def test_a_transfer_without_room_at_the_target() -> None:
    chat = talking(target={"policy": policy(max_concurrent_per_user=1)})
    other = Chat(chat.portal, with_agent=BILLING)
    other.starts("10:06")
    decision = chat.transfers("10:10")

    assert decision.result is Refusal.TRANSFER_IMPOSSIBLE
    assert decision.open_sessions == (other.session.id,)
    assert decision.why == "The user has as many open sessions with Billing as its policy allows."
    assert chat.session.is_open


def test_a_transfer_after_the_deadline_finds_an_ended_session() -> None:
    chat = talking()
    assert chat.transfers("10:35").result is Refusal.SESSION_ENDED
    assert chat.session.end_reason is EndReason.EXPIRED


# ── a pending transfer ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_pending_transfer_can_be_cancelled_and_the_source_answers_the_next_turn() -> None:
    chat = handed_over()
    decision = chat.calls_off("10:15", reason="a mistake")

    assert (decision.result, told(decision)) == ("done", ["transfer_cancelled"])
    assert (chat.events[-1].cause, chat.events[-1].detail) == ("cancelled", {"given": "a mistake"})
    assert chat.session.pending_to is None
    chat.says("10:20")
    assert (chat.session.agent, chat.events[-1].cause) == (SHOP, "late_message")
    assert chat.view()[-2:] == ["── session_transferred", "user: hi"]


def test_cancelling_twice_cancels_once_and_after_the_pick_up_it_is_too_late() -> None:
    cancelled, picked_up = handed_over(), handed_over()
    cancelled.calls_off("10:15")
    picked_up.says("10:15")

    assert cancelled.calls_off("10:16").result == "already"
    assert picked_up.calls_off("10:16", session=picked_up.first.id).result is Refusal.STATE_CHANGED
    assert talking().calls_off("10:16").result == "already"


def test_it_lapses_after_the_targets_session_duration() -> None:
    chat = handed_over()
    chat.sweeps("11:09:59.999999")
    assert chat.session.pending_to == BILLING

    decision = chat.sweeps("12:00")

    assert [(event.type, event.at, event.cause) for event in decision.events] == [
        ("session.transfer_cancelled", at("11:10"), "lapsed")
    ]
    assert chat.session.pending_to is None


@pytest.mark.parametrize(("when", "answers"), [("11:09:59.999999", BILLING), ("11:10", SHOP), ("12:00", SHOP)])
def test_whether_it_has_lapsed_is_decided_at_the_turn(when: str, answers: int) -> None:
    chat = handed_over()
    chat.says(when)
    assert chat.session.agent == answers


def test_a_target_that_was_disabled_meanwhile_leaves_the_turn_to_the_source_with_a_notice() -> None:
    chat = handed_over()
    chat.portal.changes(BILLING, active=False)
    decision = chat.says("10:20", "hello?")

    assert told(decision) == ["transfer_cancelled", "started"]
    assert [event.cause for event in decision.events] == ["impossible", "transfer_impossible"]
    assert chat.session.agent == SHOP
    assert chat.view()[-2:] == ["── session_transferred", "user: hello?"]
    assert [line.fill for line in decision.messages if line.kind is Kind.DIVIDER] == [{"target": "Shop"}]
    assert chat.session.messages == 1


def test_where_neither_can_answer_the_user_is_told_and_nothing_changes() -> None:
    chat = handed_over()
    for each in (SHOP, BILLING):
        chat.portal.changes(each, active=False)
    decision = chat.says("10:20", "hello?")

    assert (decision.result, decision.messages, len(chat.sessions)) == (Refusal.AGENT_DISABLED, (), 1)


def test_the_target_goes_on_when_the_source_was_disabled_meanwhile() -> None:
    chat = handed_over()
    chat.portal.changes(SHOP, active=False)
    assert chat.says("10:20").result == "done"
    assert chat.session.agent == BILLING


def test_clear_history_calls_it_off() -> None:
    chat = handed_over()
    decision = chat.clears("10:20")

    assert told(decision) == ["transfer_cancelled", "cleared", "started"]
    assert (chat.first.pending_to, chat.session.agent) == (None, SHOP)


def test_an_end_of_the_source_leaves_it_as_it_is() -> None:
    chat = handed_over()
    assert chat.ends("10:20").result == "already"
    assert chat.session.pending_to == BILLING


def test_it_can_go_back_and_forth() -> None:
    chat = talking(target={"transfer_targets": ("shop",)})
    chat.transfers("10:10")
    chat.says("10:11")
    chat.transfers("10:12", SHOP)
    chat.says("10:13")

    assert [facts.agent for facts in chat.sessions.values()] == [SHOP, BILLING, SHOP]
    assert chat.session.state is State.LIVE


def test_a_session_that_waits_is_swept_when_it_lapses_and_then_kept_as_long_as_any() -> None:
    chat = handed_over()
    assert chat.due() == at("11:10")
    chat.sweeps("11:10")
    assert chat.due() == at("10:10") + days(30)


def test_the_deed_is_aimed_at_a_state() -> None:
    chat = talking()
    assert chat.do(c.Transfer(target=BILLING, seen_state=State.PAUSED), "10:10").result is Refusal.STATE_CHANGED
