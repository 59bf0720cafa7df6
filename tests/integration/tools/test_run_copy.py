"""A whole copy, as `make run` starts it: ready, killed, ready again with what it had, asked to stop, gone."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg

from portal import env
from portal.demo import people
from tools import leftovers, ports

RUN = [sys.executable, "-m", "tools.run"]


def test_a_copy_keeps_its_data_through_a_kill_and_leaves_nothing_running(tmp_path: Path) -> None:
    variables = _variables(tmp_path)
    with _ready_copy(variables) as copy:
        _make_account(variables, "ada")
        copy.kill()
    with _ready_copy(variables) as copy:
        assert "ada" in _usernames(tmp_path)
        assert _status(variables, "/login/") == 200
        _expect_refusal_of_a_second_runner(variables)
        copy.send_signal(signal.SIGTERM)
        assert copy.wait(timeout=30) == 0
    assert _processes_of(tmp_path) == []
    assert not (tmp_path / "servers.json").exists()


def _variables(home: Path) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    return inherited | {"PORTAL_HOME": str(home), "PORT": str(ports.free()), "VISITORS": "1"}


@contextlib.contextmanager
def _ready_copy(variables: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(RUN, cwd=env.ROOT, env=variables, stdout=subprocess.PIPE, text=True) as copy:
        try:
            _wait_until_ready(copy)
            yield copy
        finally:
            copy.terminate()


def _wait_until_ready(copy: subprocess.Popen[str]) -> None:
    assert copy.stdout
    said = []
    for line in copy.stdout:
        said.append(line)
        if line.startswith("Stop with"):
            assert all(f"  {account.username}" in "".join(said) for account in people.ACCOUNTS)
            return
    raise AssertionError(f"the copy never became ready; it said: {''.join(said)}")


def _make_account(variables: dict[str, str], name: str) -> None:
    """From another terminal, which knows the home and nothing else."""
    command = [
        sys.executable,
        "manage.py",
        "createsuperuser",
        "--noinput",
        "--username",
        name,
        "--email",
        "a@example.org",
    ]
    environment = variables | {"DJANGO_SUPERUSER_PASSWORD": "long enough to be one"}
    subprocess.run(command, cwd=env.ROOT, env=environment, check=True, capture_output=True)


def _usernames(home: Path) -> set[str]:
    url = json.loads((home / "servers.json").read_text())["database_url"]
    with psycopg.connect(url) as connection:
        return {name for (name,) in connection.execute("select username from accounts_account")}


def _status(variables: dict[str, str], path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{variables['PORT']}{path}", timeout=10) as response:
        return int(response.status)


def _expect_refusal_of_a_second_runner(variables: dict[str, str]) -> None:
    second = subprocess.run(RUN, cwd=env.ROOT, env=variables, capture_output=True, text=True)
    sentence = f"Portal is already running on {variables['PORTAL_HOME']}: stop it first, or set another PORTAL_HOME.\n"
    assert (second.returncode, second.stderr) == (1, sentence)


def _processes_of(home: Path) -> list[str]:
    return [process.name() for process in psutil.process_iter() if _home(process) == str(home)]


def _home(process: psutil.Process) -> str | None:
    try:
        environment: dict[str, str] = process.environ()
    except (psutil.Error, OSError):
        return None
    return environment.get(leftovers.MARK)
