"""What can be done to a session: pause, resume, end, clear, change its language. A deed done before is `already`."""

from sessions_app.core import clocks, talk
from sessions_app.core import commands as c
from sessions_app.core.decision import Draft, Refusal, Result
from sessions_app.core.facts import EndReason, Facts, State


def tick(draft: Draft, _facts: Facts | None, _command: c.Tick) -> Result:
    """Time has had its effect before any command; there is nothing left to do."""
    return "done" if draft.events else "already"


def pause(draft: Draft, facts: Facts | None, command: c.Pause) -> Result:
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    if facts.state is State.PAUSED:
        return "already"
    draft.note(facts, "session.paused", actor=command.actor, detail=_given(command))
    draft.change(facts, state=State.PAUSED, paused_at=draft.now)
    return "done"


def resume(draft: Draft, facts: Facts | None, command: c.Resume) -> Result:
    """Messages that were held are put to the bot now, as interactions of this moment."""
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    if facts.state is not State.PAUSED:
        return "already"
    facts = clocks.unpause(draft, facts)
    draft.note(facts, "session.resumed", actor=command.actor, detail={"state": facts.state.value} | _given(command))
    talk.release(draft, facts, actor=command.actor)
    return "done"


def end(draft: Draft, facts: Facts | None, command: c.End) -> Result:
    if facts is None or not facts.is_open:
        return "already"
    clocks.end(draft, facts, reason=command.end_reason, at=draft.now, actor=command.actor, given=command.reason)
    return "done"


def clear_history(draft: Draft, facts: Facts | None, command: c.ClearHistory) -> Result:
    """What the Clear History button does, also when the session has ended already."""
    if facts is None:
        return Refusal.NOT_FOUND
    if not draft.thread.agent.active:
        return Refusal.AGENT_DISABLED
    latest = draft.session or facts
    if latest.is_open:
        reason = EndReason.HISTORY_CLEARED
        clocks.end(draft, latest, reason=reason, at=draft.now, actor=command.actor, given=command.reason)
    else:
        clocks.clear(draft, latest, at=draft.now, actor=command.actor)
    talk.begin_next(draft, command, prompt="yes", cause="history_cleared")
    return "done"


def set_language(draft: Draft, facts: Facts | None, command: c.SetLanguage) -> Result:
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    language = draft.thread.agent.spoken(command.language)
    if language is None:
        return Refusal.INVALID
    if facts.language == language:
        return "already"
    draft.note(facts, "session.data_changed", actor=command.actor, detail={"language": language})
    draft.change(facts, language=language)
    return "done"


def _given(command: c.Command) -> dict[str, str]:
    return {"given": command.reason} if command.reason else {}
