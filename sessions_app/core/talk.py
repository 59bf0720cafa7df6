"""Starting sessions and saying things (2-lifecycle.md, "A message after the deadline", "What the user sees…")."""

from dataclasses import replace
from typing import Literal

from sessions_app.core import clocks
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Draft, Message, Refusal, Result
from sessions_app.core.facts import EndReason, Facts, State


def start(draft: Draft, _facts: Facts | None, command: c.Start) -> Result:
    """Open the chat. A thread has at most one open session, so an open one is the answer."""
    latest = draft.session
    if latest is not None and (latest.is_open or command.after not in (None, latest.id)):
        return "already"
    if not draft.thread.agent.active:
        return Refusal.AGENT_DISABLED
    begin(draft, command)
    return "done"


def begin(draft: Draft, command: c.Start) -> Facts:
    """A new session as the thread's latest, prompted where the table "a new session starts because" says so."""
    # After a silent end the chat may still end with the prompt of the session before: it is not said twice.
    prompted = command.prompt == "yes" or (command.prompt == "auto" and not draft.thread.ends_with_prompt)
    facts = _first_facts(draft, command)
    draft.begin(facts)
    detail = {
        "language": facts.language,
        "locale": facts.locale,
        "channel": facts.channel,
        "version": facts.version,
    }
    draft.note(facts, "session.started", actor=command.actor, cause=command.cause, detail=detail)
    return _prompt(draft, facts) if prompted else facts


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
    if command.sender is Sender.USER and command.kind is not Kind.PRESET:
        return _user_says(draft, facts, command)
    if facts is None:
        return Refusal.NOT_FOUND
    return _others_say(draft, facts, command)


def _user_says(draft: Draft, aimed: Facts | None, command: c.Say) -> Result:
    """Whatever session it was aimed at, a user's message goes to the open one, or opens one: none is lost."""
    latest = draft.session
    if latest is None or not latest.is_open:
        if not draft.thread.agent.active:
            return Refusal.AGENT_DISABLED
        # A late message is answered in a new session, without the prompt.
        cause = "late_message" if latest else "message"
        latest = begin_next(draft, command, prompt="no", language=command.language, cause=cause)
    if aimed is not None and aimed.id != latest.id:
        draft.previous = aimed.id
    if latest.state is State.PAUSED:
        _hold(draft, latest, command)
    else:
        _turn(draft, latest, command)
    draft.thread = replace(draft.thread, ends_with_prompt=False)
    return "done"


def begin_next(
    draft: Draft,
    command: c.Say | c.ClearHistory,
    *,
    prompt: Literal["yes", "no"],
    cause: str,
    language: str | None = None,
) -> Facts:
    """A new session that goes on where the one before it was: in its channel, version and language."""
    last = draft.session
    opening = c.Start(
        actor=command.actor,
        prompt=prompt,
        language=language,
        channel=last.channel if last else "web",
        version=last.version if last else "LIVE",
        cause=cause,
        new_session=command.new_session,
    )
    return begin(draft, opening)


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
        **flags,
    )
    return draft.said


def release(draft: Draft, facts: Facts, *, actor: str) -> Facts:
    """Put the held messages to the bot. They were written during the pause; they count as of now."""
    if not facts.held:
        return facts
    draft.released = facts.id
    held, first = facts.held, facts.unanswered == 0
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
    if not facts.is_open:
        return "done"
    facts = clocks.answered(draft, facts)
    if command.ends_session and not (facts.unanswered or facts.held):  # nobody is cut short who has said more since
        clocks.end(draft, facts, reason=EndReason.BOT_ENDED, at=draft.now, actor=c.BOT)
    return "done"


def _answers_the_prompt(draft: Draft, facts: Facts, command: c.Answer) -> bool:
    """Whether a chat that ended with the prompt still does. An apology, or an answer from a session before, is none."""
    return command.failure is None and draft.session is not None and draft.session.id == facts.id
