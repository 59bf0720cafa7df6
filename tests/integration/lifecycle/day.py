"""A chat on one day, told at exact instants. The database stores and decides as ever; only what time it is, the test
says."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from portal.agents.models import Agent
from portal.lib import clock
from sessions_app.actions import Outcome, apply, sweeping
from sessions_app.core import commands as c
from sessions_app.core.commands import BOT, USER, Kind, Sender
from sessions_app.models import ChatSession, Event, Turn
from tests import cast

DAYS_AGO = timedelta(days=3)  # so that what is due by that clock is due by the database's, too, and the sweep finds it


class Day:
    """Some day of this week. Whoever asks what time it is, is told what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.date = (clock.now() - DAYS_AGO).date()
        self.monkeypatch = monkeypatch

    def at(self, when: str) -> datetime:
        """ "10:05" or exact, "10:05:30.000001"."""
        return datetime.combine(self.date, time.fromisoformat(when), clock.now().tzinfo)

    def is_now(self, when: str) -> None:
        instant = self.at(when)
        self.monkeypatch.setattr("portal.lib.clock.now", lambda: instant)

    def clock(self, instant: datetime | None) -> str:
        """The other way round: "10:05:00", or exact."""
        assert instant is not None
        assert instant.date() == self.date
        return instant.time().isoformat()


class Story:
    """One chat with an agent on that day."""

    def __init__(self, day: Day, agent: Agent) -> None:
        self.day, self.thread = day, cast.thread(agent)

    # ── doing ────────────────────────────────────────────────────────────────────────────────────────────────────────
    def do(self, when: str, command: type[c.Command], **values: Any) -> Outcome:
        self.day.is_now(when)
        (outcome,) = apply([command(**{"thread": self.thread.pk} | values)])
        return outcome

    def starts(self, when: str, **values: Any) -> Outcome:
        return self.do(when, c.Start, actor=USER, **values)

    def says(self, when: str, text: str = "hi") -> Outcome:
        """A user turn."""
        return self.do(when, c.Say, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text=text)

    def human_says(self, when: str) -> Outcome:
        return self.do(when, c.Say, actor=c.account_actor(7), sender=Sender.HUMAN, kind=Kind.TEXT, text="Well.")

    def bot_answers(self, when: str, text: str = "Hello") -> Outcome:
        """The oldest turn."""
        turn = Turn.objects.filter(session__thread=self.thread).order_by("seq")[0]
        said = (c.BotMessage(text=text),)
        return self.do(when, c.Answer, session=turn.session_id, actor=BOT, turn=turn.pk, messages=said)

    def talks(self, *instants: str) -> None:
        """User turns, each answered at once."""
        for when in instants:
            self.says(when)
            self.bot_answers(when)

    def sweeps(self, when: str) -> None:
        self.day.is_now(when)
        sweeping.sweep()

    # ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def sessions(self) -> list[ChatSession]:
        return list(ChatSession.objects.filter(thread=self.thread).order_by("started_at", "id"))

    @property
    def session(self) -> ChatSession:
        """The only one, or the first."""
        return self.sessions[0]

    def timeline(self, session: ChatSession | None = None) -> list[str]:
        """ "started 10:00:00", "idle 10:35:00", …"""
        told = Event.objects.filter(session=session or self.session).order_by("pk").values_list("type", "at")
        return [f"{type.removeprefix('session.')} {self.day.clock(at)}" for type, at in told]

    def lines(self) -> list[str]:
        """The transcript: dividers as lines."""
        found = self.thread.lines.order_by("seq").values_list("sender", "kind", "text")
        return [f"── {text}" if kind == Kind.DIVIDER else f"{sender}: {text}" for sender, kind, text in found]
