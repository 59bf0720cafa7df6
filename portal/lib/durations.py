"""Durations in and out of what people and programs write.

| function | 90 minutes | 24 hours | 30 days |
|---|---|---|---|
| `iso` | PT1H30M | PT24H | PT720H, or P30D with `days` |
| `words` | 1 hour 30 minutes | 24 hours | 30 days |
| `short` | 1h 30m | 24h | 30d |
| `clock` | 1:30:00 | 24:00:00 | 30d 0:00:00 |

`parse` reads all of these back but the last: "4:00" in a form is four hours, and 29:48 on a countdown is minutes.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import Literal

BareUnit = Literal["seconds", "minutes", "days"]

LONGEST = timedelta(days=36_500)
LONGEST_TEXT = 100

_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
# Two decimals after a comma, as in “1,5 h”: with three it is a thousand to some and one and a bit to others.
_NUMBER = r"\d+(?:\.\d{1,6}|,\d{1,2})?"
_BARE = re.compile(_NUMBER)
_CLOCK = re.compile(r"(?P<hours>\d+)(?::| ?h ?)(?P<minutes>[0-5]\d)(?::(?P<seconds>[0-5]\d))?")
_ISO = re.compile(
    rf"p(?=.)(?:(?P<weeks>{_NUMBER})w)?(?:(?P<days>{_NUMBER})d)?"
    rf"(?:t(?=.)(?:(?P<hours>{_NUMBER})h)?(?:(?P<minutes>{_NUMBER})m)?(?:(?P<seconds>{_NUMBER})s)?)?"
)
_CALENDAR = re.compile(rf"p(?:{_NUMBER}[ym])+.*")
_WORDS = re.compile(
    r"(?: ?, ?| and | ?)".join(
        rf"(?:(?P<{unit}>{_NUMBER}) ?(?:{names})(?![a-z]))?"
        for unit, names in {
            "weeks": "weeks?|w",
            "days": "days?|d",
            "hours": "hours?|hrs?|h",
            "minutes": "minutes?|mins?|m",
            "seconds": "seconds?|secs?|s",
        }.items()
    )
)


class NotADuration(ValueError):
    """The text is a sentence for whoever typed it: what is wrong, and what is taken."""


def parse(given: str | int, *, bare_unit: BareUnit) -> timedelta:
    """`30m`, `1h 30m`, `1 hour and 30 minutes`, `4:00` (hours and minutes), `PT30M`, `P30D`, `30 days`, `1.5h`, or a
    number of `bare_unit`. Digits of any script, capitals or not. Raises NotADuration; never negative, at most LONGEST.
    """
    if isinstance(given, bool) or not isinstance(given, str | int):
        raise NotADuration(f"A duration is a text or a whole number. {_taken(bare_unit)}")
    seconds = _seconds(given, bare_unit) if isinstance(given, str) else Fraction(given) * _SECONDS[bare_unit]
    if seconds < 0:
        raise NotADuration(f"A duration cannot be negative. {_taken(bare_unit)}")
    if seconds > _whole(LONGEST):
        raise NotADuration("A duration of more than 100 years is not taken.")
    return timedelta(microseconds=round(seconds * 1_000_000))


def _seconds(given: str, bare_unit: BareUnit) -> Fraction:
    text = _plain(given[: LONGEST_TEXT + 1])
    if not text:
        raise NotADuration(f"A duration is missing. {_taken(bare_unit)}")
    if len(given) > LONGEST_TEXT:
        raise NotADuration(f"This is too long for a duration. {_taken(bare_unit)}")
    if text[0] in "-−":
        return Fraction(-1)
    if _BARE.fullmatch(text):
        return _number(text) * _SECONDS[bare_unit]
    if _CALENDAR.fullmatch(text):
        raise NotADuration(f"Years and months have no fixed length; give days. {_taken(bare_unit)}")
    found = _CLOCK.fullmatch(text) or _ISO.fullmatch(text) or _WORDS.fullmatch(text)
    amounts = [(unit, number) for unit, number in found.groupdict().items() if number] if found else []
    if not amounts:
        raise NotADuration(f"“{given.strip()[:40]}” is not a duration. {_taken(bare_unit)}")
    return sum((_number(number) * _SECONDS[unit] for unit, number in amounts), Fraction(0))


def _plain(text: str) -> str:
    """Small letters, digits 0 to 9, single spaces: runs of spaces would make the patterns slow."""
    ascii_digits = (str(unicodedata.decimal(sign)) if sign.isdecimal() else sign for sign in text.casefold())
    return " ".join("".join(ascii_digits).split())


def _number(text: str) -> Fraction:
    return Fraction(text.replace(",", "."))


def _taken(bare_unit: BareUnit) -> str:
    return f"Write it like 30m, 1h 30m, 4:00 (hours and minutes), 90 ({bare_unit}), 30 days or PT30M."


def iso(duration: timedelta, *, days: bool = False) -> str:
    """ISO 8601 in the canonical form of 3-api.md: hours, minutes and seconds; whole days where `days` says so."""
    if duration < timedelta(0):
        raise ValueError("A duration is not negative.")
    if days and duration and not duration % timedelta(days=1):
        return f"P{duration.days}D"
    minutes, seconds = divmod(duration, timedelta(minutes=1))
    hours, minutes = divmod(minutes, 60)
    fraction = f"{seconds.microseconds:06}".rstrip("0")
    amounts = {"H": f"{hours}", "M": f"{minutes}", "S": f"{seconds.seconds}" + (f".{fraction}" if fraction else "")}
    said = {sign for sign, amount in amounts.items() if amount != "0"} or {"S"}
    if said == {"H", "S"}:  # JSON Schema's `duration` knows no gap (RFC 3339, appendix A)
        said.add("M")
    return "PT" + "".join(amount + sign for sign, amount in amounts.items() if sign in said)


def words(duration: timedelta, *, days: bool = False) -> str:
    """ "1 hour 30 minutes". Under two days in hours, as limits of a day are spoken of; with `days`, a day is a day."""
    parts = (f"{count} {name if count != 1 else name.removesuffix('s')}" for name, count in _parts(duration, days))
    return " ".join(parts) or "0 seconds"


def short(duration: timedelta, *, days: bool = False) -> str:
    """ "1h 30m": `words` where there is little room."""
    return " ".join(f"{count}{name[0]}" for name, count in _parts(duration, days)) or "0s"


def clock(duration: timedelta) -> str:
    """ "29:48", "1:29:48", "2d 1:29:48": for countdowns. What is over stands at "0:00"."""
    seconds = max(0, _whole(duration))
    days, rest = divmod(seconds, 86_400) if seconds >= 2 * 86_400 else (0, seconds)
    hours, minutes, seconds = rest // 3600, rest // 60 % 60, rest % 60
    if days:
        return f"{days}d {hours}:{minutes:02}:{seconds:02}"
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"


def _parts(duration: timedelta, days: bool) -> Iterator[tuple[str, int]]:
    """Unit and count, largest first, without zeros. Parts of a second are left out."""
    rest = _whole(duration)
    for name in ("days", "hours", "minutes", "seconds"):
        if name == "days" and not days and rest < 2 * _SECONDS["days"]:
            continue
        count, rest = divmod(rest, _SECONDS[name])
        if count:
            yield name, count


def _whole(duration: timedelta) -> int:
    return duration // timedelta(seconds=1)
