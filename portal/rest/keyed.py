"""A request with an `Idempotency-Key`, as far as it matters whether another one is the same."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from django.http import HttpRequest, RawPostDataException

from portal.rest.problems import Problem

HEADER = "Idempotency-Key"
LONGEST = 255  # characters


class Caller(NamedTuple):
    """Whose keys they are, in at most 60 characters, and what this caller may do at the moment."""

    name: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class Keyed:
    """`address` and `body` are digests."""

    caller: Caller
    key: str
    address: bytes
    body: bytes


def read(request: HttpRequest, caller: Caller) -> Keyed:
    """Raises Problem for a key that cannot be one."""
    key = _key(request.headers[HEADER])
    return Keyed(caller, key, address=_digest([request.get_full_path().encode()]), body=_digest(_body(request)))


def misused(sentence: str) -> Problem:
    return Problem("invalid", f"{HEADER}: {sentence}", errors={HEADER: [sentence]})


def _key(header: str) -> str:
    """The bytes of a header come as Latin-1 and mean UTF-8, if they can."""
    try:
        key = header.encode("latin-1").decode()
    except UnicodeError:
        key = header
    if not key.isprintable() or not 1 <= len(key) <= LONGEST:
        raise misused(f"This must be 1 to {LONGEST} printable characters.")
    return key


def _body(request: HttpRequest) -> Iterable[bytes]:
    try:
        return [request.body]
    except RawPostDataException:
        if request.content_type != "multipart/form-data":
            raise  # two bodies that nobody can read again must not look like one
        return _form(request)


def _form(request: HttpRequest) -> Iterator[bytes]:
    """A form with files was read as a stream. Its boundary, another one each time it is sent, says nothing."""
    yield repr(list(request.POST.lists())).encode()
    for name, files in request.FILES.lists():
        for file in files:
            yield repr((name, file.name, file.size)).encode()
            yield from file.chunks()
            file.seek(0)


def _digest(parts: Iterable[bytes]) -> bytes:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()
