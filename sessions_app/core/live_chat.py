"""A human takes over from the bot, and hands back (2-lifecycle.md, "Transitions")."""

from sessions_app.core import commands as c
from sessions_app.core import deeds
from sessions_app.core.decision import Draft, Refusal, Result
from sessions_app.core.facts import Facts, State


def take_over(draft: Draft, facts: Facts | None, command: c.TakeOver) -> Result:
    if (refusal := deeds.running_or(facts)) is not None:
        return refusal
    assert facts is not None, "a running session is there"
    if facts.in_live_chat:
        return "already" if facts.live_chat_by == command.actor else Refusal.LIVE_CHAT_RUNNING
    draft.note(facts, "session.live_chat_started", actor=command.actor, detail=deeds.given(command))
    draft.change(facts, live_chat_by=command.actor, live_chat_since=draft.now)
    return "done"


def hand_back(draft: Draft, facts: Facts | None, command: c.HandBack) -> Result:
    """The clock starts again, unless the session has expired meanwhile: then the next turn opens a new one."""
    if facts is None:
        return Refusal.NOT_FOUND
    if facts.state is State.PAUSED:
        return Refusal.SESSION_PAUSED
    if not facts.in_live_chat:
        return "already"
    draft.note(facts, "session.live_chat_ended", actor=command.actor, detail=deeds.given(command))
    facts = draft.change(facts, live_chat_by=None, live_chat_since=None)
    if facts.is_open:
        if facts.state is State.IDLE:
            draft.note(facts, "session.active", actor=command.actor, cause="live_chat_ended")
        draft.change(facts, state=State.LIVE, inactive_since=draft.now)
    return "done"
