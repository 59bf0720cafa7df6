"""Typing a policy: every bound from both sides on every platform, with the sentence of the core."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from portal.agents.core.platforms import Platform
from sessions_app.core import policy as core
from sessions_app.core.policy import BY_FIELD, SETTINGS, Setting, default_policy
from sessions_app.forms.policy import NOT_YET_ENFORCED, SECTIONS, PolicyForm, typed

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
BOUNDED = [setting for setting in SETTINGS if setting.bounds is not None]
CX, ES = Platform.DIALOGFLOW_CX, Platform.DIALOGFLOW_ES


def form(platform: Platform = CX, /, **changed: str) -> PolicyForm:
    return PolicyForm({**typed(default_policy(platform)), **changed}, platform=platform)


def text(value: Any) -> str:
    """A value as somebody might type it: exact to the second."""
    return f"{value // SECOND}s" if isinstance(value, timedelta) else str(value)


def sentence(setting: Setting, platform: Platform, value: Any) -> str:
    """What the core says to it."""
    policy = replace(default_policy(platform), **{setting.field: value})
    (refusal,) = core.refusals(policy, platform)
    return refusal.sentence


@pytest.mark.parametrize("platform", Platform)
@pytest.mark.parametrize("setting", BOUNDED, ids=lambda setting: setting.field)
def test_both_bounds_are_taken_and_what_is_beyond_them_is_not(setting: Setting, platform: Platform) -> None:
    low, high = setting.bounds_for(platform) or ()
    step = SECOND if isinstance(low, timedelta) else 1
    for inside in (low, high):
        filled = form(platform, **{setting.field: text(inside)})
        assert filled.is_valid(), filled.errors
        assert getattr(filled.policy, setting.field) == inside
    for outside in (low - step, high + step):
        filled = form(platform, **{setting.field: text(outside)})
        assert filled.errors == {setting.field: [sentence(setting, platform, outside)]}
        assert filled[setting.field].value() == text(outside)


def test_the_sentence_names_platform_and_bound() -> None:
    assert form(ES, session_duration="25m").errors == {
        "session_duration": ["Session duration on Dialogflow ES is 1 to 20 minutes."]
    }


@pytest.mark.parametrize(
    ("typed_text", "minutes"),
    [
        ("30m", 30),
        ("1h 30m", 90),
        ("90", 90),
        ("4:00", 240),
        ("PT30M", 30),
        (" 1 hour and 30 minutes ", 90),
        ("٤٥", 45),
    ],
)
def test_durations_are_read_as_people_and_programs_write_them(typed_text: str, minutes: int) -> None:
    filled = form(session_duration=typed_text)
    assert filled.is_valid(), filled.errors
    assert filled.policy.session_duration == timedelta(minutes=minutes)


def test_a_bare_number_is_days_where_days_are_the_unit() -> None:
    assert form(auto_archive_after="45").policy.auto_archive_after == 45 * DAY


@pytest.mark.parametrize("wrong", ["soon", "", "-5", "1e9", "P1M", "9" * 200, "<b>", "½h"])
def test_what_is_no_duration_is_said_and_stays(wrong: str) -> None:
    filled = form(session_duration=wrong)
    assert list(filled.errors) == ["session_duration"]
    assert filled["session_duration"].value() == wrong


@pytest.mark.parametrize("wrong", ["many", "1.5", "3 users", "9" * 5000, "²"])
def test_what_is_no_whole_number_is_said_and_stays(wrong: str) -> None:
    assert "is not a whole number" in form(max_concurrent_per_user=wrong).errors["max_concurrent_per_user"][0]


def test_blank_is_unlimited_and_never_where_it_may_not_be() -> None:
    filled = form(max_concurrent_per_user="", transcript_retention="")
    assert filled.is_valid()
    assert filled.policy.max_concurrent_per_user is None
    assert filled.policy.transcript_retention is None
    assert list(form(idle_timeout="").errors) == ["idle_timeout"]


def test_all_that_is_wrong_is_said_at_once() -> None:
    filled = form(session_duration="2d", idle_timeout="soon", max_concurrent_per_user="0", end_behavior="burn")
    assert set(filled.errors) == {"session_duration", "idle_timeout", "max_concurrent_per_user", "end_behavior"}
    assert filled.errors["end_behavior"] == ["End of session behaviour is one of its choices."]


def test_what_can_be_read_counts_while_the_rest_is_being_typed() -> None:
    filled = form(session_duration="20m", idle_timeout="so")
    assert filled.readable.session_duration == timedelta(minutes=20)
    assert filled.readable.idle_timeout == timedelta(minutes=30)


def test_each_box_says_back_what_it_means() -> None:
    said = {row.setting.field: row.echo for row in form(session_duration="1h30", idle_timeout="x").rows}
    assert said["session_duration"] == "1 hour 30 minutes"
    assert said["max_concurrent_per_user"] == "Unlimited (default)"
    assert said["idle_timeout"] == ""


def test_over_a_saved_policy_a_box_says_what_was_there() -> None:
    saved = default_policy(CX)
    filled = PolicyForm({**typed(saved), "session_duration": "20m"}, platform=CX, current=saved)
    row = next(row for row in filled.rows if row.setting.field == "session_duration")
    assert (row.echo, row.changed) == ("20 minutes · was 30 minutes", True)


def test_every_setting_has_its_place_on_the_page_once() -> None:
    placed = [field for _, fields in SECTIONS for field in fields]
    assert sorted(placed) == sorted(BY_FIELD)
    assert set(BY_FIELD) >= NOT_YET_ENFORCED


@pytest.mark.parametrize("platform", Platform)
def test_effect_range_and_default_stand_beside_every_box(platform: Platform) -> None:
    for row in PolicyForm(platform=platform).rows:
        about = row.field.help_text
        assert row.setting.effect in about or row.setting.effect.replace("'", "&#x27;") in about
        assert row.setting.range_words(platform).capitalize()[:10] in about
        assert "Default: " in about
