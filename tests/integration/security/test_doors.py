"""The way a request comes in: whose address it has, where it ends, and what the production shape leaves open."""

import re
import socket
from urllib.parse import urlsplit

import pytest
import yaml

from portal.env import ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text()
CLAIMS = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"}


@pytest.mark.django_db
@pytest.mark.parametrize("header", CLAIMS)
def test_nobody_is_on_this_machine_because_they_say_so(client, header):
    """The server puts an address there that a proxy it trusts has told; Portal reads no header for it."""
    response = client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers={header: CLAIMS[header]})
    assert response.status_code == 403


AMBIGUOUS = [
    "Content-Length: 400\r\nTransfer-Encoding: chunked",
    "Transfer-Encoding: chunked\r\nContent-Length: 400",
    "Content-Length: 5\r\nContent-Length: 6",
    "Content-Length: +5",
    "Transfer-Encoding: xchunked",
]


@pytest.mark.parametrize("framing", AMBIGUOUS)
def test_a_request_whose_end_is_a_matter_of_opinion_is_refused(site, framing):
    """Where a proxy and Portal could disagree, a second request would hide in the body of the first."""
    assert _statuses(site, framing) == [b"400"]


def _statuses(site: str, framing: str) -> list[bytes]:
    parts = urlsplit(site)
    with socket.create_connection((parts.hostname, parts.port), timeout=30) as door:
        first = f"POST /healthz HTTP/1.1\r\nHost: {parts.hostname}\r\n{framing}\r\n\r\n"
        hidden = f"GET /hidden/ HTTP/1.1\r\nHost: {parts.hostname}\r\nConnection: close\r\n\r\n"
        door.sendall(f"{first}0\r\n\r\n{hidden}".encode())
        door.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: door.recv(65536), b""))
    return re.findall(rb"HTTP/1\.1 (\d{3})", said)


def test_no_secret_has_a_value_that_everybody_knows():
    for name in ("SECRET_KEY", "POSTGRES_PASSWORD"):
        given = re.findall(rf"\$\{{{name}[^}}]*\}}", COMPOSE)
        assert given
        assert [each for each in given if not each.startswith(f"${{{name}:?")] == []


def test_nothing_but_the_proxy_is_reached_from_outside():
    services = yaml.safe_load(COMPOSE)["services"]
    assert [name for name, service in services.items() if service.keys() & {"ports", "network_mode"}] == ["proxy"]


def test_what_is_not_for_production_is_not_in_the_image():
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".env", "tests", "docs"} <= set(left_out)


def test_the_processes_in_containers_are_no_root():
    assert re.search(r"^USER portal$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
