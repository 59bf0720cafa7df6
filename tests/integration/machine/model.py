"""2-lifecycle.md once more, written from its tables and not from the code: what the machine holds the API to.

Everything is in the plainest form there is: values that change, and time that has its effect at once. The instants of
commands are given; deadlines are computed.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

KEPT = timedelta(days=30)  # session data, and ended sessions in the list: the same in every policy of the machine
BY_TIME = ("expired", "max_duration")


class Refused(Exception):
    """The code of the error, and which sessions take all the places, where that is it."""

    def __init__(self, code: str, open_sessions: tuple[str, ...] = ()) -> None:
        super().__init__(code)
        self.code, self.open_sessions = code, open_sessions


@dataclass(frozen=True)
class Policy:
    number: int = 1
    duration: timedelta = timedelta(minutes=60)
    idle: timedelta = timedelta(minutes=30)
    cap: timedelta = timedelta(hours=4)
    limit: int | None = None
    displaces: bool = False
    override: bool = False
    clears: bool = False
    reach: str = "running"


@dataclass(eq=False)
class Agent:
    slug: str
    answers: bool = False
    prompt: str = "none"
    targets: tuple[str, ...] = ()
    models: tuple[str, ...] = ("small", "large")
    sensitive: tuple[str, ...] = ("card",)
    policy: Policy = field(default_factory=Policy)
    active: bool = True


@dataclass(eq=False)
class Line:
    session: "Session"
    sender: str
    kind: str
    at: datetime
    held: bool = False
    after_end: bool = False


@dataclass(eq=False)
class Thread:
    id: str
    user: str
    agent: Agent
    sessions: list["Session"] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    cleared: int = 0
    asked: list["Session"] = field(default_factory=list)  # one for each turn that the bot has not answered yet

    @property
    def latest(self) -> "Session | None":
        return self.sessions[-1] if self.sessions else None


@dataclass(eq=False)
class Session:
    id: str
    thread: Thread
    agent: Agent
    version: str
    policy: Policy
    effective_at: datetime
    started_at: datetime
    inactive_since: datetime
    touched_at: datetime
    state: str = "live"
    last_interaction_at: datetime | None = None
    paused_at: datetime | None = None
    paused_for: timedelta = timedelta(0)
    idled: bool = False
    user_turns: int = 0
    interactions: int = 0
    conversations: int = 0
    messages: int = 0
    override: str | None = None
    live_chat: str | None = None
    ended_at: datetime | None = None
    end_reason: str | None = None
    silent: bool = False
    transferred_from: str | None = None
    transferred_to: str | None = None
    pending_to: Agent | None = None
    pending_until: datetime | None = None
    archived_at: datetime | None = None
    erased_at: datetime | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    events: list[tuple[str, datetime]] = field(default_factory=list)

    # ── deadlines ────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def idle_at(self) -> datetime:
        return max(self.inactive_since + min(self.policy.idle, self.policy.duration), self.effective_at)

    @property
    def expires_at(self) -> datetime:
        return max(self.inactive_since + self.policy.duration, self.effective_at)

    @property
    def capped_at(self) -> datetime:
        return max(self.started_at + self.paused_for + self.policy.cap, self.effective_at)

    @property
    def ends_at(self) -> datetime:
        return min(self.expires_at, self.capped_at)

    @property
    def is_open(self) -> bool:
        return self.state != "ended"

    @property
    def runs(self) -> bool:
        return self.state in ("live", "idle")

    @property
    def held(self) -> list[Line]:
        return [line for line in self.thread.lines if line.session is self and line.held]

    def deadlines(self) -> Iterator[datetime]:
        """Every instant at which time alone changes something."""
        if self.runs:
            yield from (self.idle_at, self.ends_at)
        if self.state == "paused":
            yield self.touched_at + KEPT
        if self.pending_until:
            yield self.pending_until
        if self.ended_at:
            yield from (self.ended_at + KEPT, max(self.touched_at + KEPT, self.ended_at))

    # ── what happens to it ───────────────────────────────────────────────────────────────────────────────────────────
    def note(self, type: str, at: datetime) -> None:
        self.events.append((f"session.{type}", at))

    def wake(self, at: datetime) -> None:
        """The inactivity clock starts again."""
        if self.state == "idle":
            self.note("active", at)
        self.state, self.inactive_since = "live", at

    def interact(self, at: datetime, *, user_turn: bool) -> None:
        self.wake(at)
        self.last_interaction_at = at
        self.interactions += 1
        if user_turn:
            self.conversations += self.user_turns == 0 or self.idled
            self.user_turns += 1
            self.idled = False

    def write(self, sender: str, kind: str, at: datetime, *, counts_at: datetime | None = None, **flags: bool) -> None:
        self.thread.lines.append(Line(self, sender, kind, at, **flags))
        if kind != "divider":
            self.messages += 1
            self.touched_at = counts_at or at

    def end(self, reason: str, at: datetime) -> None:
        by_time = reason in BY_TIME
        self.silent = by_time and (self.user_turns == 0 or self.live_chat is not None)
        if self.live_chat is not None and not by_time:
            self.note("live_chat_ended", at)
            self.live_chat = None
        if self.paused_at:
            self.paused_for, self.paused_at = self.paused_for + (at - self.paused_at), None
        self.state, self.ended_at, self.end_reason = "ended", at, reason
        self.note("ended", at)
        if reason == "history_cleared" or (by_time and self.policy.clears and not self.silent):
            self.clear(at)
        elif not self.silent:
            self.write("portal", "divider", at)

    def clear(self, at: datetime) -> None:
        self.thread.cleared = len(self.thread.lines)
        self.note("cleared", at)

    def call_off(self, at: datetime) -> None:
        self.pending_to = self.pending_until = None
        self.note("transfer_cancelled", at)

    def follow(self, policy: Policy, since: datetime) -> None:
        """Another version of the policy: it reaches nobody's past."""
        self.policy, self.effective_at = policy, since
        self.note("policy_changed", since)
        if self.state == "idle" and self.idle_at > since:
            self.wake_by_policy(since)

    def wake_by_policy(self, since: datetime) -> None:
        self.state = "live"
        self.note("active", since)

    def resume(self, at: datetime) -> None:
        assert self.paused_at is not None
        pause = at - self.paused_at
        if self.effective_at >= self.paused_at:  # the clocks stood, also for a policy that came meanwhile
            self.effective_at = at
        self.inactive_since += pause
        self.paused_for += pause
        self.paused_at = None
        self.state = "idle" if self.idle_at <= at else "live"
        self.note("resumed", at)

    # ── time ─────────────────────────────────────────────────────────────────────────────────────────────────────────
    def pass_until(self, now: datetime) -> None:
        if self.state == "live" and self.idle_at <= min(now, self.ends_at):
            self.note("idle", self.idle_at)
            self.state, self.idled = "idle", True
        if self.runs and self.ends_at <= now:
            self.end("expired" if self.expires_at <= self.capped_at else "max_duration", self.ends_at)
        if self.state == "paused" and self.touched_at + KEPT <= now:
            self.end("retention", self.touched_at + KEPT)
        if self.ended_at is not None:
            self._keep(now)

    def _keep(self, now: datetime) -> None:
        assert self.ended_at is not None
        erase_at = max(self.touched_at + KEPT, self.ended_at)
        due: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        if self.pending_until:
            due.append((self.pending_until, 0, self.call_off))
        if not self.archived_at:
            due.append((self.ended_at + KEPT, 1, self._archive))
        if not self.erased_at:
            due.append((erase_at, 2, self._erase))
        for at, _, happen in sorted(due, key=lambda one: one[:2]):
            if at <= now:
                happen(at)

    def _archive(self, at: datetime) -> None:
        self.archived_at = at
        self.note("archived", at)

    def _erase(self, at: datetime) -> None:
        self.erased_at, self.variables = at, {}
        self.note("erased", at)

    def move(self, by: timedelta) -> None:
        """Into the past."""
        for name, value in vars(self).items():
            if isinstance(value, datetime):
                setattr(self, name, value - by)
        self.events = [(type, at - by) for type, at in self.events]
        for line in self.thread.lines:
            if line.session is self:
                line.at -= by

    @property
    def data_bytes(self) -> int:
        return len(json.dumps(self.variables, separators=(",", ":"))) if self.variables else 0
