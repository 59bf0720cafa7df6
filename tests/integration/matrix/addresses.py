"""The addresses there are, by looking at them, and how each is written out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

API, BACK_OFFICE = "api", "admin"  # the name spaces whose tables stand elsewhere


@dataclass(frozen=True)
class Address:
    """`parts` are the names of what has to be filled in."""

    name: str
    parts: frozenset[str]

    def path(self, values: Mapping[str, Any]) -> str:
        return reverse(self.name, kwargs={part: values[part] for part in self.parts})


def pages() -> Iterator[Address]:
    """All but those of the API and of the back office."""
    for pattern in get_resolver().url_patterns:
        if not (isinstance(pattern, URLResolver) and pattern.namespace in (API, BACK_OFFICE)):
            yield from _within(pattern)


def back_office() -> Iterator[Address]:
    """Its address that takes whatever is left over has no name, and is no page."""
    for pattern in get_resolver().url_patterns:
        if isinstance(pattern, URLResolver) and pattern.namespace == BACK_OFFICE:
            yield from (address for address in _within(pattern) if not address.name.endswith(":None"))


def _within(pattern: Any, space: str = "", parts: frozenset[str] = frozenset()) -> Iterator[Address]:
    parts |= set(pattern.pattern.regex.groupindex)
    if isinstance(pattern, URLPattern):
        yield Address(f"{space}{pattern.name}", parts)
        return
    inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
    for each in pattern.url_patterns:
        yield from _within(each, inner, parts)
