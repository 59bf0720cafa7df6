"""The servers of one copy: what they keep, and how they come up again after the worst."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from portal import env
from tools import embedded, hold, postgres, redis_server

HOLD_UNTIL_KILLED = """
import pathlib, sys, time
from tools import embedded, hold
home = pathlib.Path(sys.argv[1])
with hold.held(home), embedded.running(home) as servers:
    print(servers.database_url, servers.redis_url, flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _no_outside_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.delenv("REDIS_URL")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Below pytest's own directory, which is closed to others: root's database server has to get there all the same."""
    return tmp_path / "home"


def test_rows_and_keys_survive_a_restart(home: Path) -> None:
    with embedded.running(home) as servers:
        _write(servers.database_url, servers.redis_url)
    with embedded.running(home) as servers:
        assert _read(servers.database_url, servers.redis_url) == ("kept", b"kept")


def test_the_next_start_ends_what_a_kill_left_and_keeps_what_was_committed(home: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD_UNTIL_KILLED, home], cwd=env.ROOT, stdout=subprocess.PIPE)
    assert holder.stdout
    _write(*holder.stdout.readline().decode().split())
    holder.kill()
    holder.wait()
    orphans = _working_for(home)
    assert {process.name() for process in orphans} >= {"postgres", "redis-server"}
    with hold.held(home), embedded.running(home) as servers:
        assert _read(servers.database_url, servers.redis_url)[0] == "kept"
        assert not any(process.is_running() for process in orphans)
    assert _working_for(home) == []


def test_a_pid_file_that_now_names_another_program_does_not_stop_the_start(home: Path) -> None:
    with embedded.running(home, throw_away=True):
        pid_file = postgres.data(home) / "postmaster.pid"
        written = pid_file.read_text()
    first_line, rest = written.split("\n", 1)
    pid_file.write_text(f"{os.getpid()}\n{rest}")
    with embedded.running(home, throw_away=True):
        assert pid_file.read_text().split("\n", 1)[0] not in (first_line, str(os.getpid()))


def test_a_home_too_deep_for_a_socket_gets_a_shorter_one(tmp_path: Path) -> None:
    with embedded.running(tmp_path / ("deep" * 30), throw_away=True) as servers:
        assert psycopg.connect(servers.database_url).execute("select 1").fetchone() == (1,)


def test_nobody_reads_redis_without_its_password(home: Path) -> None:
    with embedded.running(home, throw_away=True) as servers:
        host = servers.redis_url.rpartition("@")[2]
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{host}").ping()


def test_two_runners_cannot_share_a_home(home: Path) -> None:
    taking = "import pathlib, sys; from tools import hold\nwith hold.held(pathlib.Path(sys.argv[1])): print('taken')"
    with hold.held(home):
        second = subprocess.run([sys.executable, "-c", taking, home], cwd=env.ROOT, capture_output=True, text=True)
    assert (second.returncode, second.stdout) == (1, "")
    assert second.stderr == f"Portal is already running on {home}: stop it first, or set another PORTAL_HOME.\n"


def _write(database_url: str, redis_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("create table word as select 'kept' as word")
    redis.Redis.from_url(redis_url).set("word", "kept")


def _read(database_url: str, redis_url: str) -> tuple[str, bytes]:
    with psycopg.connect(database_url) as connection:
        row = connection.execute("select word from word").fetchone()
    assert row
    return row[0], redis.Redis.from_url(redis_url).get("word")  # type: ignore[return-value]


def _working_for(home: Path) -> list[psutil.Process]:
    directories = {str(postgres.data(home)), str(redis_server.data(home))}
    return [process for process in psutil.process_iter() if _directory(process) in directories]


def _directory(process: psutil.Process) -> str | None:
    try:
        return str(process.cwd())
    except (psutil.Error, OSError):
        return None
