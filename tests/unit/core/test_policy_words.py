"""A policy in words, and what it means for a session (7-screens.md, 22 to 25)."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal.agents.core.platforms import Platform
from portal.lib import durations
from sessions_app.core import policy_words
from sessions_app.core.outlook import outlook
from sessions_app.core.policy import BY_FIELD, SETTINGS, EndBehavior, Policy, Setting, WhenFull, default_policy

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def policy(**values: Any) -> Policy:
    return replace(default_policy(Platform.DIALOGFLOW_CX), **values)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("session_duration", 90 * MINUTE, "1 hour 30 minutes"),
        ("session_duration", DAY, "24 hours"),
        ("max_duration", 30 * DAY, "30 days"),
        ("auto_archive_after", DAY, "1 day"),
        ("max_concurrent_per_user", None, "Unlimited"),
        ("max_concurrent_per_user", 3, "3"),
        ("transcript_retention", None, "No limit"),
        ("warn_before", timedelta(0), "Off"),
        ("warn_before", timedelta(seconds=20), "20 seconds"),
        ("end_behavior", EndBehavior.CLEAR_HISTORY, "Clear history"),
        ("when_full", WhenFull.REFUSE, "Refuse the new one"),
        ("allow_model_override", True, "On"),
        ("allow_model_override", False, "Off"),
    ],
)
def test_a_value_is_said_back(field: str, value: Any, words: str) -> None:
    assert policy_words.value(BY_FIELD[field], value) == words


@pytest.mark.parametrize("setting", [s for s in SETTINGS if s.kind in ("duration", "days")], ids=lambda s: s.field)
def test_what_stands_in_a_box_reads_back_as_the_value(setting: Setting) -> None:
    assert setting.bounds is not None
    unit: Any = "days" if setting.kind == "days" else "minutes"
    for value in (*setting.bounds, setting.default):
        assert durations.parse(policy_words.typed(setting, value), bare_unit=unit) == value


def test_a_blank_value_stands_as_an_empty_box() -> None:
    assert policy_words.typed(BY_FIELD["max_concurrent_per_user"], None) == ""


def test_range_and_default_are_said_together() -> None:
    duration, limit = BY_FIELD["session_duration"], BY_FIELD["max_concurrent_per_user"]
    on_es = "1 to 20 minutes on Dialogflow ES. Default: 20 minutes."
    assert policy_words.allowed(duration, Platform.DIALOGFLOW_ES) == on_es
    assert policy_words.allowed(limit, Platform.SCRIPTED) == "1 to 1000, or blank for unlimited. Default: unlimited."
    assert policy_words.allowed(BY_FIELD["end_behavior"], Platform.SCRIPTED) == "Default: keep history."


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "ends after 30 minutes, at most 4 hours · keeps history"),
        (
            {"idle_timeout": 10 * MINUTE},
            "idle after 10 minutes · ends after 30 minutes, at most 4 hours · keeps history",
        ),
        ({"end_behavior": EndBehavior.CLEAR_HISTORY}, "ends after 30 minutes, at most 4 hours · clears history"),
    ],
)
def test_the_whole_in_one_line(values: dict[str, Any], said: str) -> None:
    assert policy_words.summary(policy(**values)) == said


# ── what happens after the last message ────────────────────────────────────────────────────────────────────────────
def moments(**values: Any) -> list[tuple[str, timedelta]]:
    return [(moment.name, moment.after) for moment in outlook(policy(**values))]


def test_warning_idle_and_end_follow_the_message_in_time() -> None:
    assert moments(idle_timeout=10 * MINUTE)[:4] == [
        ("message", timedelta(0)),
        ("idle", 10 * MINUTE),
        ("warning", 29 * MINUTE),
        ("ended", 30 * MINUTE),
    ]


def test_at_one_instant_idle_comes_before_the_end() -> None:
    assert [name for name, _ in moments(idle_timeout=4 * HOUR, warn_before=timedelta(0))][:3] == [
        "message",
        "idle",
        "ended",
    ]


def test_the_warning_comes_at_half_the_duration_at_the_earliest() -> None:
    assert ("warning", 5 * MINUTE) in moments(session_duration=10 * MINUTE, warn_before=10 * MINUTE)


def test_without_a_warning_none_is_promised() -> None:
    assert "warning" not in dict(moments(warn_before=timedelta(0)))


def test_a_cap_shorter_than_the_duration_is_what_ends_it() -> None:
    (end,) = [m for m in outlook(policy(max_duration=5 * MINUTE)) if m.name == "ended"]
    assert (end.after, end.setting) == (5 * MINUTE, "max_duration")


def test_transcripts_without_a_limit_are_never_erased() -> None:
    assert "transcript_erased" not in dict(moments(transcript_retention=None))
    assert moments()[-1] == ("transcript_erased", 365 * DAY)
