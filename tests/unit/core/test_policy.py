"""1-product.md, "Session policy": defaults, bounds from both sides, and the sentences about them."""

from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from portal.agents.core.platforms import Platform
from sessions_app.core.policy import (
    BY_FIELD,
    SETTINGS,
    EndBehavior,
    Policy,
    WhenFull,
    advice,
    changes,
    default_policy,
    refusals,
)

CX, ES, OPENAI, SCRIPTED, EXTERNAL = Platform
OTHERS = (OPENAI, SCRIPTED, EXTERNAL)
MINUTE, DAY, TICK = timedelta(minutes=1), timedelta(days=1), timedelta(microseconds=1)

DURATION_CX = "Session duration on Dialogflow CX is 1 to 1440 minutes."
DURATION_ES = "Session duration on Dialogflow ES is 1 to 20 minutes."
CONCURRENT = "Max concurrent per user is 1 to 1000, or blank for unlimited."
WARNING = "Warn before expiry is 20 seconds to 10 minutes, or 0 for off."


def sentences(platform: Platform = CX, /, **values: Any) -> list[str]:
    policy = replace(default_policy(platform), **values)
    return [refusal.sentence for refusal in refusals(policy, platform)]


def test_the_defaults_are_those_of_the_table() -> None:
    assert default_policy(CX) == Policy(
        session_duration=30 * MINUTE,
        end_behavior=EndBehavior.KEEP_HISTORY,
        idle_timeout=30 * MINUTE,
        max_duration=240 * MINUTE,
        max_concurrent_per_user=None,
        when_full=WhenFull.REFUSE,
        auto_archive_after=30 * DAY,
        allow_model_override=False,
        warn_before=MINUTE,
        session_data_retention=30 * DAY,
        transcript_retention=365 * DAY,
    )


@pytest.mark.parametrize(("platform", "count"), [(CX, 30), (ES, 20), *((other, 60) for other in OTHERS)])
def test_the_default_duration_depends_on_the_platform_and_nothing_else_does(platform: Platform, count: int) -> None:
    assert default_policy(platform) == replace(default_policy(CX), session_duration=count * MINUTE)


@pytest.mark.parametrize("platform", Platform)
def test_the_defaults_are_within_their_bounds(platform: Platform) -> None:
    assert refusals(default_policy(platform), platform) == ()


def test_every_setting_of_a_policy_is_described_once_in_its_order() -> None:
    assert [setting.field for setting in SETTINGS] == [field.name for field in fields(Policy)]
    assert all(setting.title and setting.effect for setting in SETTINGS)


@pytest.mark.parametrize(
    ("platform", "field", "low", "high", "sentence"),
    [
        # Session duration: CX 1–1440 min · ES 1–20 min · others 1–1440 min
        (CX, "session_duration", MINUTE, 1440 * MINUTE, DURATION_CX),
        (ES, "session_duration", MINUTE, 20 * MINUTE, DURATION_ES),
        *((other, "session_duration", MINUTE, 1440 * MINUTE, "1 to 1440 minutes.") for other in OTHERS),
        # Idle timeout: 1–1440 min
        (ES, "idle_timeout", MINUTE, 1440 * MINUTE, "Idle timeout is 1 to 1440 minutes."),
        # Max duration: 1 min – 30 days
        (CX, "max_duration", MINUTE, 30 * DAY, "Max duration is 1 minute to 30 days."),
        # Auto-archive after: 1–3650 days
        (CX, "auto_archive_after", DAY, 3650 * DAY, "Auto-archive after is 1 to 3650 days."),
        # Warn before expiry: 20 s – 10 min
        (CX, "warn_before", timedelta(seconds=20), 10 * MINUTE, WARNING),
        # Keep session data: 1–3650 days
        (CX, "session_data_retention", DAY, 3650 * DAY, "Keep session data is 1 to 3650 days."),
        # Keep transcripts: 1–3650 days or blank = keep
        (CX, "transcript_retention", DAY, 3650 * DAY, "Keep transcripts is 1 to 3650 days, or blank for keeping them."),
    ],
)
def test_bounds(platform: Platform, field: str, low: timedelta, high: timedelta, sentence: str) -> None:
    assert sentences(platform, **{field: low}) == sentences(platform, **{field: high}) == []
    for outside in (low - TICK, high + TICK):
        (refused,) = sentences(platform, **{field: outside})
        assert refused.endswith(sentence)


def test_concurrency_is_1_to_1000_or_unlimited() -> None:
    for allowed in (1, 1000, None):
        assert sentences(max_concurrent_per_user=allowed) == []
    for outside in (0, -1, 1001):
        assert sentences(max_concurrent_per_user=outside) == [CONCURRENT]


def test_the_warning_can_be_off_but_not_before_it_began() -> None:
    assert sentences(warn_before=timedelta(0)) == []
    assert sentences(warn_before=-TICK) == sentences(warn_before=TICK) == [WARNING]


@pytest.mark.parametrize("field", [s.field for s in SETTINGS if s.kind in ("duration", "days")])
def test_only_what_may_be_blank_may_be_blank(field: str) -> None:
    assert bool(sentences(**{field: None})) == (field != "transcript_retention")


def test_what_may_be_off_is_the_warning_alone() -> None:
    assert [setting.field for setting in SETTINGS if setting.off] == ["warn_before"]


def test_a_choice_is_one_of_its_choices() -> None:
    assert sentences(end_behavior="burn") == ["End of session behaviour is one of its choices."]
    assert sentences(end_behavior="clear_history", when_full=WhenFull.END_LONGEST_IDLE) == []


def test_every_value_that_does_not_fit_is_named_in_the_order_of_the_settings() -> None:
    assert sentences(ES, session_duration=21 * MINUTE, warn_before=TICK, max_concurrent_per_user=0) == [
        *(DURATION_ES, CONCURRENT, WARNING),
    ]


def test_a_refusal_names_its_field() -> None:
    policy = replace(default_policy(CX), idle_timeout=timedelta(0))
    assert [refusal.field for refusal in refusals(policy, CX)] == ["idle_timeout"]


def test_a_policy_that_fits_one_platform_may_not_fit_another() -> None:
    assert refusals(default_policy(CX), CX) == ()
    assert [refusal.sentence for refusal in refusals(default_policy(CX), ES)] == [DURATION_ES]


@pytest.mark.parametrize("platform", Platform)
def test_the_bounds_in_words_are_the_bounds_of_the_platform(platform: Platform) -> None:
    longest = 20 if platform is ES else 1440
    assert BY_FIELD["session_duration"].range_words(platform) == f"1 to {longest} minutes"
    assert BY_FIELD["end_behavior"].range_words(platform) == ""


# ── advice: never an error
NEVER_IDLE = "Sessions end before anyone sees them idle: the idle timeout is not shorter than the session duration."
AT_THE_LIMIT = "24 hours is Dialogflow CX's own limit: its context may already be gone when the session ends."
TTL = "Above 30 minutes Portal sends the matching session TTL to Dialogflow CX with every query."
NO_WARNING = "Without a warning some users lose what they were doing (WCAG 2.2.1, Timing Adjustable)."
QUIET = {"idle_timeout": MINUTE}


@pytest.mark.parametrize(
    ("platform", "values", "advised"),
    [
        # idle timeout at or above the session duration, as with Dialogflow's defaults: half is offered
        (CX, {}, [f"{NEVER_IDLE} Half of it would be 15 minutes."]),
        (ES, {}, [f"{NEVER_IDLE} Half of it would be 10 minutes."]),
        (OPENAI, {}, []),
        # … but not a half that would be refused
        (OPENAI, {"session_duration": MINUTE}, [NEVER_IDLE]),
        (OPENAI, {"session_duration": 2 * MINUTE}, [f"{NEVER_IDLE} Half of it would be 1 minute."]),
        # … and nothing just below
        (CX, {"idle_timeout": 30 * MINUTE - TICK}, []),
        # CX at exactly 1440 minutes
        (CX, {"session_duration": 1440 * MINUTE}, [AT_THE_LIMIT]),
        (CX, {"session_duration": 1440 * MINUTE - TICK}, [TTL]),
        # CX above 30 minutes
        (CX, QUIET | {"session_duration": 30 * MINUTE + TICK}, [TTL]),
        (CX, QUIET | {"session_duration": 30 * MINUTE}, []),
        # elsewhere neither
        (SCRIPTED, {"session_duration": 1440 * MINUTE}, []),
        # warning off
        (SCRIPTED, {"warn_before": timedelta(0)}, [NO_WARNING]),
        # all there is to say
        (CX, {"warn_before": timedelta(0)}, [f"{NEVER_IDLE} Half of it would be 15 minutes.", NO_WARNING]),
    ],
)
def test_advice(platform: Platform, values: dict[str, Any], advised: list[str]) -> None:
    policy = replace(default_policy(platform), **values)
    assert list(advice(policy, platform)) == advised
    assert refusals(policy, platform) == ()


def test_changes_are_old_and_new_in_the_order_of_the_settings() -> None:
    old = default_policy(CX)
    new = replace(old, transcript_retention=None, idle_timeout=5 * MINUTE, max_concurrent_per_user=3)

    found = changes(old, new)
    assert found == {
        "idle_timeout": (30 * MINUTE, 5 * MINUTE),
        "max_concurrent_per_user": (None, 3),
        "transcript_retention": (365 * DAY, None),
    }
    assert list(found) == ["idle_timeout", "max_concurrent_per_user", "transcript_retention"]
    assert changes(old, replace(old)) == {}
