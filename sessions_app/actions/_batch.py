"""Commands decided one after the other, and what is to be written for them: the middle of the write path.

`apply` does it with the rows it has locked, at the database's instant; `imports` with a history, at the instants given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal
from uuid import UUID

from localization import queries as texts
from localization.core.fallback import Resolved
from localization.core.placeholders import fill
from sessions_app.actions import _store
from sessions_app.actions._load import Loaded, Said
from sessions_app.core import lifecycle
from sessions_app.core.commands import Answer, Command, Say
from sessions_app.core.decision import Decision, Event, Message, Refusal
from sessions_app.core.facts import Agent, Facts, Thread


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one command.

    `session` is the one it ended up with, as it is now; `message` and `seq` of what was said, also when the same
    `client_id` had said it before; `previous` the session it was aimed at, if another one took it.
    """

    result: Literal["done", "already"] | Refusal
    now: datetime
    thread: Thread | None = None
    session: Facts | None = None
    message: UUID | None = None
    seq: int | None = None
    previous: UUID | None = None

    @property
    def refusal(self) -> Refusal | None:
        return self.result if isinstance(self.result, Refusal) else None


@dataclass(slots=True)
class Batch:
    """What is to be written, gathered over the commands."""

    loaded: Loaded
    known: dict[tuple[UUID, str], Said]
    open_turns: set[UUID]
    started: list[UUID] = field(default_factory=list)
    changed: dict[UUID, Facts] = field(default_factory=dict)
    threads: dict[UUID, Thread] = field(default_factory=dict)
    messages: list[tuple[UUID, Message]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    turns: list[tuple[UUID, UUID, int]] = field(default_factory=list)
    answered: list[UUID] = field(default_factory=list)
    released: list[UUID] = field(default_factory=list)


def decide(batch: Batch, command: Command, thread_id: UUID | None) -> Outcome:
    """Do the command on what the ones before it left."""
    loaded = batch.loaded
    thread = loaded.threads.get(thread_id) if thread_id else None
    if thread is None:
        return Outcome(result=Refusal.NOT_FOUND, now=loaded.now)
    if (said := _said_before(batch, command, thread)) is not None:
        session = thread.session
        return Outcome(result="already", now=loaded.now, thread=thread, session=session, message=said.id, seq=said.seq)
    if isinstance(command, Answer) and command.turn not in batch.open_turns:
        return Outcome(result="already", now=loaded.now, thread=thread, session=thread.session)
    decision = lifecycle.decide(thread, command, loaded.now, aimed=_aimed(loaded, command, thread))
    _gather(batch, command, decision)
    session = _ended_up_with(batch, command, decision)
    return Outcome(
        result=decision.result,
        now=loaded.now,
        thread=decision.thread,
        session=session,
        message=decision.said.id if decision.said else None,
        seq=decision.said.seq if decision.said else None,
        previous=decision.previous,
    )


def _said_before(batch: Batch, command: Command, thread: Thread) -> Said | None:
    if isinstance(command, Say) and command.client_id:
        return batch.known.get((thread.id, command.client_id))
    return None


def _aimed(loaded: Loaded, command: Command, thread: Thread) -> Facts | None:
    """The session the command names, when it is not the thread's latest."""
    if command.session is None or (thread.session and thread.session.id == command.session):
        return None
    return loaded.sessions.get(command.session)


def _ended_up_with(batch: Batch, command: Command, decision: Decision) -> Facts | None:
    """A user's message may have been taken by another session than it named; every other command stays with its own."""
    latest = decision.thread.session
    if command.session is None or decision.previous is not None or decision.started:
        return latest
    return batch.loaded.sessions.get(command.session, latest)


def _gather(batch: Batch, command: Command, decision: Decision) -> None:
    loaded = batch.loaded
    before = loaded.threads[decision.thread.id]
    loaded.threads[decision.thread.id] = decision.thread
    for facts in decision.sessions.values():
        moved_on = replace(facts, row_version=facts.row_version + (facts.id not in decision.started))
        loaded.sessions[facts.id] = batch.changed[facts.id] = moved_on
        if decision.thread.session is not None and decision.thread.session.id == facts.id:
            loaded.threads[decision.thread.id] = replace(decision.thread, session=moved_on)
    if replace(before, session=None) != replace(decision.thread, session=None):
        batch.threads[decision.thread.id] = loaded.threads[decision.thread.id]
    batch.started += decision.started
    batch.messages += [(decision.thread.id, message) for message in decision.messages]
    batch.events += decision.events
    batch.turns += [(m.id, m.session, m.seq) for m in decision.messages if m.id in decision.turns]
    if decision.released:
        _release(batch, decision.released, answers=decision.thread.agent.answers)
    if isinstance(command, Answer) and not decision.refused:
        batch.open_turns.discard(command.turn)
        batch.answered.append(command.turn)
    if isinstance(command, Say) and command.client_id and decision.said:
        batch.known[decision.thread.id, command.client_id] = Said(decision.said.id, decision.said.seq)


def _release(batch: Batch, session: UUID, *, answers: bool) -> None:
    """Held messages are held no longer: those stored before, by the store; those of this batch so far, here."""
    batch.released.append(session)
    for place, (thread, message) in enumerate(batch.messages):
        if message.session == session and message.held:
            batch.messages[place] = (thread, replace(message, held=False, interaction=True))
            if answers:
                batch.turns.append((message.id, session, message.seq))


def write(batch: Batch) -> set[UUID]:
    """Store it, one statement per table. Returns the sessions with turns that now wait for the bot."""
    loaded, changed = batch.loaded, batch.changed
    started = set(batch.started)
    _store.update_threads(list(batch.threads.values()))
    _store.update_sessions([s for s in changed.values() if s.id not in started], loaded.due_at, loaded.now)
    _store.move_due([s for s in loaded.sessions.values() if s.id not in changed and _looked_at(loaded, s)])
    _store.insert_sessions([changed[id] for id in batch.started])
    answering = [id for id in batch.released if loaded.threads[changed[id].thread].agent.answers]
    turns = _store.release_held(batch.released, answers=answering) + batch.turns
    _store.insert_messages(_with_texts(batch))
    _store.insert_events(batch.events)
    _store.insert_turns(turns)
    _store.delete_turns(batch.answered)
    return {session for _, session, _ in turns}


def _looked_at(loaded: Loaded, facts: Facts) -> bool:
    """Whether an early due time has just been looked at, and nothing came of it."""
    due_at = loaded.due_at.get(facts.id)
    return due_at is not None and due_at <= loaded.now


def _with_texts(batch: Batch) -> list[tuple[UUID, Message, str]]:
    """Each message with its final text: localized texts are looked up for all of them together, and stored as shown."""
    agent_of = {thread: batch.loaded.threads[thread].agent for thread, _ in batch.messages}
    found = texts.resolve_many({(agent_of[t].id, m.text_key, m.language) for t, m in batch.messages if m.text_key})
    return [(thread, message, _text(message, agent_of[thread], found)) for thread, message in batch.messages]


def _text(message: Message, agent: Agent, found: Mapping[texts.Request, Resolved]) -> str:
    if message.text_key is None:
        return message.text
    return fill(found[agent.id, message.text_key, message.language].text, {"agent": agent.name})
