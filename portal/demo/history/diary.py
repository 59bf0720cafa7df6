"""One visit, written down as it goes on: what is asked of the session, and when."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from portal.demo.helpdesk import Line
from sessions_app.actions.imports import Step
from sessions_app.core import commands as c
from sessions_app.core.commands import Command, Kind, Sender


@dataclass(slots=True)
class Diary:
    """`at` is how late it is. `backend` is the account in whose name an agent's own back end writes."""

    at: datetime
    rng: Random
    backend: str
    steps: list[Step] = field(default_factory=list)

    def wait(self, low: float | timedelta, high: float | timedelta) -> None:
        """Seconds, or spans of time: nearer to the lower one as a rule."""
        least, most = (span.total_seconds() if isinstance(span, timedelta) else span for span in (low, high))
        self.at += timedelta(seconds=least + (most - least) * self.rng.random() ** 2)

    def do(self, command: Command) -> None:
        self.steps.append((self.at, command))

    def say(self, line: Line) -> None:
        self.do(c.Say(actor=c.USER, sender=Sender.USER, kind=Kind.TEXT, text=line.text))
        for sender, text in line.answers:
            self.wait(*((20, 90) if sender is Sender.HUMAN else (1, 4)))
            self.do(c.Say(actor=self.backend, sender=sender, kind=Kind.TEXT, text=text))
