"""How much a request may bring, through the real door: nobody fills the disk or the memory of a web process."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from django.conf import settings

from portal.lib import bodies
from tests import cast

PIECE = b" " * 2**20
PATIENCE = 60  # seconds


@pytest.fixture
def door(site: str) -> Iterator[http.client.HTTPConnection]:
    cast.agent("shop", owner=cast.account("olga"))
    parts = urlsplit(site)
    assert parts.hostname
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)) as connection:
        yield connection


def in_pieces(door: http.client.HTTPConnection, path: str, pieces: int, *, kind: str, end: bool) -> tuple[int, bytes]:
    """Status and body of the answer to a POST whose length nobody says."""
    door.putrequest("POST", path)
    for name, value in (("Transfer-Encoding", "chunked"), ("Content-Type", kind)):
        door.putheader(name, value)
    door.endheaders()
    for _ in range(pieces):
        door.send(b"%x\r\n%s\r\n" % (len(PIECE), PIECE))
    if end:
        door.send(b"0\r\n\r\n")
    answer = door.getresponse()
    return answer.status, answer.read()


def test_a_body_that_does_not_say_how_long_it_is_is_measured_all_the_same(door):
    pieces = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // len(PIECE) + 1
    status, body = in_pieces(door, "/api/v1/chat/shop", pieces, kind="application/json", end=True)
    assert (status, json.loads(body)["code"]) == (413, "invalid")


@pytest.mark.parametrize(
    ("path", "kind"), [("/api/v1/chat/shop", "application/json"), ("/login/", "multipart/form-data; boundary=x")]
)
def test_one_that_does_not_end_is_refused_before_it_does(door, path, kind):
    pieces = bodies.LARGEST // len(PIECE) + 1
    status, _ = in_pieces(door, path, pieces, kind=kind, end=False)
    assert status == 413


def test_a_body_within_the_measure_is_taken_whatever_way_it_comes(door):
    door.request("POST", "/api/v1/chat/shop", iter([b'{"language":', b'"de"}']), {"Content-Type": "application/json"})
    answer = door.getresponse()
    assert (answer.status, json.loads(answer.read())["language"]) == (201, "de")
