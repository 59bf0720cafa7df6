"""What the address of the audit page asks for. Whatever does not exist there is left out, and said so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from portal.audit.queries import Filter, Place

LONGEST = 200
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`given` holds what is in force, as in the address; `notices` say what was left out and why."""

    wanted: Filter
    after: Place | None
    given: Mapping[str, str]
    notices: tuple[str, ...]

    def but(self, **changes: str) -> str:
        """The query of the same page with other filters; "" takes one away. It begins at the first page."""
        merged = {**self.given, "cursor": "", **changes}
        return "?" + urlencode({name: value for name, value in merged.items() if value})


def asked(query: str) -> Asked:
    """Read the query of the page (`person`, `verb`, `agent`, `from`, `to`, `q`, `cursor`). Days are those of UTC, and
    both are included."""
    given = {name: value for name, value in _cleaned(query) if value}
    notices = dict(_refusals(given))
    given = {name: value for name, value in given.items() if name not in notices}
    until = _day(given.get("to", ""))
    wanted = Filter(
        person=given.get("person", ""),
        verb=given.get("verb", ""),
        agent=given.get("agent", ""),
        since=_day(given.get("from", "")),
        until=until and until + DAY,
        q=given.get("q", ""),
    )
    after = Place.parse(given.get("cursor", ""))
    return Asked(wanted=wanted, after=after, given=given, notices=tuple(notices.values()))


def _cleaned(query: str) -> Iterator[tuple[str, str]]:
    """A database takes no NUL, and nobody types one on purpose."""
    for name, value in QueryDict(query).items():
        yield name, str(value).replace("\0", "").strip()[:LONGEST]


def _refusals(given: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        if name not in CHECKS:
            yield name, _("There is no filter “%(name)s”; it was left out.") % {"name": name}
        elif refusal := CHECKS[name](value):
            yield name, refusal


def _any(_value: str) -> None:
    """Any words may be looked for."""


def _is_day(value: str) -> str | None:
    if _day(value):
        return None
    return _("“%(value)s” is no day like 2026-11-21; that filter was left out.") % {"value": value}


def _is_cursor(value: str) -> str | None:
    return None if Place.parse(value) else _("That page does not exist (any more); this is the first one.")


def _day(value: str) -> datetime | None:
    """Its first instant. The last day there is has no next one: it is none."""
    try:
        found = parse_date(value)
        return datetime(found.year, found.month, found.day, tzinfo=UTC) if found and found < date.max else None
    except ValueError:
        return None


CHECKS: Mapping[str, Callable[[str], str | None]] = {
    "person": _any,
    "verb": _any,
    "agent": _any,
    "from": _is_day,
    "to": _is_day,
    "q": _any,
    "cursor": _is_cursor,
}
