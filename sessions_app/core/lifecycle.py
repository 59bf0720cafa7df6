"""The lifecycle's one decision: what a command does to a thread and its session (2-lifecycle.md, "Transitions").

`decide` is pure. It first lets time have its effect (`clocks.tick`), so that no command ever sees a session past its
deadline as open; then the command is looked up in one table, in which every command has its answer for every state.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sessions_app.core import clocks, deeds, keeping, live_chat, talk, transfers
from sessions_app.core import commands as c
from sessions_app.core.decision import Decision, Draft, Impossible, InTheWay, Refusal, Result
from sessions_app.core.facts import NOTHING_AROUND, Around, Facts, State, Thread

Handler = Callable[[Draft, Facts | None, Any], Result]

HANDLERS: dict[type[c.Command], Handler] = {
    c.Tick: deeds.tick,
    c.Start: talk.start,
    c.Say: talk.say,
    c.Answer: talk.answer,
    c.Pause: deeds.pause,
    c.Resume: deeds.resume,
    c.Extend: deeds.extend,
    c.End: deeds.end,
    c.Displace: deeds.displace,
    c.Transfer: transfers.transfer,
    c.CancelTransfer: transfers.cancel,
    c.TakeOver: live_chat.take_over,
    c.HandBack: live_chat.hand_back,
    c.ClearHistory: deeds.clear_history,
    c.SetLanguage: deeds.set_language,
    c.SetModel: deeds.set_model,
    c.ChangeData: deeds.change_data,
    c.FastForward: deeds.fast_forward,
}
# Time has had its effect before them, and no deadline that they set is now. Nearly all commands are of these two.
LEAVE_NOTHING_DUE = frozenset({c.Tick, c.Say})


def decide(
    thread: Thread, command: c.Command, now: datetime, *, aimed: Facts | None = None, around: Around = NOTHING_AROUND
) -> Decision:
    """What `command` does at `now`.

    `aimed` is the session the command names, when that is not the thread's latest: an older one, so an ended one.
    A refusal changes nothing but what time itself has changed. With the result "again" nothing at all is to be written:
    other sessions, in `first`, are in the way.
    """
    try:
        return _decide(thread, command, now, aimed, around)
    except InTheWay as wait:
        return Decision(result="again", thread=thread, first=wait.first)
    except Impossible as refused:
        passed = _decide(thread, c.Tick(), now, aimed, around)
        return replace(passed, result=refused.refusal, why=refused.why, open_sessions=refused.open_sessions, said=None)


def _decide(thread: Thread, command: c.Command, now: datetime, aimed: Facts | None, around: Around) -> Decision:
    draft = Draft(thread, now, around)
    _let_time_pass(draft, aimed)
    facts = draft.now_of(aimed) if aimed is not None else draft.session
    if _moved_on(facts, command):
        return draft.decided(Refusal.STATE_CHANGED)
    result = HANDLERS[type(command)](draft, facts, command)
    if type(command) not in LEAVE_NOTHING_DUE:
        # An answer sets a session free that only waited for it: it ends at this instant.
        _let_time_pass(draft, aimed)
    return draft.decided(result)


def _let_time_pass(draft: Draft, aimed: Facts | None) -> None:
    """What was due under the old policy happens first; then the one in force counts."""
    if draft.session is not None:
        _pass(draft, draft.session)
    if aimed is not None:
        _pass(draft, draft.now_of(aimed))


def _pass(draft: Draft, facts: Facts) -> None:
    running = draft.thread.agent.running
    if facts.is_open and running is not None and running.version > facts.policy_version and running.since <= draft.now:
        facts = clocks.tick(draft, facts, until=clocks.in_force_from(facts, running))
        facts = clocks.follow(draft, facts, running) if facts.is_open else facts
    if facts.is_open:
        facts = clocks.tick(draft, facts, until=draft.now)
    if not facts.is_open:
        keeping.tick(draft, facts)


def _moved_on(facts: Facts | None, command: c.Command) -> bool:
    """Whether the session is no longer in the state the deed was aimed at. Ending an ended one stays a no-op."""
    if command.seen_state is None or facts is None:
        return False
    if type(command) is c.End and facts.state is State.ENDED:
        return False
    return facts.state is not command.seen_state
