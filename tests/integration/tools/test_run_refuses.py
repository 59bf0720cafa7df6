"""`make run` with something wrong around it: one sentence and a code, never a traceback."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from portal import env

NOBODY_LISTENS = "127.0.0.1:1"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("PORT", "eighty", "PORT must be a whole number, not 'eighty'."),
        ("PORT", "70000", "PORT must be at most 65535, not 70000."),
        ("DEMO", "perhaps", "DEMO must be 1 or 0 (or true/false, yes/no, on/off), not 'perhaps'."),
        ("DATABASE_URL", "portal.db", "DATABASE_URL must look like postgresql://host:port/…"),
        (
            "DATABASE_URL",
            f"postgresql://me:hush@{NOBODY_LISTENS}/x",
            f"DATABASE_URL does not answer at {NOBODY_LISTENS}/x",
        ),
        ("REDIS_URL", f"redis://:hush@{NOBODY_LISTENS}/0", f"REDIS_URL does not answer at {NOBODY_LISTENS}/0"),
    ],
)
def test_a_variable_that_cannot_be_used_is_named(name: str, value: str, sentence: str, tmp_path: Path) -> None:
    done = _run({name: value}, home=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(sentence)
    assert len(done.stderr.splitlines()) == 1
    assert "hush" not in done.stderr


def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = _run({"PORT": str(port)}, home=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"Port {port} is busy: stop what uses it, or set PORT to another.\n"


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = _run({}, home=tmp_path / "file" / "home")
    assert done.returncode == 1
    assert (
        done.stderr == f"{tmp_path / 'file' / 'home'} cannot be used: set PORTAL_HOME to a directory you may write.\n"
    )


def _run(variables: dict[str, str], *, home: Path) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    environment = inherited | {"PORTAL_HOME": str(home)} | variables
    command = [sys.executable, "-m", "tools.run"]
    return subprocess.run(command, cwd=env.ROOT, env=environment, capture_output=True, text=True, timeout=60)
