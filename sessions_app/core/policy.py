"""The session policy: its settings, their defaults and their bounds, as data, once (1-product.md, "Session policy").

Forms, the API schema, help texts and the database's constraints are derived from `SETTINGS`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum
from typing import Any, Literal

from portal.agents.core.platforms import Platform
from portal.lib import durations

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


class EndBehavior(StrEnum):
    KEEP_HISTORY = "keep_history"
    CLEAR_HISTORY = "clear_history"


class WhenFull(StrEnum):
    REFUSE = "refuse"
    END_LONGEST_IDLE = "end_longest_idle"


class Reach(StrEnum):
    """Which sessions a version of a policy is for."""

    RUNNING = "running"  # those that are open when it is saved, too
    NEW = "new"  # those that start after that


@dataclass(frozen=True, slots=True)
class Policy:
    """The settings one session runs under. Values are within the bounds of their platform."""

    session_duration: timedelta
    end_behavior: EndBehavior
    idle_timeout: timedelta
    max_duration: timedelta
    max_concurrent_per_user: int | None
    when_full: WhenFull
    auto_archive_after: timedelta
    allow_model_override: bool
    warn_before: timedelta
    session_data_retention: timedelta
    transcript_retention: timedelta | None


Kind = Literal["duration", "days", "choice", "count", "flag"]
Bounds = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: what it is called, what it does, its default and bounds, with what differs per platform."""

    field: str
    title: str
    effect: str
    kind: Kind
    default: Any
    bounds: Bounds | None = None
    blank: str | None = None  # what an empty value means; None: it may not be empty
    off: bool = False  # whether zero, "off", is allowed besides the bounds
    choices: type[StrEnum] | None = None
    default_on: Mapping[Platform, Any] | None = None
    bounds_on: Mapping[Platform, Bounds] | None = None

    def default_for(self, platform: Platform) -> Any:
        return (self.default_on or {}).get(platform, self.default)

    def bounds_for(self, platform: Platform) -> Bounds | None:
        return (self.bounds_on or {}).get(platform, self.bounds)

    def range_words(self, platform: Platform) -> str:
        """ "1 to 20 minutes", "20 seconds to 10 minutes, or 0 for off"; empty for choices and flags."""
        bounds = self.bounds_for(platform)
        if bounds is None:
            return ""
        words = _range_words(*bounds)
        return words + (", or 0 for off" if self.off else "") + (f", or blank for {self.blank}" if self.blank else "")


SETTINGS: tuple[Setting, ...] = (
    Setting(
        "session_duration",
        "Session duration",
        "Time between the last interaction and the end of the session.",
        "duration",
        default=60 * MINUTE,
        bounds=(MINUTE, 1440 * MINUTE),
        default_on={Platform.DIALOGFLOW_CX: 30 * MINUTE, Platform.DIALOGFLOW_ES: 20 * MINUTE},
        bounds_on={Platform.DIALOGFLOW_ES: (MINUTE, 20 * MINUTE)},
    ),
    Setting(
        "end_behavior",
        "End of session behaviour",
        "What the user sees when a session reaches its limit.",
        "choice",
        default=EndBehavior.KEEP_HISTORY,
        choices=EndBehavior,
    ),
    Setting(
        "idle_timeout",
        "Idle timeout",
        "After this much inactivity a live session shows as idle. The bot is still there.",
        "duration",
        default=30 * MINUTE,
        bounds=(MINUTE, 1440 * MINUTE),
    ),
    Setting(
        "max_duration",
        "Max duration",
        "Hard cap on the whole session, however active it is. Pauses do not count.",
        "duration",
        default=4 * HOUR,
        bounds=(MINUTE, 30 * DAY),
    ),
    Setting(
        "max_concurrent_per_user",
        "Max concurrent per user",
        "How many open sessions one user can have with this agent.",
        "count",
        default=None,
        bounds=(1, 1000),
        blank="unlimited",
    ),
    Setting(
        "when_full",
        "When the user is at that limit",
        "Refuse the new session, or end the one that has been idle longest.",
        "choice",
        default=WhenFull.REFUSE,
        choices=WhenFull,
    ),
    Setting(
        "auto_archive_after",
        "Auto-archive after",
        "Days an ended session stays before it is removed from the list.",
        "days",
        default=30 * DAY,
        bounds=(DAY, 3650 * DAY),
    ),
    Setting(
        "allow_model_override",
        "Allow per-session model override",
        "When on, admins can pick a different model for one specific session.",
        "flag",
        default=False,
    ),
    Setting(
        "warn_before",
        "Warn before expiry",
        "How long before the end the user is warned; at half the session duration at most.",
        "duration",
        default=MINUTE,
        bounds=(timedelta(seconds=20), 10 * MINUTE),
        off=True,
    ),
    Setting(
        "session_data_retention",
        "Keep session data",
        "Days after the user's last activity.",
        "days",
        default=30 * DAY,
        bounds=(DAY, 3650 * DAY),
    ),
    Setting(
        "transcript_retention",
        "Keep transcripts",
        "Days after the user's last activity.",
        "days",
        default=365 * DAY,
        bounds=(DAY, 3650 * DAY),
        blank="keeping them",
    ),
)
BY_FIELD: Mapping[str, Setting] = {setting.field: setting for setting in SETTINGS}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that is not within its bounds, and the sentence that says so wherever it was typed."""

    field: str
    sentence: str


def default_policy(platform: Platform) -> Policy:
    return Policy(**{setting.field: setting.default_for(platform) for setting in SETTINGS})


def refusals(policy: Policy, platform: Platform) -> tuple[Refusal, ...]:
    """Every value outside its bounds on this platform, in the order of the settings."""
    return tuple(_refusals(policy, platform))


def _refusals(policy: Policy, platform: Platform) -> Iterator[Refusal]:
    for setting in SETTINGS:
        if not _fits(setting, getattr(policy, setting.field), platform):
            where = f" on {platform.label}" if setting.bounds_on else ""
            what = setting.range_words(platform) or "one of its choices"
            yield Refusal(setting.field, f"{setting.title}{where} is {what}.")


def _fits(setting: Setting, value: Any, platform: Platform) -> bool:
    bounds = setting.bounds_for(platform)
    if value is None:
        return setting.blank is not None
    if setting.choices is not None:
        return value in tuple(setting.choices)
    if bounds is None or (setting.off and not value):
        return True
    return bool(bounds[0] <= value <= bounds[1])


def changes(old: Policy, new: Policy) -> dict[str, tuple[Any, Any]]:
    """Field → (old, new) of every setting that differs, in their order."""
    pairs = ((f.name, getattr(old, f.name), getattr(new, f.name)) for f in fields(Policy))
    return {name: (was, now) for name, was, now in pairs if was != now}


def advice(policy: Policy, platform: Platform) -> tuple[str, ...]:
    """What is allowed and still worth a sentence. Never an error."""
    return tuple(_advice(policy, platform))


def _advice(policy: Policy, platform: Platform) -> Iterator[str]:
    duration = policy.session_duration
    if policy.idle_timeout >= duration:
        yield (
            "Sessions end before anyone sees them idle: the idle timeout is not shorter than the session duration."
            + _half_offered(duration, platform)
        )
    if platform is Platform.DIALOGFLOW_CX and duration == 1440 * MINUTE:
        yield "24 hours is Dialogflow CX's own limit: its context may already be gone when the session ends."
    elif platform is Platform.DIALOGFLOW_CX and duration > 30 * MINUTE:
        yield "Above 30 minutes Portal sends the matching session TTL to Dialogflow CX with every query."
    if not policy.warn_before:
        yield "Without a warning some users lose what they were doing (WCAG 2.2.1, Timing Adjustable)."


def _half_offered(duration: timedelta, platform: Platform) -> str:
    """Half the session duration is a good idle timeout, where it can be one."""
    half = duration / 2
    return f" Half of it would be {durations.words(half)}." if _fits(BY_FIELD["idle_timeout"], half, platform) else ""


def _range_words(low: Any, high: Any) -> str:
    if isinstance(low, int):
        return f"{low} to {high}"
    if high <= 1440 * MINUTE and low >= MINUTE:
        return f"{low // MINUTE} to {high // MINUTE} minutes"
    if low % DAY == timedelta(0):
        return f"{low // DAY} to {high // DAY} days"
    return f"{durations.words(low)} to {durations.words(high)}"
