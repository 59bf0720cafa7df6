"""4-architecture.md, "Laws of the core", on random lives of a user's chats: what time does, and what it does not."""

from collections import Counter
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.core import clocks, deadlines
from sessions_app.core import commands as c
from sessions_app.core.decision import Decision, Event
from sessions_app.core.facts import Facts, State
from tests.unit.core.cast import MICROSECOND, Chat
from tests.unit.core.lives import LAW, Life, Step, lives, steps

later = st.timedeltas(timedelta(0), timedelta(days=2)) | st.timedeltas(timedelta(0), timedelta(days=800))

# What is said after the end is counted, a human may talk on, another agent may pick up, and it is kept only so long.
AFTER_THE_END = ("messages", "touched_at", "live_chat_by", "live_chat_since", "archived_at", "held")
AFTER_THE_END += ("pending_to", "pending_until", "transferred_to", "data_erased_at", "transcript_erased_at")
KEEPING = ("archived_at", "data_erased_at", "transcript_erased_at", "pending_to", "pending_until")

LOOKING_OR_SAYING = ("look", "look at one", "say", "say by a button", "import", "bot says", "bot prompts", "human says")


def running(facts: Facts) -> bool:
    return facts.state in (State.LIVE, State.IDLE)


def without(facts: Facts, names: tuple[str, ...]) -> dict[str, Any]:
    return {field.name: getattr(facts, field.name) for field in fields(facts) if field.name not in names}


def moved(facts: Facts, by: timedelta) -> Facts:
    instants = {f.name: getattr(facts, f.name) for f in fields(facts) if isinstance(getattr(facts, f.name), datetime)}
    return replace(facts, **{name: value - by for name, value in instants.items()})


def ticked(chat: Chat, facts: Facts, now: datetime) -> Decision:
    return chat.decide(c.Tick(session=facts.id), now)


@LAW
@given(lives(), steps())
def test_ended_is_final(life: Life, steps: list[Step]) -> None:
    for step in steps:
        ended = {id: facts for id, facts in life.sessions.items() if not facts.is_open}
        decision = life.take(step)
        for id, before in ended.items():
            if decision is not None and decision.shifted is not None and decision.shifted[0] == id:
                before = moved(before, decision.shifted[1])
            assert without(life.sessions[id], AFTER_THE_END) == without(before, AFTER_THE_END)


@LAW
@given(lives(), steps())
def test_a_session_ends_once(life: Life, steps: list[Step]) -> None:
    life.live(steps)
    for chat in life.chats:
        ends = Counter(event.session for event in chat.events if event.type == "session.ended")
        assert ends == Counter(id for id, facts in chat.sessions.items() if not facts.is_open)


@LAW
@given(lives(), steps(), later, later)
def test_looking_twice_is_looking_once(life: Life, steps: list[Step], first: timedelta, second: timedelta) -> None:
    life.live(steps)
    between, finally_ = life.now + first, life.now + first + second
    for chat in life.chats:
        once = chat.decide(c.Tick(), finally_)
        early = chat.decide(c.Tick(), between)
        chat.thread = early.thread
        late = chat.decide(c.Tick(), finally_)

        assert late.thread == once.thread
        assert {**early.sessions, **late.sessions} == once.sessions
        assert early.events + late.events == once.events
        assert _lines(early) + _lines(late) == _lines(once)
        assert early.erased_data + late.erased_data == once.erased_data
        assert early.erased_transcripts + late.erased_transcripts == once.erased_transcripts


def _lines(decision: Decision) -> list[Any]:
    """The messages, but for the ids that are given to them."""
    return [replace(message, id=decision.thread.id) for message in decision.messages]


@LAW
@given(lives(), steps(), later)
def test_what_time_does_is_stamped_with_the_instant_at_which_it_was_due(
    life: Life, steps: list[Step], after: timedelta
) -> None:
    """Whoever looks at that instant finds it, and whoever looks a microsecond before does not."""
    life.live(steps)
    for chat, facts in _each_of(life):
        for event in _told(ticked(chat, facts, life.now + after)):
            assert event.actor == c.PORTAL
            assert event in _told(ticked(chat, facts, event.at))
            assert event not in _told(ticked(chat, facts, event.at - MICROSECOND))


def _told(decision: Decision) -> list[Event]:
    """The events, but for their places between the messages."""
    return [replace(event, seq=0) for event in decision.events]


@LAW
@given(lives(), steps(), later)
def test_dividers_are_stamped_with_the_end(life: Life, steps: list[Step], after: timedelta) -> None:
    life.live(steps)
    for chat, facts in _each_of(life):
        decision = ticked(chat, facts, life.now + after)
        assert all(line.at == decision.sessions[line.session].ended_at for line in decision.messages)


@LAW
@given(lives(), steps(), later)
def test_who_only_looks_sees_what_the_sweep_writes(life: Life, steps: list[Step], after: timedelta) -> None:
    """What becomes of a session after its end, no state of it tells."""
    life.live(steps)
    life.catch_up()
    for chat, facts in _each_of(life):
        swept = ticked(chat, facts, life.now + after).sessions.get(facts.id, facts)
        assert without(clocks.as_of(facts, life.now + after), KEEPING) == without(swept, KEEPING)


@LAW
@given(lives(), steps())
def test_whatever_was_swept_is_due_later_or_never(life: Life, steps: list[Step]) -> None:
    for step in steps:
        life.take(step)
        for chat, facts in _each_of(life):
            decision = ticked(chat, facts, life.now)
            due = chat.due(decision.sessions.get(facts.id, facts))
            assert due is None or due > life.now


@LAW
@given(lives(), steps())
def test_who_looks_or_says_something_leaves_nothing_due(life: Life, steps: list[Step]) -> None:
    """`lifecycle.LEAVE_NOTHING_DUE`: after them nobody has to look again. Others may; a clean slate after years, say,
    ends a session whose data is kept no longer."""
    for step in steps:
        decision = life.take(step)
        for facts in decision.sessions.values() if decision and step.deed in LOOKING_OR_SAYING else ():
            due = life.chats[step.chat].due(facts)
            assert due is None or due > life.now


@LAW
@given(lives(), steps())
def test_nothing_happens_before_the_next_due_time_and_something_at_it(life: Life, steps: list[Step]) -> None:
    life.live(steps)
    life.catch_up()
    for chat, facts in _each_of(life):
        if (due := chat.due(facts)) is not None:
            assert facts.id not in ticked(chat, facts, due - MICROSECOND).sessions
            assert ticked(chat, facts, due).sessions[facts.id] != facts


@LAW
@given(lives(), steps())
def test_a_touch_never_shortens_a_deadline(life: Life, steps: list[Step]) -> None:
    """Only the answer to a turn may, which held the session open; a new policy; and who moves an emulator's past."""
    for step in steps:
        before = life.sessions
        life.take(step)
        if step.deed.startswith("bot ") or step.deed == "fast-forward":
            continue
        for was, now in _still_running(before, life.sessions):
            assert deadlines.idle_at(now) >= deadlines.idle_at(was)
            assert deadlines.ends_at(now) >= deadlines.ends_at(was)


@LAW
@given(lives(), steps("say", "bot answers", "bot answers nothing", "bot fails", "bot says good-bye", "take over"))
def test_an_answer_leaves_the_whole_session_duration(life: Life, steps: list[Step]) -> None:
    for step in steps:
        before = life.sessions
        life.take(step)
        if step.deed.startswith("bot "):
            for was, now in _still_running(before, life.sessions):
                assert deadlines.idle_at(now) >= deadlines.idle_at(was)
                assert deadlines.expires_at(now) >= was.inactive_since + was.policy.session_duration


@LAW
@given(lives(), steps("pause", "resume", "say", "bot answers", "bot fails", "extend", "look", "open"))
def test_a_pause_takes_no_time(life: Life, steps: list[Step]) -> None:
    """Whatever is answered in it: resume finds the time that was left, and more only where messages were held."""
    left: dict[UUID, timedelta] = {}
    for step in steps:
        before = life.sessions
        life.take(step)
        for id, was in before.items():
            now = life.sessions[id]
            if now.state is State.PAUSED and now.paused_at is not None:
                now_left = deadlines.ends_at(now) - now.paused_at
                assert now_left >= (left[id] if was.state is State.PAUSED else MICROSECOND)
                left[id] = now_left
            elif was.state is State.PAUSED and now.is_open:
                found = deadlines.ends_at(now) - life.now
                assert found >= left[id] if was.held else found == left[id]


def _still_running(before: dict[Any, Facts], after: dict[Any, Facts]) -> list[tuple[Facts, Facts]]:
    """Those that ran before and after, under the same policy."""
    pairs = [(was, after[id]) for id, was in before.items()]
    return [(was, now) for was, now in pairs if running(was) and running(now) and was.policy_id == now.policy_id]


def _each_of(life: Life) -> list[tuple[Chat, Facts]]:
    return [(chat, facts) for chat in life.chats for facts in chat.sessions.values()]


@LAW
@given(lives(), steps())
def test_a_refused_command_changes_nothing_but_what_time_changes(life: Life, steps: list[Step]) -> None:
    for step in steps:
        chat, now = life.chats[step.chat], life.instant(step)
        by_time = [chat.decide(c.Tick(session=aimed), now) for aimed in (None, *chat.sessions)]
        decision = life.take(step)
        if decision is not None and (decision.refused or decision.result == "already"):
            assert _changes(decision) in [_changes(passed) for passed in by_time]


def _changes(decision: Decision) -> list[Any]:
    return [decision.thread, decision.sessions, decision.events, _lines(decision), decision.data, decision.turns]
