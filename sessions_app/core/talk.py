"""Starting sessions and saying things (2-lifecycle.md, "A message after the deadline", "What the user sees…")."""

from typing import Any, Literal
from uuid import UUID

from localization.core.keys import Key
from sessions_app.core import clocks, keeping, room
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Draft, Impossible, Message, Refusal, Result
from sessions_app.core.facts import Agent, EndReason, Facts, State
from sessions_app.core.values import replace


def start(draft: Draft, _facts: Facts | None, command: c.Start) -> Result:
    """Open the chat. A thread has at most one open session, so an open one is the answer. Nor does the chat's being
    opened start one while a human talks on after the end, or while another agent waits to pick up."""
    latest = draft.session
    if latest is not None and (latest.is_open or command.after not in (None, latest.id)):
        return "already"
    if latest is not None and (latest.in_live_chat or latest.pending_to is not None):
        return _goes_on(latest, command)
    if not draft.thread.agent.active:
        return Refusal.AGENT_DISABLED
    if latest is not None and latest.version != command.version:
        raise Impossible(Refusal.INVALID, f"The sessions of this thread are {latest.version}; begin another thread.")
    begin(draft, command)
    return "done"


def _goes_on(latest: Facts, command: c.Start) -> Result:
    if command.prompt == "auto":
        return "already"
    if latest.in_live_chat:
        return Refusal.LIVE_CHAT_RUNNING
    raise Impossible(
        Refusal.STATE_CHANGED, "Another agent picks up at the user's next turn; cancel the transfer first."
    )


def begin(draft: Draft, command: c.Start) -> Facts:
    """A new session as the thread's latest, prompted where the table "a new session starts because" says so."""
    # After a silent end the chat may still end with the prompt of the session before: it is not said twice.
    room.take(draft, draft.thread.agent, version=command.version)
    prompted = command.prompt == "yes" or (command.prompt == "auto" and not draft.thread.ends_with_prompt)
    facts = _started(draft, command)
    return _prompt(draft, facts) if prompted else facts


def _started(draft: Draft, command: c.Start, *, picked_up: UUID | None = None, held: int = 0) -> Facts:
    facts = replace(_first_facts(draft, command), transferred_from=picked_up)
    draft.begin(facts)
    detail: dict[str, Any] = {
        "language": facts.language,
        "locale": facts.locale,
        "channel": facts.channel,
        "version": facts.version,
    }
    detail |= {"transferred_from": str(picked_up)} if picked_up else {}
    detail |= {"held": held} if held else {}
    draft.note(facts, "session.started", actor=command.actor, cause=command.cause, detail=detail)
    return facts


def _first_facts(draft: Draft, command: c.Start) -> Facts:
    thread, agent, last = draft.thread, draft.thread.agent, draft.session
    before = last.language if last else None
    language = agent.spoken(command.language) or agent.spoken(before) or agent.default_language
    return Facts(
        id=command.new_session,
        thread=thread.id,
        agent=agent.id,
        user=thread.user,
        version=command.version,
        channel=command.channel,
        language=language,
        locale=command.locale or (last.locale if last else language.lower()),
        policy=agent.policy,
        policy_id=agent.policy_id,
        policy_version=agent.policy_version,
        policy_effective_at=draft.now,
        started_at=draft.now,
        inactive_since=draft.now,
        touched_at=draft.now,
    )


def _prompt(draft: Draft, facts: Facts) -> Facts:
    """An intent prompt is a query to the bot, so an interaction, but no user turn; a preset prompt is neither."""
    prompt = draft.thread.agent.prompt
    match prompt.kind:
        case "intent":
            facts = clocks.interact(draft, facts, user_turn=False, cause="intent_prompt")
            asked = draft.write(facts, sender=Sender.PORTAL, kind=Kind.EVENT, event=prompt.event, interaction=True)
            facts = clocks.ask(draft, draft.sessions[facts.id], asked.id)
        case "preset":
            draft.write(facts, sender=Sender.BOT, kind=Kind.PRESET, text=prompt.text)
            facts = draft.sessions[facts.id]
    draft.thread = replace(draft.thread, ends_with_prompt=prompt.kind != "none")
    return facts


def say(draft: Draft, facts: Facts | None, command: c.Say) -> Result:
    if command.at is not None and command.at > draft.now:
        raise Impossible(Refusal.INVALID, "The instant of the message, `at`, has not come yet.")
    if command.sender is Sender.USER and command.kind is not Kind.PRESET:
        return _user_says(draft, facts, command)
    if facts is None:
        return Refusal.NOT_FOUND
    return _others_say(draft, facts, command)


def _user_says(draft: Draft, aimed: Facts | None, command: c.Say) -> Result:
    """Whatever session it was aimed at, a user's message goes to the open one, or opens one: none is lost."""
    latest = draft.session
    if latest is None or not (latest.is_open or latest.in_live_chat):
        latest = _next_for(draft, latest, command)
        if latest is None:
            return Refusal.AGENT_DISABLED
    if aimed is not None and aimed.id != latest.id:
        draft.previous = aimed.id
    _take(draft, latest, command)
    if draft.thread.ends_with_prompt:
        draft.thread = replace(draft.thread, ends_with_prompt=False)
    return "done"


def _next_for(draft: Draft, latest: Facts | None, command: c.Say) -> Facts | None:
    """The session that a late message opens; None where no agent can. It is answered there, without the prompt."""
    target = draft.around.agents.get(latest.pending_to) if latest and latest.pending_to is not None else None
    if latest is not None and target is not None and target.active:
        return _picked_up(draft, latest, target, command)
    if not draft.thread.agent.active:
        return None
    cause = "late_message" if latest else "message"
    if latest is not None and latest.pending_to is not None:
        keeping.call_off(draft, latest, at=draft.now, cause="impossible")
        cause = "transfer_impossible"
    facts = begin_next(draft, command, prompt="no", language=command.language, cause=cause)
    if cause == "transfer_impossible":  # the user was told that somebody else would answer
        clocks.divide(
            draft,
            facts,
            text_key=Key.SESSION_TRANSFERRED,
            at=draft.now,
            names={"target": draft.thread.agent.name},
        )
    return draft.now_of(facts)


def _picked_up(draft: Draft, source: Facts, target: Agent, command: c.Say) -> Facts:
    """The agent that the session was transferred to answers. Its place was reserved; what was held goes along."""
    opening = _opening(draft, command, prompt="no", language=command.language, cause="transfer")
    held = source.held
    draft.note(source, "session.picked_up", actor=command.actor, detail={"session": str(command.new_session)})
    draft.change(source, pending_to=None, pending_until=None, transferred_to=command.new_session, held=0)
    draft.thread = replace(draft.thread, agent=target)
    facts = _started(draft, opening, picked_up=source.id, held=held)
    draft.carried = (source.id, facts.id)
    return release(draft, facts, held_in=source, actor=command.actor)


def _take(draft: Draft, facts: Facts, command: c.Say) -> None:
    if facts.in_live_chat:
        _write(draft, facts, command, after_end=not facts.is_open)
    elif facts.state is State.PAUSED:
        _hold(draft, facts, command)
    else:
        _turn(draft, facts, command)


def begin_next(
    draft: Draft,
    command: c.Say | c.ClearHistory,
    *,
    prompt: Literal["yes", "no"],
    cause: str,
    language: str | None = None,
) -> Facts:
    """A new session that goes on where the one before it was: in its channel, version and language."""
    return begin(draft, _opening(draft, command, prompt=prompt, language=language, cause=cause))


def _opening(
    draft: Draft,
    command: c.Say | c.ClearHistory,
    *,
    prompt: Literal["yes", "no"],
    cause: str,
    language: str | None = None,
) -> c.Start:
    last = draft.session
    return c.Start(
        actor=command.actor,
        prompt=prompt,
        language=language,
        channel=last.channel if last else "web",
        version=last.version if last else "LIVE",
        cause=cause,
        new_session=command.new_session,
    )


def _turn(draft: Draft, facts: Facts, command: c.Say) -> None:
    facts = clocks.interact(draft, facts, user_turn=True, cause="user_turn", actor=command.actor)
    said = _write(draft, facts, command, interaction=True)
    clocks.ask(draft, draft.sessions[facts.id], said.id)


def _hold(draft: Draft, facts: Facts, command: c.Say) -> None:
    """A message into a pause is kept for the end of the pause; the clock stands."""
    draft.note(facts, "session.held", actor=command.actor)
    facts = draft.change(facts, held=facts.held + 1)
    _write(draft, facts, command, held=True)


def _others_say(draft: Draft, facts: Facts, command: c.Say) -> Result:
    _write(draft, facts, command, after_end=not facts.is_open)
    draft.thread = replace(draft.thread, ends_with_prompt=command.kind is Kind.PRESET)
    return "done"


def _write(draft: Draft, facts: Facts, command: c.Say, **flags: bool) -> Message:
    dated = {"at": command.at, "received_at": draft.now} if command.at is not None else {}
    draft.said = draft.write(
        facts,
        sender=command.sender,
        kind=command.kind,
        id=command.message,
        text=command.text,
        event=command.event,
        payload=command.payload,
        language=command.language,
        client_id=command.client_id,
        **dated,
        **flags,
    )
    return draft.said


def release(draft: Draft, facts: Facts, *, held_in: Facts, actor: str) -> Facts:
    """Put held messages to the bot of `facts`. They were written during the pause; they count as of now."""
    if not held_in.held:
        return facts
    draft.released = (held_in.id, facts.id)
    held, first = held_in.held, facts.unanswered == 0
    for _ in range(held):
        facts = clocks.interact(draft, facts, user_turn=True, cause="held_messages", actor=actor)
    facts = draft.change(facts, held=0)
    if not draft.thread.agent.answers:
        return facts
    busy = draft.now + clocks.ANSWER_WITHIN if first else facts.busy_until
    return draft.change(facts, unanswered=facts.unanswered + held, busy_until=busy)


def answer(draft: Draft, facts: Facts | None, command: c.Answer) -> Result:
    """What the bot said. It is recorded under the session of the turn, also when that has ended meanwhile."""
    if facts is None:
        return Refusal.NOT_FOUND
    if command.failure is not None:
        draft.note(facts, "engine.failed", detail={"failure": command.failure})
    if command.wants_human:
        draft.note(facts, "session.live_chat_requested", actor=c.BOT)
    for line in command.messages:
        draft.write(
            facts,
            sender=Sender.BOT,
            kind=Kind.TEXT,
            id=line.id,
            text=line.text,
            text_key=line.text_key,
            language=line.language,
            payload=line.payload,
            answers=command.turn,
            after_end=not facts.is_open,
        )
        facts = draft.sessions[facts.id]
    if command.messages and not _answers_the_prompt(draft, facts, command):
        draft.thread = replace(draft.thread, ends_with_prompt=False)
    if command.understood is not None and facts.data_erased_at is None and facts.transcript_erased_at is None:
        draft.understood[facts.id] = command.understood  # what is kept no longer does not come back
    if not facts.is_open:
        return "done"
    if not command.messages:  # nothing in the transcript says that the turn is over
        draft.note(facts, "engine.answered", actor=c.BOT, detail={"messages": 0})
    facts = clocks.answered(draft, facts)
    # Nobody is cut short who has said more since, or who talks with a human by now.
    if command.ends_session and not (facts.unanswered or facts.held or facts.in_live_chat):
        clocks.end(draft, facts, reason=EndReason.BOT_ENDED, at=draft.now, actor=c.BOT)
    return "done"


def _answers_the_prompt(draft: Draft, facts: Facts, command: c.Answer) -> bool:
    """Whether a chat that ended with the prompt still does. An apology, or an answer from a session before, is none."""
    return command.failure is None and draft.session is not None and draft.session.id == facts.id
