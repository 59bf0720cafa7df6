"""Commands decided one after the other, and what is to be written for them: the middle of the write path.

`apply` does it with the rows it has locked, at the database's instant; `imports` with a history, at the instants given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from localization import queries as texts
from localization.core.fallback import Resolved
from localization.core.placeholders import fill
from sessions_app.actions import _data, _store
from sessions_app.actions._load import Loaded, Said
from sessions_app.core import data, deadlines, internal, lifecycle
from sessions_app.core.commands import Answer, Command, Say
from sessions_app.core.data import Change
from sessions_app.core.decision import Decision, Event, Message, Refusal, Result
from sessions_app.core.facts import Facts, InForce, Seat, State, Thread
from sessions_app.core.values import replace
from sessions_app.queries.seats import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one command.

    `session` is the one it ended up with, as it is now; `message` and `seq` of what was said, also when the same
    `client_id` had said it before; `previous` the session it was aimed at, if another one took it. Of a refusal, `why`
    says more than its code where there is more to say, and `open_sessions` take all the places there are.
    """

    result: Result
    now: datetime
    thread: Thread | None = None
    session: Facts | None = None
    message: UUID | None = None
    seq: int | None = None
    previous: UUID | None = None
    why: str = ""
    open_sessions: tuple[UUID, ...] = ()

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
    released: list[tuple[UUID, UUID]] = field(default_factory=list)  # held in, answered in
    carried: list[tuple[UUID, UUID]] = field(default_factory=list)
    data: list[Change] = field(default_factory=list)
    understood: dict[UUID, Mapping[str, Any]] = field(default_factory=dict)
    erased_data: list[UUID] = field(default_factory=list)
    erased_transcripts: list[UUID] = field(default_factory=list)
    shifted: list[tuple[UUID, timedelta]] = field(default_factory=list)
    in_the_way: list[Command] = field(default_factory=list)
    held_up: set[UUID] = field(default_factory=set)  # threads whose next command waits for what is in the way


def decide(batch: Batch, command: Command, thread_id: UUID | None) -> Outcome:
    """Do the command on what the ones before it left."""
    loaded = batch.loaded
    thread = loaded.threads.get(thread_id) if thread_id else None
    if thread is None:
        return Outcome(result=Refusal.NOT_FOUND, now=loaded.now)
    if batch.held_up and thread.id in batch.held_up:
        return Outcome(result="again", now=loaded.now, thread=thread)
    if (said := _said_before(batch, command, thread)) is not None:
        session = thread.session
        return Outcome(result="already", now=loaded.now, thread=thread, session=session, message=said.id, seq=said.seq)
    if isinstance(command, Answer) and command.turn not in batch.open_turns:
        return Outcome(result="already", now=loaded.now, thread=thread, session=thread.session)
    aimed = _aimed(loaded, command, thread)
    decision = lifecycle.decide(thread, command, loaded.now, aimed=aimed, around=loaded.around)
    if decision.result == "again":
        batch.in_the_way += decision.first
        batch.held_up.add(thread.id)
        return Outcome(result="again", now=loaded.now, thread=thread)
    _gather(batch, command, decision)
    return Outcome(
        result=decision.result,
        now=loaded.now,
        thread=decision.thread,
        session=_ended_up_with(batch, command, decision),
        message=decision.said.id if decision.said else None,
        seq=decision.said.seq if decision.said else None,
        previous=decision.previous,
        why=decision.why,
        open_sessions=decision.open_sessions,
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
    _gather_facts(batch, decision)
    if decision.shifted:
        _shift(batch, *decision.shifted)
    batch.messages += [(decision.thread.id, message) for message in decision.messages]
    batch.events += decision.events
    batch.turns += [(m.id, m.session, m.seq) for m in decision.messages if m.id in decision.turns]
    if decision.released:
        _release(batch, *decision.released, answers=decision.thread.agent.answers)
    if isinstance(command, Answer) and not decision.refused:
        batch.open_turns.discard(command.turn)
        batch.answered.append(command.turn)
    if isinstance(command, Say) and command.client_id and decision.said:
        batch.known[decision.thread.id, command.client_id] = Said(decision.said.id, decision.said.seq)
    _gather_data(batch, decision)


def _gather_facts(batch: Batch, decision: Decision) -> None:
    loaded = batch.loaded
    before = loaded.threads[decision.thread.id]
    latest = decision.thread.session
    for id, facts in decision.sessions.items():
        moved_on = facts if id in decision.started else replace(facts, row_version=facts.row_version + 1)
        if loaded.seats:
            _reseat(loaded.seats, loaded.sessions.get(id), moved_on)
        loaded.sessions[id] = batch.changed[id] = moved_on
        latest = moved_on if latest is facts else latest
    thread = loaded.threads[before.id] = replace(decision.thread, session=latest)
    if _kept(before) != _kept(thread):
        batch.threads[before.id] = thread
    batch.started += decision.started


def _kept(thread: Thread) -> tuple[Any, ...]:
    """What the row of a thread holds that may change."""
    return thread.agent.id, thread.last_seq, thread.cleared_seq, thread.ends_with_prompt


def _reseat(places: dict[Key, tuple[Seat, ...]], before: Facts | None, facts: Facts) -> None:
    """The places as they are for the commands that follow in this batch."""
    counts = facts.version == "LIVE"
    takes_of = {before.pending_to: False} if before else {}
    for agent, takes in (takes_of | {facts.pending_to: True, facts.agent: facts.is_open}).items():
        if agent is not None and (seats := places.get((facts.user, agent))) is not None:
            others = tuple(seat for seat in seats if seat.session != facts.id)
            places[facts.user, agent] = (*others, _seat(facts, agent)) if takes and counts else others


def _seat(facts: Facts, agent: int) -> Seat:
    """What was opened or changed in this batch is not displaced by it."""
    until = deadlines.ends_at(facts) if facts.state in (State.LIVE, State.IDLE) else facts.pending_until
    return Seat(
        session=facts.id,
        thread=facts.thread,
        until=until,
        inactive_since=facts.inactive_since,
        policy_version=facts.policy_version if agent == facts.agent else None,
        fixed=True,
    )


def _shift(batch: Batch, session: UUID, by: timedelta) -> None:
    """What was stored before moves in the store; what this batch has written so far, here."""
    batch.shifted.append((session, by))
    batch.messages = [(t, m.earlier(by) if m.session == session else m) for t, m in batch.messages]
    batch.events = [replace(e, at=e.at - by) if e.session == session else e for e in batch.events]


def _gather_data(batch: Batch, decision: Decision) -> None:
    for change in decision.data:
        batch.data.append(change)
        stored = batch.loaded.data.get(change.session, data.NOTHING)
        batch.loaded.data[change.session] = data.after(stored, change)
    if decision.carried:
        batch.carried.append(decision.carried)
    for session, now in decision.understood.items():
        batch.understood[session] = internal.understood_after(batch.understood.get(session), now)
    batch.erased_data += decision.erased_data
    batch.erased_transcripts += decision.erased_transcripts


def _release(batch: Batch, held_in: UUID, answered_in: UUID, *, answers: bool) -> None:
    """Held messages are held no longer: those stored before, by the store; those of this batch so far, here."""
    batch.released.append((held_in, answered_in))
    for place, (thread, message) in enumerate(batch.messages):
        if message.session == held_in and message.held:
            batch.messages[place] = (thread, replace(message, held=False, interaction=True))
            if answers:
                batch.turns.append((message.id, answered_in, message.seq))


def write(batch: Batch) -> set[UUID]:
    """Store it, one statement per table. Returns the sessions with turns that now wait for the bot."""
    loaded, changed = batch.loaded, batch.changed
    started = set(batch.started)
    kept = partial(_kept_under, loaded)
    _store.shift(batch.shifted)
    _store.insert_threads([t for t in loaded.threads.values() if t.id in loaded.new_threads and t.session])
    _store.update_threads([t for t in batch.threads.values() if t.id not in loaded.new_threads])
    _store.update_sessions(
        [s for s in changed.values() if s.id not in started], loaded.before, loaded.due_at, loaded.now, kept
    )
    _store.move_due([s for s in loaded.sessions.values() if s.id not in changed and _looked_at(loaded, s)], kept)
    _store.insert_sessions([changed[id] for id in batch.started], kept)
    turns = _store.release_held(_answering(batch)) + batch.turns
    _store.insert_messages(_with_texts(batch))
    _store.insert_events(batch.events)
    _store.insert_turns(turns)
    _store.delete_turns(batch.answered)
    _write_data(batch)
    return {session for _, session, _ in turns}


def _write_data(batch: Batch) -> None:
    loaded = batch.loaded
    sensitive = {source: loaded.agents[loaded.sessions[source].agent].sensitive for source, _ in batch.carried}
    _data.carry(batch.carried, sensitive)
    _data.recall(_remembered(loaded, batch.started))
    _data.store(batch.data, _remembered(loaded, [change.session for change in batch.data]))
    _data.understand(batch.understood)
    _data.erase(batch.erased_data)
    _data.forget(batch.erased_data)
    _store.erase_transcripts(batch.erased_transcripts)
    _data.unlearn(batch.erased_transcripts)


def _remembered(loaded: Loaded, sessions: Iterable[UUID]) -> dict[UUID, UUID]:
    """Session → its user, where the agent remembers. Whether it is somebody it may remember, the database knows."""
    facts = [loaded.sessions[id] for id in sessions]
    return {one.id: one.user for one in facts if loaded.agents[one.agent].remember and one.version == "LIVE"}


def _kept_under(loaded: Loaded, facts: Facts) -> InForce:
    agent = loaded.agents.get(facts.agent)
    return agent.keeps(facts) if agent else facts.own_version


def _answering(batch: Batch) -> list[tuple[UUID, UUID, bool]]:
    """Where messages were held, where they are answered, and whether Portal puts them to a bot there."""
    loaded = batch.loaded
    return [(held, then, loaded.threads[batch.changed[then].thread].agent.answers) for held, then in batch.released]


def _looked_at(loaded: Loaded, facts: Facts) -> bool:
    """Whether an early due time has just been looked at, and nothing came of it."""
    due_at = loaded.due_at.get(facts.id)
    return due_at is not None and due_at <= loaded.now


def _with_texts(batch: Batch) -> list[tuple[UUID, Message, str]]:
    """Each message with its final text: localized texts are looked up for all of them together, and stored as shown."""
    wanted = {_request(batch.loaded, message) for _, message in batch.messages if message.text_key}
    found = texts.resolve_many(wanted)
    return [(thread, message, _text(batch.loaded, message, found)) for thread, message in batch.messages]


def _request(loaded: Loaded, message: Message) -> texts.Request:
    assert message.text_key is not None, "it stands for a text"
    return loaded.sessions[message.session].agent, message.text_key, message.language


def _text(loaded: Loaded, message: Message, found: Mapping[texts.Request, Resolved]) -> str:
    if message.text_key is None:
        return message.text
    request = _request(loaded, message)
    return fill(found[request].text, {"agent": loaded.agents[request[0]].name, **message.fill})
