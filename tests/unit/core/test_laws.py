"""4-architecture.md, "Laws of the core", on random lives of a chat."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.core import clocks, deadlines, lifecycle, replay
from sessions_app.core import commands as c
from sessions_app.core.decision import Decision
from sessions_app.core.facts import LIMITS, Facts, State
from tests.unit.core.cast import Chat
from tests.unit.core.lives import LAW, MICROSECOND, Life, Step, chats, steps

later = st.timedeltas(timedelta(0), timedelta(days=2))


@LAW
@given(chats(), steps())
def test_ended_is_final(chat: Chat, steps: list[Step]) -> None:
    """What is said after the end is counted; nothing else of an ended session moves."""
    life = Life(chat)
    for step in steps:
        ended = {id: facts for id, facts in chat.sessions.items() if not facts.is_open}
        life.take(step)
        for id, facts in ended.items():
            assert replace(chat.sessions[id], messages=facts.messages) == facts


@LAW
@given(chats(), steps())
def test_a_session_ends_once(chat: Chat, steps: list[Step]) -> None:
    Life(chat).live(steps)

    told = Counter(event.session for event in chat.events if event.type == "session.ended")
    assert told == Counter(id for id, facts in chat.sessions.items() if not facts.is_open)


@LAW
@given(chats(), steps(), later, later)
def test_looking_twice_is_looking_once(chat: Chat, steps: list[Step], first: timedelta, second: timedelta) -> None:
    life = Life(chat).live(steps)
    between, finally_ = life.now + first, life.now + first + second
    thread = chat.thread

    early = lifecycle.decide(thread, c.Tick(), between)
    late = lifecycle.decide(early.thread, c.Tick(), finally_)
    once = lifecycle.decide(thread, c.Tick(), finally_)

    assert late.thread == once.thread
    assert {**early.sessions, **late.sessions} == once.sessions
    assert early.events + late.events == once.events
    assert _lines(early) + _lines(late) == _lines(once)


def _lines(decision: Decision) -> list[Any]:
    """The messages, but for the ids that are given to them."""
    return [replace(message, id=decision.thread.id) for message in decision.messages]


@LAW
@given(chats(), steps(), later)
def test_what_time_does_is_stamped_with_its_own_deadline(chat: Chat, steps: list[Step], after: timedelta) -> None:
    life = Life(chat).live(steps)
    facts = life.latest
    decision = lifecycle.decide(chat.thread, c.Tick(), life.now + after)

    for event in decision.events:
        assert facts is not None
        deadline = deadlines.idle_at(facts) if event.type == "session.idle" else deadlines.ends_at(facts)
        assert event.at == deadline
        assert event.actor == c.PORTAL
    assert all(facts and message.at == deadlines.ends_at(facts) for message in decision.messages)


@LAW
@given(chats(), steps(), later)
def test_who_only_looks_sees_what_the_sweep_writes(chat: Chat, steps: list[Step], after: timedelta) -> None:
    life = Life(chat).live(steps)
    for facts in chat.sessions.values():
        swept = lifecycle.decide(chat.thread, c.Tick(), life.now + after).sessions.get(facts.id, facts)
        assert clocks.as_of(facts, life.now + after) == swept


@LAW
@given(chats(), steps())
def test_whatever_was_done_the_next_deadline_is_ahead(chat: Chat, steps: list[Step]) -> None:
    life = Life(chat)
    for step in steps:
        life.take(step)
        due = deadlines.next_due(life.latest) if life.latest else None
        assert due is None or due > life.now


@LAW
@given(chats(), steps())
def test_nothing_happens_before_the_next_deadline_and_something_at_it(chat: Chat, steps: list[Step]) -> None:
    life = Life(chat)
    for step in steps:
        life.take(step)
        facts, due = life.latest, deadlines.next_due(life.latest) if life.latest else None
        if facts is not None and due is not None:
            assert clocks.as_of(facts, due - MICROSECOND) == facts
            assert clocks.as_of(facts, due).state is not facts.state


@LAW
@given(chats(), steps())
def test_a_touch_never_shortens_a_deadline(chat: Chat, steps: list[Step]) -> None:
    """Only the answer to a turn may: the session was held open for it."""
    life = Life(chat)
    for step in steps:
        before = life.latest
        decision = life.take(step)
        after = chat.sessions[before.id] if before else None
        if before and after and _running(before) and _running(after) and not step.deed.startswith("bot "):
            assert deadlines.idle_at(after) >= deadlines.idle_at(before)
            assert deadlines.ends_at(after) >= deadlines.ends_at(before)
        assert decision.thread is chat.thread


@LAW
@given(chats(), steps())
def test_an_answer_leaves_the_whole_session_duration(chat: Chat, steps: list[Step]) -> None:
    life = Life(chat)
    for step in steps:
        before = life.latest
        life.take(step)
        after = chat.sessions[before.id] if before else None
        if before and after and _running(before) and _running(after) and step.deed.startswith("bot "):
            inactive = before.inactive_since + before.policy.session_duration
            assert deadlines.idle_at(after) >= deadlines.idle_at(before)
            assert deadlines.expires_at(after) >= inactive


@LAW
@given(chats(), steps())
def test_a_pause_takes_no_time(chat: Chat, steps: list[Step]) -> None:
    """Whatever is answered in it: resume finds the time that was left, and more only where messages were held."""
    life, left = Life(chat), timedelta(0)
    for step in steps:
        before = life.latest
        life.take(step)
        after = life.latest
        if after is None or before is None or before.id != after.id:
            continue
        if after.state is State.PAUSED and after.paused_at is not None:
            now_left = deadlines.ends_at(after) - after.paused_at
            assert now_left >= (left if before.state is State.PAUSED else MICROSECOND)
            left = now_left
        elif before.state is State.PAUSED and after.is_open:
            found = deadlines.ends_at(after) - life.now
            assert found >= left if before.held else found == left


def _running(facts: Facts) -> bool:
    return facts.state in (State.LIVE, State.IDLE)


@LAW
@given(chats(), steps())
def test_a_refused_command_changes_nothing_but_what_time_changes(chat: Chat, steps: list[Step]) -> None:
    life = Life(chat)
    for step in steps:
        thread = chat.thread
        decision = life.take(step)
        if decision.refused or decision.result == "already":
            by_time = lifecycle.decide(thread, c.Tick(), life.now)
            assert (decision.sessions, decision.events) == (by_time.sessions, by_time.events)
            assert _lines(decision) == _lines(by_time)
            assert decision.thread == by_time.thread


@LAW
@given(chats(), steps())
def test_the_history_replays_to_the_facts(chat: Chat, steps: list[Step]) -> None:
    """Every session of the thread: with held messages, late messages, answers and talk after the end."""
    Life(chat).live(steps)
    for facts in chat.sessions.values():
        events = [event for event in chat.events if event.session == facts.id]
        messages = [message for message in chat.messages if message.session == facts.id]
        replayed = replay.replay(facts, events=events, messages=messages, answers=chat.thread.agent.answers)
        assert replay.same(replayed, facts), (replayed, facts)


@LAW
@given(chats(), steps())
def test_the_timeline_of_a_session_goes_forward(chat: Chat, steps: list[Step]) -> None:
    Life(chat).live(steps)
    for id in chat.sessions:
        instants = [event.at for event in chat.events if event.session == id]
        assert instants == sorted(instants)


@LAW
@given(chats(), steps())
def test_the_transcript_has_no_gap_and_loses_nothing(chat: Chat, steps: list[Step]) -> None:
    life, said = Life(chat), 0
    for step in steps:
        decision = life.take(step)
        said += step.deed.startswith(("say", "press"))
        assert decision.said is None or decision.said in decision.messages
    assert [message.seq for message in chat.messages] == list(range(1, chat.thread.last_seq + 1))
    assert sum(message.sender == c.USER for message in chat.messages) == said


@LAW
@given(chats(), steps())
def test_sessions_of_a_thread_follow_each_other(chat: Chat, steps: list[Step]) -> None:
    """At most one is open, it is the last, and none starts before the one before it has ended."""
    Life(chat).live(steps)
    for before, after in pairwise(chat.sessions.values()):
        assert before.ended_at is not None
        assert before.ended_at <= after.started_at


@LAW
@given(chats(), steps())
def test_what_the_database_insists_on_holds(chat: Chat, steps: list[Step]) -> None:
    life = Life(chat)
    for step in steps:
        life.take(step)
        for facts in chat.sessions.values():
            assert 0 <= facts.conversations <= facts.user_turns <= facts.interactions
            assert (facts.state is State.PAUSED) == (facts.paused_at is not None)
            assert (facts.state is State.ENDED) == (facts.ended_at is not None) == (facts.end_reason is not None)
            assert facts.silent == (facts.end_reason in LIMITS and facts.user_turns == 0)
            assert min(facts.held, facts.unanswered, facts.messages) >= 0
