"""What each command does to the model (2-lifecycle.md, "Transitions" and the chapters after it).

A command that does nothing returns False, one that cannot be done raises Refused.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from tests.integration.machine.model import Agent, Line, Policy, Refused, Session, Thread

Instant = Callable[[Session], datetime]


@dataclass
class Model:
    agents: dict[str, Agent] = field(default_factory=dict)
    threads: list[Thread] = field(default_factory=list)

    @property
    def sessions(self) -> list[Session]:
        return [session for thread in self.threads for session in thread.sessions]

    def pass_until(self, now: datetime) -> None:
        for session in self.sessions:
            session.pass_until(now)

    # ── starting ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def start(
        self, thread: Thread, new: str, at: datetime, *, version: str, prompt: bool, displaced_at: Instant
    ) -> bool:
        latest = thread.latest
        if latest is not None and latest.is_open:
            return False
        if latest is not None and latest.live_chat is not None:
            raise Refused("live_chat_running")
        if latest is not None and latest.pending_to is not None:
            raise Refused("state_changed")
        if not thread.agent.active:
            raise Refused("agent_disabled")
        if latest is not None and latest.version != version:
            raise Refused("invalid")
        self.make_room(thread, thread.agent, version, displaced_at)
        self.begin(thread, new, at, version=version, prompt=prompt)
        return True

    def begin(self, thread: Thread, new: str, at: datetime, *, version: str, prompt: bool) -> Session:
        agent = thread.agent
        session = Session(new, thread, agent, version, agent.policy, at, at, at, at)
        thread.sessions.append(session)
        session.note("started", at)
        if prompt and agent.prompt == "intent":
            session.interact(at, user_turn=False)
            session.write("portal", "event", at)
            self.ask(session)
        elif prompt and agent.prompt == "preset":
            session.write("bot", "preset", at)
        return session

    def ask(self, session: Session) -> None:
        if session.agent.answers:
            session.thread.asked.append(session)

    def places(self, user: str, agent: Agent, *, but: Thread | None = None) -> list[Session]:
        """The sessions that take, or hold, a place of this user with this agent."""
        live = [s for s in self.sessions if s.version == "LIVE" and s.thread.user == user and s.thread is not but]
        return [s for s in live if (s.is_open and s.agent is agent) or s.pending_to is agent]

    def make_room(self, thread: Thread, agent: Agent, version: str, displaced_at: Instant) -> None:
        limit = agent.policy.limit
        taken = self.places(thread.user, agent, but=thread)
        if version == "DRAFT" or limit is None or len(taken) < limit:
            return
        movable = [s for s in taken if s.runs and s.live_chat is None]
        if not agent.policy.displaces or not movable or len(taken) > limit:
            raise Refused("session_limit_reached", tuple(session.id for session in taken))
        longest = min(movable, key=lambda session: session.inactive_since)
        longest.end("displaced", displaced_at(longest))

    # ── saying ───────────────────────────────────────────────────────────────────────────────────────────────────────
    def user_says(
        self, thread: Thread, kind: str, at: datetime, *, new: str, displaced_at: Instant, dated: datetime | None = None
    ) -> Session:
        """Which session took it."""
        session = thread.latest
        if session is None or not (session.is_open or session.live_chat):
            session = self._next(thread, new, at, displaced_at)
        if session.live_chat is not None:
            session.write("user", kind, dated or at, counts_at=at, after_end=not session.is_open)
        elif session.state == "paused":
            session.note("held", at)
            session.write("user", kind, dated or at, counts_at=at, held=True)
        else:
            session.interact(at, user_turn=True)
            session.write("user", kind, dated or at, counts_at=at)
            self.ask(session)
        return session

    def _next(self, thread: Thread, new: str, at: datetime, displaced_at: Instant) -> Session:
        source = thread.latest
        version = source.version if source else "LIVE"
        if source and source.pending_to and source.pending_to.active:
            return self._picked_up(source, new, at)
        if not thread.agent.active:
            raise Refused("agent_disabled")
        self.make_room(thread, thread.agent, version, displaced_at)
        impossible = source is not None and source.pending_to is not None
        if source and impossible:
            source.call_off(at)
        session = self.begin(thread, new, at, version=version, prompt=False)
        if impossible:
            session.write("portal", "divider", at)
        return session

    def _picked_up(self, source: Session, new: str, at: datetime) -> Session:
        assert source.pending_to is not None
        thread, thread_agent = source.thread, source.agent
        thread.agent = source.pending_to
        source.pending_to = source.pending_until = None
        source.transferred_to = new
        source.note("picked_up", at)
        session = self.begin(thread, new, at, version=source.version, prompt=False)
        session.transferred_from = source.id
        kept = {name: value for name, value in source.variables.items() if name not in thread_agent.sensitive}
        session.variables = kept
        self._release(source.held, session, at)
        return session

    def _release(self, held: list[Line], session: Session, at: datetime) -> None:
        for line in held:
            line.held = False
            session.interact(at, user_turn=True)
            self.ask(session)

    def others_say(self, session: Session, sender: str, kind: str, at: datetime, dated: datetime | None = None) -> None:
        session.write(sender, kind, dated or at, counts_at=at, after_end=not session.is_open)

    def answer(self, thread: Thread, at: datetime, *, goodbye: bool) -> None:
        session = thread.asked.pop(0)
        session.write("bot", "text", at, after_end=not session.is_open)
        waits = session in thread.asked or session.held
        if goodbye and session.is_open and not waits and session.live_chat is None:
            session.end("bot_ended", at)

    # ── deeds ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def pause(self, session: Session, at: datetime) -> bool:
        _open(session)
        if session.state == "paused":
            return False
        if session.live_chat is not None:
            raise Refused("live_chat_running")
        session.state, session.paused_at = "paused", at
        return _done(session, "paused", at)

    def resume(self, session: Session, at: datetime) -> bool:
        _open(session)
        if session.state != "paused":
            return False
        session.resume(at)
        self._release(session.held, session, at)
        session.touched_at = at
        session.pass_until(at)
        return True

    def extend(self, session: Session, at: datetime) -> bool:
        _running(session)
        _done(session, "extended", at)
        session.wake(at)
        return True

    def end(self, session: Session, at: datetime, *, reason: str) -> bool:
        if not session.is_open:
            return False
        session.end(reason, at)
        return True

    def clear(self, session: Session, new: str, at: datetime, displaced_at: Instant) -> bool:
        thread = session.thread
        latest = thread.latest
        assert latest is not None
        if not thread.agent.active:
            raise Refused("agent_disabled")
        self.make_room(thread, thread.agent, latest.version, displaced_at)
        if latest.is_open:
            latest.end("history_cleared", at)
        else:
            self._leave(latest, at)
        self.begin(thread, new, at, version=latest.version, prompt=True)
        return True

    def _leave(self, latest: Session, at: datetime) -> None:
        if latest.pending_to is not None:
            latest.call_off(at)
        if latest.live_chat is not None:
            latest.live_chat = None
            _done(latest, "live_chat_ended", at)
        latest.clear(at)

    def transfer(self, session: Session, target: Agent, at: datetime, *, by_user: bool, displaced_at: Instant) -> bool:
        _open(session)
        offered = not by_user or target.slug in session.agent.targets
        if target is session.agent or not target.active or not offered:
            raise Refused("transfer_impossible")
        self._reserve(session, target, displaced_at)
        _done(session, "transferred", at)
        session.end("transferred", at)
        session.pending_to, session.pending_until = target, at + target.policy.duration
        return True

    def _reserve(self, session: Session, target: Agent, displaced_at: Instant) -> None:
        try:
            self.make_room(session.thread, target, session.version, displaced_at)
        except Refused as full:
            raise Refused("transfer_impossible", full.open_sessions) from None

    def cancel(self, session: Session, at: datetime) -> bool:
        if session.pending_to is not None:
            session.call_off(at)
            return True
        if session.transferred_to is not None:
            raise Refused("state_changed")
        return False

    def take_over(self, session: Session, at: datetime, *, by: str) -> bool:
        _running(session)
        if session.live_chat == by:
            return False
        if session.live_chat is not None:
            raise Refused("live_chat_running")
        session.live_chat = by
        return _done(session, "live_chat_started", at)

    def hand_back(self, session: Session, at: datetime) -> bool:
        if session.state == "paused":
            raise Refused("session_paused")
        if session.live_chat is None:
            return False
        session.live_chat = None
        _done(session, "live_chat_ended", at)
        if session.is_open:
            session.wake(at)
        return True

    def set_model(self, session: Session, model: str | None, at: datetime) -> bool:
        _open(session)
        if session.override == model:
            return False
        if model is not None and not session.policy.override:
            raise Refused("model_override_off")
        if model is not None and model not in session.agent.models:
            raise Refused("invalid")
        session.override = model
        return _done(session, "model_changed", at)

    def set_variable(self, session: Session, name: str, value: str, at: datetime) -> bool:
        _open(session)
        session.variables[name] = value
        return _done(session, "data_changed", at)

    # ── policies ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def change_policy(self, agent: Agent, policy: Policy, since: datetime) -> None:
        agent.policy = policy
        for session in self.sessions if policy.reach == "running" else ():
            if session.agent is agent and session.is_open:
                session.follow(policy, since)
                session.pass_until(since)


def _open(session: Session) -> None:
    if not session.is_open:
        raise Refused("session_ended")


def _running(session: Session) -> None:
    _open(session)
    if session.state == "paused":
        raise Refused("session_paused")


def _done(session: Session, type: str, at: datetime) -> bool:
    session.note(type, at)
    session.touched_at = at
    return True
