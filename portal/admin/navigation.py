"""The frame around every page: who is signed in, and the links that lead them somewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.admin import people

# Section by section: (name or address of the page, label, roles it leads somewhere for). No link ends in a 403.
NAVIGATION = (
    (
        "",
        [
            ("overview", _("Overview"), people.OPERATORS),
            ("agents", _("Agents"), people.OPERATORS),
            ("sessions", _("Sessions"), people.OPERATORS),
        ],
    ),
    (
        _("Configure"),
        [
            ("session-management", _("Session Management"), people.OPERATORS),
            ("localization", _("Localization"), people.STAFF),
            ("people", _("People"), people.OPERATORS),
            ("audit", _("Audit log"), people.STAFF),
        ],
    ),
    (
        _("Connect"),
        [
            ("tokens", _("Tokens"), people.OPERATORS),
            ("/api/docs", _("API documentation"), people.OPERATORS),
            ("admin:index", _("Back office"), people.ADMINS),
        ],
    ),
    ("", [("my-sessions", _("My sessions"), frozenset(Role))]),
)


@dataclass(frozen=True, slots=True)
class Person:
    """The signed-in account as the frame shows it. `staff` may enter the pages, `operator` runs agents."""

    name: str
    role: str
    initials: str
    staff: bool
    operator: bool
    home: str


@dataclass(frozen=True, slots=True)
class Link:
    url: str
    label: str
    current: str  # what `aria-current` says: page, true (a page below it) or nothing


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    links: list[Link]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Context processor: `account` (a `Person`) and `nav` (sections of links) for `portal/base.html`."""
    account = people.signed_in(request)
    if account is None:
        return {"account": None, "nav": []}
    return {"account": _person(account), "nav": list(_sections(account, request.path))}


def _person(account: Account) -> Person:
    words = account.name.split() or [account.username]
    return Person(
        name=account.name,
        role=account.get_role_display(),
        initials="".join(word[0] for word in (words[0], *words[1:][-1:])),
        staff=account.role in people.STAFF,
        operator=account.role in people.OPERATORS,
        home=people.home_of(account),
    )


def _sections(account: Account, here: str) -> Iterator[Section]:
    for title, links in NAVIGATION:
        shown = [_link(name, label, here) for name, label, roles in links if account.role in roles]
        if shown:
            yield Section(str(title), shown)


def _link(name: str, label: Any, here: str) -> Link:
    url = resolve_url(name)
    inside = url != "/" and here.startswith(url)
    return Link(url, str(label), "page" if here == url else "true" if inside else "")
