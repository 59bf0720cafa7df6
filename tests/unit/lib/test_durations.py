"""Durations as people and programs write them."""

from datetime import timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.lib import durations
from portal.lib.durations import NotADuration

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))
any_duration = st.timedeltas(timedelta(0), durations.LONGEST)
whole_seconds = st.integers(0, int(durations.LONGEST.total_seconds())).map(lambda n: timedelta(seconds=n))


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("30m", 30 * MINUTE),
        ("30M", 30 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1h30", 90 * MINUTE),
        ("1 h 30", 90 * MINUTE),
        ("90", 90 * MINUTE),
        ("0", timedelta(0)),
        ("1.5", 90 * SECOND),
        ("4:00", 4 * HOUR),
        ("0:30", 30 * MINUTE),
        ("1:30:15", 90 * MINUTE + 15 * SECOND),
        ("100:00", 100 * HOUR),
        ("PT30M", 30 * MINUTE),
        ("pt30m", 30 * MINUTE),
        ("PT24H", DAY),
        ("PT1H30M", 90 * MINUTE),
        ("PT90S", 90 * SECOND),
        ("PT0.5H", 30 * MINUTE),
        ("PT0,5H", 30 * MINUTE),
        ("PT0.000001S", timedelta(microseconds=1)),
        ("P30D", 30 * DAY),
        ("P1DT12H", 36 * HOUR),
        ("P2W", 14 * DAY),
        ("30d", 30 * DAY),
        ("30 days", 30 * DAY),
        ("1 day", DAY),
        ("2 weeks", 14 * DAY),
        ("1 hour 30 minutes", 90 * MINUTE),
        ("1 Hour, 30 Minutes", 90 * MINUTE),
        ("1 hour and 30 minutes", 90 * MINUTE),
        ("1 hr 5 mins 2 secs", 65 * MINUTE + 2 * SECOND),
        ("1.5h", 90 * MINUTE),
        ("1,5 h", 90 * MINUTE),
        ("20 sec", 20 * SECOND),
        ("  20s\n", 20 * SECOND),
        ("٣٠m", 30 * MINUTE),  # Arabic digits
        ("٤:٠٠", 4 * HOUR),
        ("３０", 30 * MINUTE),  # full width
    ],
)
def test_what_people_type_in_a_form_is_read(text, duration):
    assert durations.parse(text, bare_unit="minutes") == duration


@pytest.mark.parametrize(("unit", "duration"), [("seconds", 90 * SECOND), ("minutes", 90 * MINUTE), ("days", 90 * DAY)])
def test_a_bare_number_has_the_unit_of_its_place(unit, duration):
    assert durations.parse("90", bare_unit=unit) == duration
    assert durations.parse(90, bare_unit=unit) == duration


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("", "missing"),
        ("   ", "missing"),
        ("soon", "“soon” is not a duration"),
        ("x" * 101, "too long"),
        ("9" * 5_000, "too long"),
        ("-5", "negative"),
        ("−5m", "negative"),
        (-1, "negative"),
        ("-PT5M", "negative"),
        ("9" * 100, "100 years"),
        ("36501d", "100 years"),
        (10**400, "100 years"),
        ("P1M", "Years and months"),
        ("P1Y2M3DT4H", "Years and months"),
        ("P", "not a duration"),
        ("PT", "not a duration"),
        ("P1DT", "not a duration"),
        ("P1H", "not a duration"),
        ("nan", "not a duration"),
        ("inf", "not a duration"),
        ("1e3", "not a duration"),
        ("0x10", "not a duration"),
        ("1_000", "not a duration"),
        ("1,500", "not a duration"),  # fifteen hundred, or one and a half?
        ("4:60", "not a duration"),
        ("4:", "not a duration"),
        ("4:5", "not a duration"),
        (",", "not a duration"),
        (" and ", "not a duration"),
        ("30m 1h", "not a duration"),
        ("1h 1h", "not a duration"),
        ("1 hour 30 mice", "not a duration"),
        ("m", "not a duration"),
        ("½ h", "not a duration"),
        ("30m\0", "not a duration"),
        (True, "whole number"),
        (1.5, "whole number"),
        (float("nan"), "whole number"),
        (None, "whole number"),
    ],
)
def test_what_is_no_duration_is_refused_in_words(given, words):
    with pytest.raises(NotADuration, match=words):
        durations.parse(given, bare_unit="minutes")


def test_a_refusal_names_what_is_taken_in_this_place():
    with pytest.raises(
        NotADuration, match=r"30m, 1h 30m, 4:00 \(hours and minutes\), 90 \(seconds\), 30 days or PT30M"
    ):
        durations.parse("soon", bare_unit="seconds")


@pytest.mark.parametrize(
    ("duration", "iso", "words", "short", "clock"),
    [
        (timedelta(0), "PT0S", "0 seconds", "0s", "0:00"),
        (SECOND, "PT1S", "1 second", "1s", "0:01"),
        (20 * SECOND, "PT20S", "20 seconds", "20s", "0:20"),
        (30 * MINUTE, "PT30M", "30 minutes", "30m", "30:00"),
        (29 * MINUTE + 48 * SECOND, "PT29M48S", "29 minutes 48 seconds", "29m 48s", "29:48"),
        (90 * MINUTE, "PT1H30M", "1 hour 30 minutes", "1h 30m", "1:30:00"),
        (4 * HOUR, "PT4H", "4 hours", "4h", "4:00:00"),
        (HOUR + 50 * SECOND, "PT1H0M50S", "1 hour 50 seconds", "1h 50s", "1:00:50"),
        (DAY, "PT24H", "24 hours", "24h", "24:00:00"),
        (36 * HOUR, "PT36H", "36 hours", "36h", "36:00:00"),
        (60 * HOUR, "PT60H", "2 days 12 hours", "2d 12h", "2d 12:00:00"),
        (30 * DAY, "PT720H", "30 days", "30d", "30d 0:00:00"),
    ],
)
def test_a_duration_is_written(duration, iso, words, short, clock):
    assert durations.iso(duration) == iso
    assert durations.words(duration) == words
    assert durations.short(duration) == short
    assert durations.clock(duration) == clock


def test_settings_in_days_are_written_in_days():
    assert durations.iso(30 * DAY, days=True) == "P30D"
    assert durations.iso(36 * HOUR, days=True) == "PT36H"
    assert durations.iso(timedelta(0), days=True) == "PT0S"
    assert durations.words(DAY, days=True) == "1 day"
    assert durations.short(DAY, days=True) == "1d"


def test_parts_of_a_second_are_kept_by_programs_only():
    duration = timedelta(seconds=1, milliseconds=500)
    assert durations.iso(duration) == "PT1.5S"
    assert durations.words(duration) == "1 second"
    assert durations.clock(duration) == "0:01"


def test_a_countdown_that_is_over_stands_still():
    assert durations.clock(-5 * MINUTE) == "0:00"


def test_a_negative_duration_is_never_written_for_programs():
    with pytest.raises(ValueError, match="negative"):
        durations.iso(-SECOND)


@given(any_duration, st.booleans())
def test_what_programs_write_is_read_back(duration, days):
    assert durations.parse(durations.iso(duration, days=days), bare_unit="seconds") == duration


@given(any_duration)
def test_programs_never_see_a_day_unless_the_setting_is_in_days(duration):
    assert "D" not in durations.iso(duration)


@given(whole_seconds, st.booleans())
def test_what_people_read_is_read_back(duration, days):
    assert durations.parse(durations.words(duration, days=days), bare_unit="minutes") == duration
    assert durations.parse(durations.short(duration, days=days), bare_unit="minutes") == duration


@given(st.one_of(st.text(), st.from_regex(r"[pP]?[tT]?[\d.,:]*[ dhmswy]*[\d.,]*[dhmsw]?", fullmatch=True)))
@example("p")
@example("١:٣٠")
def test_any_text_is_a_duration_or_refused(text):
    try:
        duration = durations.parse(text, bare_unit="days")
    except NotADuration:
        return
    assert timedelta(0) <= duration <= durations.LONGEST
