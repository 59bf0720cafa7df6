"""What Portal is made of: locked with hashes, and `make audit` asks whether anything of it is known to be vulnerable.
The database of vulnerabilities is a small server here that speaks OSV's protocol; the program that asks is the real
one."""

import json
import os
import subprocess
import threading
import tomllib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from portal.env import ROOT
from tools import ports

LOCK = tomllib.loads((ROOT / "uv.lock").read_text())
INSTALLED = [package for package in LOCK["package"] if "registry" in package["source"]]
ADVISORY = {"id": "GHSA-0000-0000-0000", "modified": "2026-01-01T00:00:00Z", "summary": "Tokens of anybody count"}
# Whatever else it asks the network for is left out, and nothing is tried twice: a machine of tests may have none.
OFFLINE = {"UV_HTTP_RETRIES": "0", "UV_DEFAULT_INDEX": "http://127.0.0.1:9/simple"}


class Osv(ThreadingHTTPServer):
    """Knows one vulnerability, of the packages in `vulnerable`."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.vulnerable: set[str] = set()
        self.asked: list[str] = []


class _Answers(BaseHTTPRequestHandler):
    server: Osv

    def do_POST(self) -> None:
        queries = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["queries"]
        names = [query["package"]["name"] for query in queries]
        self.server.asked += names
        found = {"vulns": [ADVISORY]}
        self._say({"results": [found if name in self.server.vulnerable else {} for name in names]})

    def do_GET(self) -> None:
        ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "99"}]}]
        affected = [
            {"package": {"ecosystem": "PyPI", "name": name}, "ranges": ranges} for name in self.server.vulnerable
        ]
        self._say({**ADVISORY, "affected": affected})

    def _say(self, answer: Any) -> None:
        body = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def osv() -> Iterator[Osv]:
    with Osv() as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def audit(address: str) -> subprocess.CompletedProcess[str]:
    """`make audit`; the environment is there already, or nobody could run this."""
    command = [
        "make",
        "--no-print-directory",
        "--old-file",
        ".venv/installed",
        "audit",
        f"ARGS=--service-url {address}",
    ]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **OFFLINE}, capture_output=True, text=True, check=False)


def test_every_package_is_named_with_its_hashes_and_comes_from_one_registry():
    assert len({package["source"]["registry"] for package in INSTALLED}) == 1
    files = [file for package in INSTALLED for file in (*package.get("wheels", ()), package.get("sdist")) if file]
    assert len(files) > len(INSTALLED)
    assert [file["url"] for file in files if not file["hash"].startswith("sha256:")] == []


def test_audit_asks_about_every_package_and_is_content_when_nothing_is_known(osv: Osv) -> None:
    done = audit(f"http://127.0.0.1:{osv.server_port}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {package["name"] for package in INSTALLED} == set(osv.asked)


def test_audit_fails_and_names_what_is_vulnerable(osv: Osv) -> None:
    osv.vulnerable = {"pyjwt"}
    done = audit(f"http://127.0.0.1:{osv.server_port}")
    assert done.returncode != 0
    said = done.stdout + done.stderr
    assert "pyjwt" in said
    assert ADVISORY["id"] in said
    assert ADVISORY["summary"] in said


def test_audit_fails_where_it_cannot_ask():
    assert audit(f"http://127.0.0.1:{ports.free()}").returncode != 0
