"""2-lifecycle.md, "Transitions": one row per cell."""

from collections.abc import Callable

import pytest

from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Decision, Refusal
from sessions_app.core.facts import EndReason, State
from tests.unit.core.cast import INTENT, PRESET, Chat, at, minutes, policy, told

LIVE, IDLE, PAUSED, ENDED = State
NOW = "10:20"


def chat_in(state: State) -> Chat:
    """At 10:20 in that state; the last turn but of a live one was at 10:05."""
    chat = Chat(policy=policy(idle_timeout=minutes(10), allow_model_override=True))
    chat.talks("10:05")
    match state:
        case State.LIVE:
            chat.talks("10:14")
        case State.PAUSED:
            chat.pauses("10:10")
        case State.ENDED:
            chat.ends("10:10")
    chat.sweeps(NOW)
    assert chat.session.state is state
    return chat


Deed = Callable[[Chat], Decision]


def user_turn(chat: Chat) -> Decision:
    return chat.says(NOW)


def preset_prompt(chat: Chat) -> Decision:
    return chat.hears(NOW, Sender.BOT, Kind.PRESET)


def bot_message(chat: Chat) -> Decision:
    return chat.hears(NOW, Sender.BOT)


def human_message(chat: Chat) -> Decision:
    return chat.hears(NOW, Sender.HUMAN)


def extend(chat: Chat) -> Decision:
    return chat.extends(NOW)


def pause(chat: Chat) -> Decision:
    return chat.pauses(NOW)


def resume(chat: Chat) -> Decision:
    return chat.resumes(NOW)


def end(chat: Chat) -> Decision:
    return chat.ends(NOW)


def transfer(chat: Chat) -> Decision:
    return chat.transfers(NOW)


def take_over(chat: Chat) -> Decision:
    return chat.taken_over(NOW)


def hand_back(chat: Chat) -> Decision:
    return chat.handed_back(NOW)


def clear_history(chat: Chat) -> Decision:
    return chat.clears(NOW)


def set_override(chat: Chat) -> Decision:
    return chat.runs_on(NOW, "large")


def clear_override(chat: Chat) -> Decision:
    return chat.runs_on(NOW, None)


@pytest.mark.parametrize(
    ("deed", "before", "result", "after", "counts_from", "timeline"),
    [
        # user turn, live: clock restarts
        (user_turn, LIVE, "done", LIVE, "10:20", []),
        # user turn, idle: → live
        (user_turn, IDLE, "done", LIVE, "10:20", ["active"]),
        # user turn, paused: kept as held, clock untouched
        (user_turn, PAUSED, "done", PAUSED, "10:05", ["held"]),
        # user turn, ended: a late message opens a new session
        (user_turn, ENDED, "done", LIVE, "10:20", ["started"]),
        # preset prompt: recorded, clock untouched, in every state
        (preset_prompt, LIVE, "done", LIVE, "10:14", []),
        (preset_prompt, IDLE, "done", IDLE, "10:05", []),
        (preset_prompt, PAUSED, "done", PAUSED, "10:05", []),
        (preset_prompt, ENDED, "done", ENDED, "10:05", []),
        # bot message: the same
        (bot_message, LIVE, "done", LIVE, "10:14", []),
        (bot_message, IDLE, "done", IDLE, "10:05", []),
        (bot_message, PAUSED, "done", PAUSED, "10:05", []),
        (bot_message, ENDED, "done", ENDED, "10:05", []),
        # human message: the same
        (human_message, LIVE, "done", LIVE, "10:14", []),
        (human_message, IDLE, "done", IDLE, "10:05", []),
        (human_message, PAUSED, "done", PAUSED, "10:05", []),
        (human_message, ENDED, "done", ENDED, "10:05", []),
        # extend, live: clock restarts
        (extend, LIVE, "done", LIVE, "10:20", ["extended"]),
        # extend, idle: → live
        (extend, IDLE, "done", LIVE, "10:20", ["extended", "active"]),
        # extend, paused and ended: 409
        (extend, PAUSED, Refusal.SESSION_PAUSED, PAUSED, "10:05", []),
        (extend, ENDED, Refusal.SESSION_ENDED, ENDED, "10:05", []),
        # pause, live and idle: → paused
        (pause, LIVE, "done", PAUSED, "10:14", ["paused"]),
        (pause, IDLE, "done", PAUSED, "10:05", ["paused"]),
        # pause, paused: no-op
        (pause, PAUSED, "already", PAUSED, "10:05", []),
        # pause, ended: 409
        (pause, ENDED, Refusal.SESSION_ENDED, ENDED, "10:05", []),
        # resume, live and idle: no-op
        (resume, LIVE, "already", LIVE, "10:14", []),
        (resume, IDLE, "already", IDLE, "10:05", []),
        # resume, paused: → the state before the pause, and the ten minutes of it do not count
        (resume, PAUSED, "done", LIVE, "10:15", ["resumed"]),
        # resume, ended: 409
        (resume, ENDED, Refusal.SESSION_ENDED, ENDED, "10:05", []),
        # end: → ended
        (end, LIVE, "done", ENDED, "10:14", ["ended"]),
        (end, IDLE, "done", ENDED, "10:05", ["ended"]),
        (end, PAUSED, "done", ENDED, "10:05", ["ended"]),
        # end, ended: no-op
        (end, ENDED, "already", ENDED, "10:05", []),
        # transfer: → ended (transferred)
        (transfer, LIVE, "done", ENDED, "10:14", ["transferred", "ended"]),
        (transfer, IDLE, "done", ENDED, "10:05", ["transferred", "ended"]),
        (transfer, PAUSED, "done", ENDED, "10:05", ["transferred", "ended"]),
        # transfer, ended: 409
        (transfer, ENDED, Refusal.SESSION_ENDED, ENDED, "10:05", []),
        # take over: live chat on
        (take_over, LIVE, "done", LIVE, "10:14", ["live_chat_started"]),
        (take_over, IDLE, "done", IDLE, "10:05", ["live_chat_started"]),
        # take over, paused and ended: 409
        (take_over, PAUSED, Refusal.SESSION_PAUSED, PAUSED, "10:05", []),
        (take_over, ENDED, Refusal.SESSION_ENDED, ENDED, "10:05", []),
        # hand back of what nobody has taken over: no-op
        (hand_back, LIVE, "already", LIVE, "10:14", []),
        (hand_back, IDLE, "already", IDLE, "10:05", []),
        (hand_back, ENDED, "already", ENDED, "10:05", []),
        # hand back, paused: 409
        (hand_back, PAUSED, Refusal.SESSION_PAUSED, PAUSED, "10:05", []),
        # clear history: → ended, view cleared, new session
        (clear_history, LIVE, "done", LIVE, "10:20", ["ended", "cleared", "started"]),
        (clear_history, IDLE, "done", LIVE, "10:20", ["ended", "cleared", "started"]),
        (clear_history, PAUSED, "done", LIVE, "10:20", ["ended", "cleared", "started"]),
        # clear history, ended: view cleared, new session
        (clear_history, ENDED, "done", LIVE, "10:20", ["cleared", "started"]),
        # model override: set
        (set_override, LIVE, "done", LIVE, "10:14", ["model_changed"]),
        (set_override, IDLE, "done", IDLE, "10:05", ["model_changed"]),
        (set_override, PAUSED, "done", PAUSED, "10:05", ["model_changed"]),
        # model override, ended: 409
        (set_override, ENDED, Refusal.SESSION_ENDED, ENDED, "10:05", []),
        (clear_override, ENDED, Refusal.SESSION_ENDED, ENDED, "10:05", []),
    ],
)
def test_transition(
    deed: Deed, before: State, result: object, after: State, counts_from: str, timeline: list[str]
) -> None:
    chat = chat_in(before)

    decision = deed(chat)

    assert decision.result == result
    assert chat.session.state is after
    assert chat.session.inactive_since == at(counts_from)
    assert told(decision) == timeline
    assert {event.at for event in decision.events} <= {at(NOW)}


def test_an_intent_prompt_restarts_the_clock_and_is_no_user_turn() -> None:
    # intent prompt (bot): it comes with the new session that it opens
    prompted, greeted = Chat(prompt=INTENT), Chat(prompt=PRESET)
    for chat in (prompted, greeted):
        chat.starts("10:00")

    assert (prompted.session.last_interaction_at, greeted.session.last_interaction_at) == (at("10:00"), None)
    assert (prompted.session.interactions, prompted.session.user_turns) == (1, 0)
    assert greeted.session.interactions == 0


@pytest.mark.parametrize("deed", [preset_prompt, bot_message, human_message])
@pytest.mark.parametrize("state", State)
def test_what_others_say_is_kept_under_the_session_and_flagged_when_that_has_ended(deed: Deed, state: State) -> None:
    chat = chat_in(state)
    said = deed(chat).said

    assert said is not None
    assert (said.session, said.after_end, said.interaction) == (chat.session.id, state is ENDED, False)


def test_what_others_say_to_an_older_session_stays_with_it() -> None:
    chat = chat_in(ENDED)
    old = chat.session.id
    chat.starts("10:15")

    said = chat.hears(NOW, Sender.HUMAN, session=old).said

    assert said is not None
    assert (said.session, said.after_end) == (old, True)
    assert chat.session.messages == 0


def test_a_preset_prompt_is_no_turn_whoever_puts_it() -> None:
    chat = chat_in(LIVE)
    decision = chat.hears(NOW, Sender.USER, Kind.PRESET)

    assert decision.turns == ()
    assert (chat.session.user_turns, chat.session.inactive_since) == (2, at("10:14"))


def test_a_session_paused_while_idle_is_idle_again_after_it() -> None:
    chat = chat_in(IDLE)
    chat.pauses("10:20")
    chat.resumes("11:20")

    assert chat.session.state is IDLE
    assert chat.looks("11:34:59.999999").state is IDLE
    assert chat.looks("11:35").ended_at == at("11:35")


def test_a_pause_that_was_ended_counts_among_the_pauses() -> None:
    chat = chat_in(PAUSED)
    chat.ends(NOW)

    assert (chat.session.paused_at, chat.session.paused_for) == (None, minutes(10))


def test_held_messages_are_put_to_the_bot_in_order_when_the_pause_is_over() -> None:
    chat = chat_in(PAUSED)
    chat.says("10:30", "one")
    chat.says("10:40", "two")
    assert (chat.session.held, chat.session.user_turns, chat.waiting) == (2, 1, [])

    decision = chat.resumes("12:00")

    assert decision.released == (chat.session.id, chat.session.id)
    assert (chat.session.held, chat.session.user_turns, chat.session.interactions) == (0, 3, 3)
    assert chat.session.last_interaction_at == chat.session.inactive_since == at("12:00")
    by_id = {message.id: message.text for message in chat.messages}
    assert [by_id[turn] for turn in chat.waiting] == ["one", "two"]
    assert (chat.session.unanswered, chat.session.busy_until) == (2, at("12:01"))


def test_held_messages_wake_a_session_that_was_paused_while_idle() -> None:
    chat = chat_in(IDLE)
    chat.pauses("10:21")
    chat.says("10:22")
    decision = chat.resumes("10:30")

    assert [event.type for event in decision.events] == ["session.resumed", "session.active"]
    assert decision.events[-1].cause == "held_messages"
    assert (chat.session.state, chat.session.conversations) == (LIVE, 2)


def test_messages_held_for_a_back_end_that_answers_itself_are_no_turns() -> None:
    chat = Chat(answers=False)
    chat.starts("10:00")
    chat.pauses("10:05")
    chat.says("10:06")
    chat.resumes("10:10")

    assert (chat.session.user_turns, chat.session.unanswered, chat.session.busy_until) == (1, 0, None)


def test_only_the_first_turn_after_an_idle_stretch_is_a_new_conversation() -> None:
    chat = Chat(policy=policy(idle_timeout=minutes(10)))
    chat.starts("10:00")
    assert chat.session.conversations == 0
    seen = []
    for instant in ("10:11", "10:12", "10:23", "10:24"):  # idle before the first and before the third
        chat.says(instant)
        chat.answers(instant, "Hello")
        seen.append(chat.session.conversations)

    assert seen == [1, 1, 2, 2]


@pytest.mark.parametrize("state", [LIVE, IDLE, PAUSED])
def test_the_end_is_told_with_who_and_why(state: State) -> None:
    chat = chat_in(state)
    chat.ends(NOW, EndReason.OWNER_ENDED, reason="abuse")

    told = chat.events[-1]
    assert (told.type, told.actor, told.cause) == ("session.ended", "user", "owner_ended")
    assert told.detail == {"reason": "owner_ended", "silent": False, "given": "abuse"}
    assert told.policy_version == 4


def test_what_a_person_does_is_told_as_done_by_that_person() -> None:
    chat = chat_in(IDLE)
    chat.says(NOW)
    chat.pauses("10:21", reason="lunch")
    chat.says("10:22")
    chat.resumes("10:23")
    chat.clears("10:24", reason="a clean slate")

    told = [event for event in chat.events if event.at >= at(NOW)]
    assert {event.actor for event in told} == {"user"}
    assert [event.detail["given"] for event in told if "given" in event.detail] == ["lunch", "a clean slate"]


class TestAnImportedMessage:
    """`at` dates the message, never a deadline (3-api.md, "Sessions")."""

    def test_it_is_a_turn_of_now_that_is_dated_then(self) -> None:
        chat = chat_in(IDLE)
        said = chat.says(NOW, at=at("09:00")).said

        assert said is not None
        assert (said.at, said.received_at) == (at("09:00"), at(NOW))
        assert (chat.session.state, chat.session.inactive_since) == (LIVE, at(NOW))
        assert chat.session.touched_at == at(NOW)

    def test_it_revives_nothing(self) -> None:
        chat = chat_in(ENDED)
        chat.says(NOW, at=at("10:06"))
        assert len(chat.sessions) == 2

    @pytest.mark.parametrize("sender", [Sender.USER, Sender.BOT, Sender.HUMAN])
    def test_it_is_not_of_the_future(self, sender: Sender) -> None:
        chat = chat_in(LIVE)
        decision = chat.hears(NOW, sender, at=at("10:20:00.000001"))

        assert decision.result is Refusal.INVALID
        assert decision.why == "The instant of the message, `at`, has not come yet."
        assert (decision.messages, decision.events) == ((), ())
