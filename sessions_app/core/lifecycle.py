"""The lifecycle's one decision: what a command does to a thread and its session (2-lifecycle.md, "Transitions").

`decide` is pure. It first lets time have its effect (`clocks.tick`), so that no command ever sees a session past its
deadline as open; then the command is looked up in one table, in which every command has its answer for every state.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sessions_app.core import clocks, deeds, talk
from sessions_app.core import commands as c
from sessions_app.core.decision import Decision, Draft, Refusal, Result
from sessions_app.core.facts import Facts, State, Thread

Handler = Callable[[Draft, Facts | None, Any], Result]

HANDLERS: dict[type[c.Command], Handler] = {
    c.Tick: deeds.tick,
    c.Start: talk.start,
    c.Say: talk.say,
    c.Answer: talk.answer,
    c.Pause: deeds.pause,
    c.Resume: deeds.resume,
    c.End: deeds.end,
    c.ClearHistory: deeds.clear_history,
    c.SetLanguage: deeds.set_language,
}


def decide(thread: Thread, command: c.Command, now: datetime, *, aimed: Facts | None = None) -> Decision:
    """What `command` does at `now`.

    `aimed` is the session the command names, when that is not the thread's latest: an older one, so an ended one.
    A refusal changes nothing but what time itself has changed.
    """
    draft = Draft(thread, now)
    _let_time_pass(draft)
    facts = aimed if aimed is not None else draft.session
    if _moved_on(facts, command):
        return draft.decided(Refusal.STATE_CHANGED)
    result = HANDLERS[type(command)](draft, facts, command)
    _let_time_pass(draft)  # an answer sets a session free that only waited for it: it ends at this instant
    return draft.decided(result)


def _let_time_pass(draft: Draft) -> None:
    if draft.session is not None:
        clocks.tick(draft, draft.session)


def _moved_on(facts: Facts | None, command: c.Command) -> bool:
    """Whether the session is no longer in the state the deed was aimed at. Ending an ended one stays a no-op."""
    if command.seen_state is None or facts is None:
        return False
    if type(command) is c.End and facts.state is State.ENDED:
        return False
    return facts.state is not command.seen_state
