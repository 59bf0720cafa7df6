"""Random lives of one user's chats: any policy within its bounds, any deeds, at any microsecond, often right at a
deadline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any, Literal

from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st

from portal.agents.core.platforms import Platform
from sessions_app.core import commands as c
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.decision import Decision
from sessions_app.core.facts import EndReason, Facts, Version
from sessions_app.core.policy import SETTINGS, Policy, Reach, Setting
from tests.unit.core.cast import (
    BILLING,
    HANNA,
    INTENT,
    MICROSECOND,
    NO_PROMPT,
    OTTO,
    PRESET,
    SECOND,
    SHOP,
    Chat,
    Portal,
    agent,
    at,
    billing,
    days,
)

# The machine is shared, and a slow moment is no error.
LAW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _values(setting: Setting, platform: Platform) -> st.SearchStrategy[Any]:
    """What the setting may be on that platform; durations are often the shortest or the longest."""
    if setting.choices is not None:
        return st.sampled_from(setting.choices)
    bounds = setting.bounds_for(platform)
    if bounds is None:
        return st.booleans()
    low, high = bounds
    extra = ([None] if setting.blank else []) + ([timedelta(0)] if setting.off else [])
    if isinstance(low, int):
        return st.sampled_from([low, low + 1, *extra])
    return st.sampled_from([low, high, 10 * low, *extra]) | st.timedeltas(low, high)


def _on(platform: Platform) -> st.SearchStrategy[Policy]:
    return st.builds(Policy, **{setting.field: _values(setting, platform) for setting in SETTINGS})


POLICIES = _on(Platform.DIALOGFLOW_CX) | _on(Platform.DIALOGFLOW_ES)  # built once: building them takes its time


@dataclass(frozen=True)
class Step:
    """A deed in one of the chats, a while after the step before, or that much around an instant at which a session of
    that chat is due. `pick` is what the deed chooses by, where there is something to choose."""

    deed: str
    chat: int
    around: Literal["now", "due"]
    by: timedelta
    pick: int


class Life:
    """A user's chats with two agents that go from step to step; time never goes back."""

    def __init__(self, *drafts: Policy, version: Version, **about: Any) -> None:
        """The shop begins under the first of the policies, billing under the second; any of them may be saved."""
        self.drafts = drafts
        self.version = version
        self.portal = Portal(
            agent(policy=drafts[0], transfer_targets=("billing",), **about),
            billing(policy=drafts[1], transfer_targets=("shop",), answers=not about["answers"]),
        )
        self.chats = [Chat(self.portal, with_agent=with_agent) for with_agent in (SHOP, SHOP, BILLING)]
        self.now = at("10:00")
        self.chats[0].starts(self.now, version=version)

    def take(self, step: Step) -> Decision | None:
        """None: nothing was asked of a session."""
        chat = self.chats[step.chat]
        self.now = self.instant(step)
        note(f"{self.now:%m-%d %H:%M:%S.%f} in chat {step.chat}: {step.deed} ({step.pick})")
        return DEEDS[step.deed](self, chat, step.pick)

    def live(self, steps: list[Step]) -> "Life":
        for step in steps:
            self.take(step)
        return self

    def catch_up(self) -> None:
        """Time has its effect on every session, and each follows the policy in force."""
        for chat in self.chats:
            for session in list(chat.sessions):
                chat.do(c.Tick(session=session), self.now)

    def instant(self, step: Step) -> datetime:
        """When the step is taken."""
        chat = self.chats[step.chat]
        dues = sorted(due for facts in chat.sessions.values() if (due := chat.due(facts)) is not None)
        if step.around == "due" and dues:
            return max(self.now, dues[0 if step.pick else -1] + step.by)
        return max(self.now, self.now + step.by)

    @property
    def sessions(self) -> dict[Any, Facts]:
        return {facts.id: facts for facts in self.portal.sessions()}


Deed = Callable[[Life, Chat, int], Decision | None]


def _of(chat: Chat, pick: int) -> dict[str, Any]:
    """Aimed at one of the chat's sessions, as the API does; most have ended."""
    sessions = list(chat.sessions)
    return {"session": sessions[pick % len(sessions)]} if sessions else {}


def _open(life: Life, chat: Chat, **values: Any) -> Decision:
    return chat.starts(life.now, version=life.version, **values)


def _answers(life: Life, chat: Chat, *texts: str, **values: Any) -> Decision:
    return chat.answers(life.now, *texts, **values) if chat.waiting else chat.sweeps(life.now)


def _imported(life: Life, chat: Chat, pick: int) -> Decision:
    said_at = life.now - timedelta(hours=pick)
    return chat.says(life.now, at=said_at) if pick % 2 else chat.hears(life.now, Sender.HUMAN, at=said_at)


def _saves(life: Life, chat: Chat, pick: int, reach: Reach) -> None:
    draft = life.drafts[pick % len(life.drafts)]
    life.portal.saves(life.now, draft, agent=chat.thread.agent.id, reach=reach)


def _switches(life: Life, chat: Chat, pick: int) -> None:
    life.portal.changes(chat.thread.agent.id, active=pick > 0)


def _notes(life: Life, chat: Chat, pick: int) -> Decision:
    return chat.notes(life.now, basket=[pick] if pick else None) if chat.sessions else chat.sweeps(life.now)


def _other(chat: Chat) -> int:
    return BILLING if chat.thread.agent.id == SHOP else SHOP


BY_HAND = (EndReason.USER_ENDED, EndReason.OWNER_ENDED, EndReason.ADMIN_ENDED, EndReason.ERASED)
MODELS = ("large", "small", None, "none that there is")
DEEDS: dict[str, Deed] = {
    "look": lambda life, chat, pick: chat.sweeps(life.now),
    "look at one": lambda life, chat, pick: chat.do(c.Tick(**_of(chat, pick)), life.now),
    "sweep": lambda life, chat, pick: life.portal.sweeps(life.now),
    "open": lambda life, chat, pick: _open(life, chat),
    "start with prompt": lambda life, chat, pick: _open(life, chat, prompt="yes", **_of(chat, pick)),
    "say": lambda life, chat, pick: chat.says(life.now),
    "say by a button": lambda life, chat, pick: chat.says(life.now, kind=Kind.POSTBACK, **_of(chat, pick)),
    "import": _imported,
    "bot says": lambda life, chat, pick: chat.hears(life.now, Sender.BOT),
    "bot prompts": lambda life, chat, pick: chat.hears(life.now, Sender.BOT, Kind.PRESET),
    "human says": lambda life, chat, pick: chat.hears(life.now, Sender.HUMAN, **_of(chat, pick)),
    "bot answers": lambda life, chat, pick: _answers(life, chat, "well"),
    "bot answers nothing": lambda life, chat, pick: _answers(life, chat),
    "bot fails": lambda life, chat, pick: _answers(life, chat, "sorry", failure="broken"),
    "bot says good-bye": lambda life, chat, pick: _answers(life, chat, "bye", ends_session=True),
    "bot wants a human": lambda life, chat, pick: _answers(life, chat, "wait", wants_human=True),
    "pause": lambda life, chat, pick: chat.pauses(life.now),
    "resume": lambda life, chat, pick: chat.resumes(life.now),
    "extend": lambda life, chat, pick: chat.extends(life.now),
    "end": lambda life, chat, pick: chat.ends(life.now, BY_HAND[pick % len(BY_HAND)], **_of(chat, pick)),
    "clear history": lambda life, chat, pick: chat.clears(life.now),
    "take over": lambda life, chat, pick: chat.taken_over(life.now, OTTO if pick == 1 else HANNA),
    "hand back": lambda life, chat, pick: chat.handed_back(life.now, **_of(chat, pick)),
    "transfer": lambda life, chat, pick: chat.transfers(life.now, _other(chat)),
    "call off": lambda life, chat, pick: chat.calls_off(life.now),
    "set model": lambda life, chat, pick: chat.runs_on(life.now, MODELS[pick % len(MODELS)]),
    "set language": lambda life, chat, pick: chat.do(c.SetLanguage(actor=c.USER, language="de"), life.now),
    "change data": _notes,
    "fast-forward": lambda life, chat, pick: chat.fast_forwards(life.now, timedelta(minutes=29 * pick)),
    "save a policy for all": lambda life, chat, pick: _saves(life, chat, pick, Reach.RUNNING),
    "save a policy for new ones": lambda life, chat, pick: _saves(life, chat, pick, Reach.NEW),
    "switch the agent off or on": _switches,
}
# What may come before a deed: in most states of a chat most deeds are refused.
SCENES = (
    *((), ("say",), ("say", "bot answers"), ("say", "say"), ("say", "pause"), ("say", "pause", "say"), ("open",)),
    *(("say", "take over"), ("say", "take over", "say"), ("say", "transfer"), ("say", "pause", "say", "transfer")),
    *(("say", "transfer", "say"), ("pause", "resume"), ("say", "save a policy for all")),
)


def lives() -> st.SearchStrategy[Life]:
    return st.builds(
        Life,
        *(POLICIES for _ in range(3)),
        version=st.sampled_from(["LIVE", "LIVE", "DRAFT"]),
        prompt=st.sampled_from([INTENT, PRESET, NO_PROMPT]),
        answers=st.booleans(),
    )


def steps(*deeds: str) -> st.SearchStrategy[list[Step]]:
    """Of any deeds, unless some are named."""
    named = [scene for scene in SCENES if not deeds or set(scene) <= set(deeds)]
    then = st.lists(_step(deeds or tuple(DEEDS)), min_size=1, max_size=3)
    acts = st.builds(_act, st.sampled_from(named), then, chat=st.sampled_from([0, 0, 1, 2]))
    # Hypothesis prefers short lists, and little happens in them.
    return st.lists(acts, min_size=5, max_size=10).map(lambda found: list(chain.from_iterable(found)))


def _act(scene: tuple[str, ...], then: list[Step], *, chat: int) -> list[Step]:
    """A scene in quick succession and what comes after it, in one chat."""
    quick = (Step(deed=deed, chat=chat, around="now", by=SECOND, pick=then[0].pick) for deed in scene)
    return [*quick, *(replace(step, chat=chat) for step in then)]


def _step(deeds: Sequence[str]) -> st.SearchStrategy[Step]:
    about = {"deed": st.sampled_from(deeds), "chat": st.just(0), "pick": st.integers(0, 3)}
    soon = st.builds(Step, around=st.just("now"), by=st.timedeltas(0 * SECOND, 50 * SECOND), **about)
    later = st.builds(Step, around=st.just("now"), by=st.timedeltas(0 * SECOND, timedelta(hours=6)), **about)
    close = st.sampled_from([-MICROSECOND, 0 * MICROSECOND, MICROSECOND])
    due = st.builds(Step, around=st.just("due"), by=close, **about)
    much_later = st.builds(Step, around=st.just("now"), by=st.sampled_from([days(1), days(31), days(400)]), **about)
    return st.one_of(*[soon] * 7, *[due] * 3, later, much_later)
