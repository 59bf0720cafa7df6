"""4-architecture.md, "Laws of the core", on random lives: what is written is complete, in order, and only once."""

from itertools import pairwise

from hypothesis import given

from sessions_app.core import commands as c
from sessions_app.core import replay
from sessions_app.core.facts import LIMITS, EndReason, Facts, State
from sessions_app.core.why import possible, why
from tests.unit.core.cast import HANNA, OTTO, Chat
from tests.unit.core.lives import LAW, Life, Step, lives, steps


@LAW
@given(lives(), steps())
def test_the_history_replays_to_the_facts(life: Life, steps: list[Step]) -> None:
    """Every session: with held messages, transfers, live chats, pauses, new policies, imported and late messages."""
    life.live(steps)
    for chat in life.chats:
        erased = {line.session for line in chat.erased}
        for facts in chat.sessions.values():
            if facts.id not in erased and facts.transcript_erased_at is None:
                replayed = _replayed(chat, facts)
                assert replay.same(replayed, facts), (replayed, facts)
                assert why(replayed) == why(facts)


def _replayed(chat: Chat, facts: Facts) -> Facts:
    events = [event for event in chat.events if event.session == facts.id]
    return replay.replay(facts, events=events, messages=chat.messages, answers=chat.portal.agents[facts.agent].answers)


@LAW
@given(lives(), steps())
def test_the_timeline_of_a_session_goes_forward(life: Life, steps: list[Step]) -> None:
    life.live(steps)
    for chat in life.chats:
        for id in chat.sessions:
            instants = [event.at for event in chat.events if event.session == id]
            assert instants == sorted(instants)


@LAW
@given(lives(), steps())
def test_the_transcript_has_no_gap_and_loses_nothing(life: Life, steps: list[Step]) -> None:
    """Whatever a user says is there, until its transcript is kept no longer; or the user is told that it is not."""
    said = 0
    for step in steps:
        decision = life.take(step)
        assert decision is None or decision.said is None or decision.said in decision.messages
        said += step.deed.startswith("say") and decision is not None and not decision.refused
    lines = [sorted(line.seq for line in (*chat.messages, *chat.erased)) for chat in life.chats]
    assert lines == [list(range(1, chat.thread.last_seq + 1)) for chat in life.chats]
    ours = [line for chat in life.chats for line in (*chat.messages, *chat.erased) if line.sender == c.USER]
    assert sum(line.received_at is None for line in ours) == said


@LAW
@given(lives(), steps())
def test_what_is_held_is_counted(life: Life, steps: list[Step]) -> None:
    """Held messages are held by a paused session, or by one that was paused when it ended."""
    for step in steps:
        life.take(step)
        for chat in life.chats:
            for facts in chat.sessions.values():
                held = sum(line.held for line in (*chat.messages, *chat.erased) if line.session == facts.id)
                assert facts.held == held
                assert facts.state in (State.PAUSED, State.ENDED) or not facts.held


@LAW
@given(lives(), steps())
def test_an_open_session_counts_the_turns_that_wait_for_its_bot(life: Life, steps: list[Step]) -> None:
    for step in steps:
        life.take(step)
        for chat in life.chats:
            for facts in chat.sessions.values():
                waiting = sum(chat.asked_in[turn] == facts.id for turn in chat.waiting)
                assert facts.unanswered == waiting or not facts.is_open


@LAW
@given(lives(), steps())
def test_sessions_of_a_thread_follow_each_other(life: Life, steps: list[Step]) -> None:
    """At most one is open, it is the last, and none starts before the one before it has ended; but for an emulator's,
    whose past is moved one by one."""
    life.live(steps)
    for chat in life.chats:
        for before, after in pairwise(chat.sessions.values()):
            assert before.ended_at is not None
            assert before.ended_at <= after.started_at or after.version == "DRAFT"


@LAW
@given(lives(), steps())
def test_who_picked_up_and_who_was_picked_up_name_each_other(life: Life, steps: list[Step]) -> None:
    life.live(steps)
    for chat in life.chats:
        for facts in chat.sessions.values():
            if facts.transferred_from is not None:
                source = chat.sessions[facts.transferred_from]
                assert (source.transferred_to, source.end_reason, source.held) == (facts.id, "transferred", 0)
                assert source.agent != facts.agent
                assert (source.version, source.pending_to) == (facts.version, None)


@LAW
@given(lives(), steps())
def test_what_the_database_insists_on_holds(life: Life, steps: list[Step]) -> None:
    for step in steps:
        life.take(step)
        for facts in life.sessions.values():
            assert 0 <= facts.conversations <= facts.user_turns <= facts.interactions
            assert min(facts.held, facts.unanswered, facts.messages) >= 0
            assert (facts.state is State.PAUSED) == (facts.paused_at is not None)
            assert (facts.state is State.ENDED) == (facts.ended_at is not None) == (facts.end_reason is not None)
            assert (facts.pending_to is None) == (facts.pending_until is None)
            assert facts.pending_to is None or facts.end_reason == "transferred"
            assert (facts.live_chat_by is None) == (facts.live_chat_since is None)


@LAW
@given(lives(), steps())
def test_an_end_is_silent_at_a_limit_without_a_turn_or_in_a_live_chat(life: Life, steps: list[Step]) -> None:
    for step in steps:
        before = life.sessions
        life.take(step)
        for id, facts in life.sessions.items():
            was = before.get(id, facts)
            if was.is_open and not facts.is_open:
                unnoticed = facts.user_turns == 0 or was.in_live_chat
                assert facts.silent == (facts.end_reason in LIMITS and unnoticed)


ASKED = {
    "end": lambda: c.End(end_reason=EndReason.USER_ENDED),
    "pause": c.Pause,
    "resume": c.Resume,
    "extend": c.Extend,
    "take_over": lambda: c.TakeOver(actor=OTTO),
    "hand_back": lambda: c.HandBack(actor=HANNA),
    "cancel_transfer": c.CancelTransfer,
    "model": lambda: c.SetModel(model=None),
}


@LAW
@given(lives(), steps())
def test_what_is_said_to_be_possible_is_and_nothing_else(life: Life, steps: list[Step]) -> None:
    life.live(steps)
    for chat in life.chats:
        chat.sweeps(life.now)
        if chat.thread.session is not None:
            done = {name for name, ask in ASKED.items() if chat.decide(ask(), life.now).result == "done"}
            said = set(possible(chat.session)) - {"transfer"}
            assert done - {"model"} == said - {"model"}
            assert done <= said
