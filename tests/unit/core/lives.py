"""Random lives of a chat: any policy within its bounds, any deeds, at any microsecond, often right at a deadline."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st

from portal.agents.core.platforms import Platform
from sessions_app.core import commands as c
from sessions_app.core import deadlines
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Decision
from sessions_app.core.facts import EndReason, Facts
from sessions_app.core.policy import SETTINGS, Policy, Setting
from tests.unit.core.cast import INTENT, NO_PROMPT, PRESET, Chat, at

# The machine is shared, and a slow moment is no error.
LAW = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
MICROSECOND = timedelta(microseconds=1)
BY_HAND = [reason for reason in EndReason if reason not in (EndReason.EXPIRED, EndReason.MAX_DURATION)]


def _values(setting: Setting, platform: Platform) -> st.SearchStrategy[Any]:
    """What the setting may be on that platform; durations are often the shortest or the longest."""
    if setting.choices is not None:
        return st.sampled_from(setting.choices)
    bounds = setting.bounds_for(platform)
    if bounds is None:
        return st.booleans()
    low, high = bounds
    inner = st.integers(low, high) if isinstance(low, int) else st.timedeltas(low, high)
    extra = ([None] if setting.blank else []) + ([timedelta(0)] if setting.off else [])
    return st.sampled_from([low, high, *extra]) | inner


def policies() -> st.SearchStrategy[Policy]:
    def on(platform: Platform) -> st.SearchStrategy[Policy]:
        return st.builds(Policy, **{setting.field: _values(setting, platform) for setting in SETTINGS})

    return st.sampled_from(Platform).flatmap(on)


def chats() -> st.SearchStrategy[Chat]:
    prompts = st.sampled_from([INTENT, PRESET, NO_PROMPT])
    return st.builds(Chat, prompt=prompts, policy=policies(), answers=st.booleans())


@dataclass(frozen=True)
class Step:
    """A deed a while after the one before, or that much around the instant at which the session is due next."""

    deed: str
    around_due: bool
    by: timedelta


Deed = Callable[[Chat, datetime], Decision]


def _first(chat: Chat) -> dict[str, Any]:
    """Aimed at the first session of the thread, which has mostly ended long ago."""
    return {"session": next(iter(chat.sessions))} if chat.sessions else {}


def _last(chat: Chat) -> dict[str, Any]:
    """Aimed at the latest session, as the API does."""
    return {"session": chat.thread.session.id} if chat.thread.session else {}


def _answers(chat: Chat, now: datetime, **values: Any) -> Decision:
    return chat.answers(now, "well", **values) if chat.waiting else chat.sweeps(now)


DEEDS: dict[str, Deed] = {
    "look": lambda chat, now: chat.sweeps(now),
    "open": lambda chat, now: chat.starts(now),
    "start with prompt": lambda chat, now: chat.starts(now, prompt="yes", **_last(chat)),
    "say": lambda chat, now: chat.says(now),
    "press a button": lambda chat, now: chat.says(now, kind=Kind.POSTBACK, **_last(chat)),
    "say to an old session": lambda chat, now: chat.says(now, **_first(chat)),
    "bot says": lambda chat, now: chat.hears(now, Sender.BOT),
    "bot prompts": lambda chat, now: chat.hears(now, Sender.BOT, Kind.PRESET),
    "human says to an old session": lambda chat, now: chat.hears(now, Sender.HUMAN, **_first(chat)),
    "bot answers": lambda chat, now: _answers(chat, now),
    "bot fails": lambda chat, now: _answers(chat, now, failure="broken"),
    "bot says good-bye": lambda chat, now: _answers(chat, now, ends_session=True),
    "pause": lambda chat, now: chat.pauses(now),
    "resume": lambda chat, now: chat.resumes(now),
    "end": lambda chat, now: chat.ends(now),
    "end an old session": lambda chat, now: chat.ends(now, EndReason.ADMIN_ENDED, **_first(chat)),
    "clear history": lambda chat, now: chat.clears(now),
    "set language": lambda chat, now: chat.do(c.SetLanguage(actor=c.USER, language="de"), now),
}
OFTEN = ["say", "pause", "resume", "bot answers"]


def steps() -> st.SearchStrategy[list[Step]]:
    around = st.builds(
        Step, deed=_deeds(), around_due=st.just(True), by=st.sampled_from([-MICROSECOND, 0 * MICROSECOND, MICROSECOND])
    )
    short, long = st.timedeltas(timedelta(0), timedelta(minutes=2)), st.timedeltas(timedelta(0), timedelta(hours=6))
    later = st.builds(Step, deed=_deeds(), around_due=st.just(False), by=short | long)
    return st.lists(
        around | later, min_size=12, max_size=30
    )  # hypothesis prefers short lists, and little happens in them


def _deeds() -> st.SearchStrategy[str]:
    return st.sampled_from([*DEEDS, *OFTEN])


class Life:
    """A chat that goes from step to step; time never goes back."""

    def __init__(self, chat: Chat) -> None:
        self.chat = chat
        self.now = at("10:00")

    def take(self, step: Step) -> Decision:
        self.now = self._instant(step)
        note(f"{self.now:%d %H:%M:%S.%f} {step.deed}")
        return DEEDS[step.deed](self.chat, self.now)

    def live(self, steps: list[Step]) -> "Life":
        for step in steps:
            self.take(step)
        return self

    def _instant(self, step: Step) -> datetime:
        due = deadlines.next_due(self.latest) if self.latest else None
        if step.around_due and due is not None:
            return max(self.now, due + step.by)
        return max(self.now, self.now + step.by)

    @property
    def latest(self) -> Facts | None:
        return self.chat.thread.session
