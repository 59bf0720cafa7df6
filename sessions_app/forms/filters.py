"""What the address of a sessions page asks for. Whatever does not exist there is left out, and said so."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import QueryDict
from django.utils.translation import gettext as _

from sessions_app.core.facts import EndReason, State
from sessions_app.queries.live import Place
from sessions_app.queries.sessions import STATES, Filter
from sessions_app.queries.tabs import Tab

LONGEST_SEARCH = 200
NEWEST_FIRST = "-started_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """`given` holds what is in force, as in the address; `notices` say what was left out and why."""

    wanted: Filter
    after: Place | None
    given: Mapping[str, str]
    notices: tuple[str, ...]

    @property
    def query(self) -> str:
        """The address' query with nothing in it but what is in force."""
        return urlencode(self.given)

    def but(self, **changes: str) -> str:
        """The query of the same page with other filters; "" takes one away. It begins at the first page."""
        merged = {**self.given, "cursor": "", **changes}
        return "?" + urlencode({name: value for name, value in merged.items() if value})


def asked(query: str, tab: Tab) -> Asked:
    """Read the query of a sessions page (`state`, `q`, `language`, `end_reason`, `sort`, `cursor`)."""
    given = {name: value for name, value in _cleaned(query) if value}
    notices = dict(_refusals(given, tab))
    given = {name: value for name, value in given.items() if name not in notices and value != DEFAULTS.get(name)}
    wanted = Filter(
        agent_ids=tab.agent_ids,
        state=given.get("state", DEFAULTS["state"]),
        q=given.get("q", ""),
        language=given.get("language", ""),
        end_reason=given.get("end_reason", ""),
    )
    after = Place.parse(given.get("cursor", ""))
    return Asked(wanted=wanted, after=after, given=given, notices=tuple(notices.values()))


def _cleaned(query: str) -> Iterator[tuple[str, str]]:
    """A database takes no NUL, and nobody types one on purpose."""
    for name, value in QueryDict(query).items():
        yield name, str(value).replace("\0", "").strip()[:LONGEST_SEARCH]


def _refusals(given: Mapping[str, str], tab: Tab) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        check = CHECKS.get(name)
        if check is None:
            yield name, _("There is no filter “%(name)s”; it was left out.") % {"name": name}
        elif refusal := check(value, tab):
            yield name, refusal
    if "end_reason" in given and State.ENDED not in STATES.get(given.get("state", ""), ()):
        yield "end_reason", _("Open sessions have no end reason yet; that filter was left out.")


def _state(value: str, _tab: Tab) -> str | None:
    if value in STATES:
        return None
    return _("There is no state “%(value)s”; these are the open sessions.") % {"value": value}


def _language(value: str, tab: Tab) -> str | None:
    if value in tab.languages:
        return None
    return _("No session here can be in “%(value)s”; that filter was left out.") % {"value": value}


def _end_reason(value: str, _tab: Tab) -> str | None:
    if value in list(EndReason):
        return None
    return _("There is no end reason “%(value)s”; that filter was left out.") % {"value": value}


def _sort(value: str, _tab: Tab) -> str | None:
    if value == NEWEST_FIRST:
        return None
    return _("Sessions cannot be sorted by “%(value)s”; they are sorted newest first.") % {"value": value}


def _cursor(value: str, _tab: Tab) -> str | None:
    return None if Place.parse(value) else _("That page does not exist (any more); this is the first one.")


def _search(_value: str, _tab: Tab) -> None:
    """Any words may be looked for."""


DEFAULTS = {"state": "open", "sort": NEWEST_FIRST}
CHECKS: Mapping[str, Callable[[str, Tab], str | None]] = {
    "state": _state,
    "q": _search,
    "language": _language,
    "end_reason": _end_reason,
    "sort": _sort,
    "cursor": _cursor,
}
