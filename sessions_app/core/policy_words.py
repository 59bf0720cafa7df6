"""A policy in words: values as they are said back, as they stand in a box, and the whole in one line."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any

from portal.agents.core.platforms import Platform
from portal.lib import durations
from sessions_app.core.policy import BY_FIELD, EndBehavior, Policy, Setting, WhenFull


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values of a choice: what it is called, and what it means for a user."""

    title: str
    effect: str


CHOICES: Mapping[StrEnum, Choice] = {
    EndBehavior.KEEP_HISTORY: Choice(
        "Keep history", "What was said stays. A line divides it from the new session, and the bot prompt follows."
    ),
    EndBehavior.CLEAR_HISTORY: Choice(
        "Clear history", "The chat starts empty, with the bot prompt. The log keeps what was said."
    ),
    WhenFull.REFUSE: Choice("Refuse the new one", "The user can close one of their open sessions, then go on."),
    WhenFull.END_LONGEST_IDLE: Choice(
        "End the longest idle", "The new session starts in its place. A live chat or a paused session is never ended."
    ),
}

_BLANK = {"max_concurrent_per_user": "Unlimited", "transcript_retention": "No limit"}


def value(setting: Setting, given: Any) -> str:
    """ "1 hour 30 minutes", "Unlimited", "Off", "Keep history"."""
    if given is None:
        return _BLANK[setting.field]
    if isinstance(given, timedelta):
        return durations.words(given, days=setting.kind == "days") if given or not setting.off else "Off"
    if isinstance(given, bool):
        return "On" if given else "Off"
    return CHOICES[given].title if setting.choices else str(given)


def typed(setting: Setting, given: Any) -> str:
    """What stands in the box of a value: "1h 30m", "30d", empty for blank. Reading it back gives the value."""
    if given is None:
        return ""
    if isinstance(given, timedelta):
        return durations.short(given, days=setting.kind == "days") if given else "0"
    if isinstance(given, bool):
        return "on" if given else ""
    return str(given)


def allowed(setting: Setting, platform: Platform) -> str:
    """The range and the default as sentences: "1 to 20 minutes on Dialogflow ES. Default 20 minutes."."""
    bounds = setting.range_words(platform)
    where = f" on {platform.label}" if bounds and setting.bounds_on else ""
    default = f"Default: {value(setting, setting.default_for(platform)).lower()}."
    return f"{bounds[:1].upper()}{bounds[1:]}{where}. {default}" if bounds else default


def summary(policy: Policy) -> str:
    """ "idle after 10 minutes · ends after 30 minutes, at most 4 hours · keeps history"."""
    ends = f"ends after {durations.words(policy.session_duration)}, at most {_longest(policy)}"
    keeps = "keeps history" if policy.end_behavior is EndBehavior.KEEP_HISTORY else "clears history"
    seen_idle = policy.idle_timeout < policy.session_duration
    idle = [f"idle after {durations.words(policy.idle_timeout)}"] if seen_idle else []
    return " · ".join([*idle, ends, keeps])


def _longest(policy: Policy) -> str:
    return value(BY_FIELD["max_duration"], policy.max_duration)
