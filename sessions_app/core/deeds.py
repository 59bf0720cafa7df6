"""What can be done to a session: pause, resume, extend, end, clear, and what is set of it. Done before is `already`."""

from datetime import UTC, datetime
from typing import Any

from sessions_app.core import clocks, data, keeping, talk
from sessions_app.core import commands as c
from sessions_app.core.decision import Draft, Impossible, Refusal, Result
from sessions_app.core.facts import EndReason, Facts, State
from sessions_app.core.values import replace


def tick(draft: Draft, _facts: Facts | None, _command: c.Tick) -> Result:
    """Time has had its effect before any command; there is nothing left to do."""
    return "done" if draft.events else "already"


def pause(draft: Draft, facts: Facts | None, command: c.Pause) -> Result:
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    if facts.state is State.PAUSED:
        return "already"
    if facts.in_live_chat:
        return Refusal.LIVE_CHAT_RUNNING
    draft.note(facts, "session.paused", actor=command.actor, detail=given(command))
    draft.change(facts, state=State.PAUSED, paused_at=draft.now)
    return "done"


def resume(draft: Draft, facts: Facts | None, command: c.Resume) -> Result:
    """Messages that were held are put to the bot now, as interactions of this moment."""
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    if facts.state is not State.PAUSED:
        return "already"
    facts = clocks.unpause(draft, facts)
    draft.note(facts, "session.resumed", actor=command.actor, detail={"state": facts.state.value} | given(command))
    talk.release(draft, facts, held_in=facts, actor=command.actor)
    return "done"


def extend(draft: Draft, facts: Facts | None, command: c.Extend) -> Result:
    """The inactivity clock starts again. It is no interaction, and the cap stays where it is."""
    if (refusal := running_or(facts)) is not None:
        return refusal
    assert facts is not None, "a running session is there"
    draft.note(facts, "session.extended", actor=command.actor, detail=given(command))
    if facts.state is State.IDLE:
        draft.note(facts, "session.active", actor=command.actor, cause="extended")
    draft.change(facts, state=State.LIVE, inactive_since=draft.now)
    return "done"


def end(draft: Draft, facts: Facts | None, command: c.End) -> Result:
    if facts is None or not facts.is_open:
        return "already"
    clocks.end(draft, facts, reason=command.end_reason, at=draft.now, actor=command.actor, given=command.reason)
    return "done"


def displace(draft: Draft, facts: Facts | None, command: c.Displace) -> Result:
    """It was the one idle longest when it was chosen; it is spared when that has changed."""
    if facts is None or not facts.is_open:
        return "already"
    busy = facts.busy_until is not None and facts.busy_until > draft.now
    if facts.state is State.PAUSED or facts.in_live_chat or busy or facts.inactive_since != command.inactive_since:
        return Refusal.STATE_CHANGED
    clocks.end(draft, facts, reason=EndReason.DISPLACED, at=draft.now, actor=command.actor)
    return "done"


def clear_history(draft: Draft, facts: Facts | None, command: c.ClearHistory) -> Result:
    """What the Clear History button does, also when the session has ended already. A transfer nobody has picked up is
    off, and so is a live chat."""
    if facts is None:
        return Refusal.NOT_FOUND
    if not draft.thread.agent.active:
        return Refusal.AGENT_DISABLED
    latest = draft.session or facts
    if latest.is_open:
        reason = EndReason.HISTORY_CLEARED
        clocks.end(draft, latest, reason=reason, at=draft.now, actor=command.actor, given=command.reason)
    else:
        _leave(draft, latest, actor=command.actor)
        clocks.clear(draft, latest, at=draft.now, actor=command.actor)
    talk.begin_next(draft, command, prompt="yes", cause="history_cleared")
    return "done"


def _leave(draft: Draft, facts: Facts, *, actor: str) -> None:
    """What goes on after the end of a session is over."""
    if facts.pending_to is not None:
        facts = keeping.call_off(draft, facts, at=draft.now, cause="history_cleared", actor=actor)
    if facts.in_live_chat:
        draft.note(facts, "session.live_chat_ended", actor=actor, cause="history_cleared")
        draft.change(facts, live_chat_by=None, live_chat_since=None)


def set_language(draft: Draft, facts: Facts | None, command: c.SetLanguage) -> Result:
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    language = draft.thread.agent.spoken(command.language)
    if language is None:
        raise Impossible(Refusal.INVALID, f"{draft.thread.agent.name} does not speak this language.")
    if facts.language == language:
        return "already"
    draft.note(facts, "session.data_changed", actor=command.actor, detail={"language": language})
    draft.change(facts, language=language)
    return "done"


def set_model(draft: Draft, facts: Facts | None, command: c.SetModel) -> Result:
    """An override that was set while they were allowed stays until it is cleared, which is always allowed."""
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    if facts.model_override == command.model:
        return "already"
    if command.model is not None:
        _demand_model(draft, facts, command.model)
    draft.note(facts, "session.model_changed", actor=command.actor, detail={"model": command.model} | given(command))
    draft.change(facts, model_override=command.model)
    return "done"


def _demand_model(draft: Draft, facts: Facts, model: str) -> None:
    agent = draft.thread.agent
    if not facts.policy.allow_model_override:
        raise Impossible(Refusal.MODEL_OVERRIDE_OFF)
    if model not in (agent.model, *agent.models):
        raise Impossible(Refusal.INVALID, f"“{model}” is not among the models of {agent.name}.")


def change_data(draft: Draft, facts: Facts | None, command: c.ChangeData) -> Result:
    """The timeline names the variables, never their values."""
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    stored = draft.around.data.get(facts.id, data.NOTHING)
    try:
        change = data.patched(facts.id, stored, command.patch)
    except data.InternalReadOnly:
        raise Impossible(Refusal.INTERNAL_READ_ONLY) from None
    except data.Unusable as error:
        raise Impossible(Refusal.INVALID, str(error)) from None
    except data.TooLarge as error:
        raise Impossible(Refusal.SESSION_DATA_TOO_LARGE, str(error)) from None
    if not change:
        return "already"
    draft.data.append(change)
    draft.note(facts, "session.data_changed", actor=command.actor, detail={"variables": sorted(change.names)})
    draft.put(facts)
    return "done"


def fast_forward(draft: Draft, facts: Facts | None, command: c.FastForward) -> Result:
    """As if so much time had passed: the session's whole past moves back, and what has become due happens."""
    if facts is None:
        return Refusal.NOT_FOUND
    if facts.version != "DRAFT":
        raise Impossible(Refusal.INVALID, "Only emulator sessions can be fast-forwarded.")
    if facts.started_at - EARLIEST < command.by:
        raise Impossible(Refusal.INVALID, f"No session can be moved before the year {EARLIEST.year}.")
    moved: dict[str, Any] = {
        name: value - command.by for name in INSTANTS if isinstance(value := getattr(facts, name), datetime)
    }
    draft.shift(facts, command.by)
    draft.put(replace(facts, **moved))
    return "done"


EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)  # far from where the calendar begins: nothing before could be read again

# All the instants that a session's facts hold.
INSTANTS = (
    *("started_at", "inactive_since", "last_interaction_at", "paused_at", "busy_until", "policy_effective_at"),
    *("touched_at", "live_chat_since", "pending_until", "ended_at", "archived_at"),
    *("data_erased_at", "transcript_erased_at"),
)


def running_or(facts: Facts | None) -> Refusal | None:
    """Why a deed cannot be done that needs running clocks; None where it can."""
    if facts is None or not facts.is_open:
        return Refusal.SESSION_ENDED
    return Refusal.SESSION_PAUSED if facts.state is State.PAUSED else None


def given(command: c.Command) -> dict[str, str]:
    return {"given": command.reason} if command.reason else {}
