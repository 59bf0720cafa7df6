"""A PostgreSQL and a Redis that a test may kill, and start again where their clients expect them."""

import contextlib
import os
import random
import secrets
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

import psutil

from tests.faults.patience import until
from tools import ports, postgres, redis_server, unprivileged


class Postgres:
    """The cluster of one home, with the settings of a copy that lasts: what it has committed must survive a kill."""

    def __init__(self, home: Path) -> None:
        self._stack = contextlib.ExitStack()
        account = unprivileged.account(postgres.data(home))
        self._sockets = self._stack.enter_context(postgres._socket_directory(home, account))
        self._server = postgres._Server(home=home, account=account)
        self.url = f"postgresql://postgres@{quote(str(self._sockets), safe='')}/portal"

    def start(self) -> None:
        self._server.ensure_created()
        self._server.start(self._sockets, postgres.LASTING)

    def stop(self) -> None:
        with contextlib.suppress(postgres.NotStarted):  # it may be the one that was killed
            self._server.stop()
        self._stack.close()

    def crash(self) -> None:
        """`pg_ctl stop -m immediate`: no checkpoint, every connection is cut."""
        self._server._run("pg_ctl", "stop", "-D", self._server.data, "-m", "immediate", "-w", "-s")

    def kill(self) -> None:
        """SIGKILL to the postmaster. Its children notice; no server may start before the last of them is gone."""
        postmaster = psutil.Process(int((self._server.data / "postmaster.pid").read_text().split()[0]))
        children = postmaster.children(recursive=True)
        os.kill(postmaster.pid, signal.SIGKILL)
        until(lambda: not any(map(_works, children)), "the killed PostgreSQL's processes are gone")


class Redis:
    """It keeps nothing: whatever it forgets, no fact is lost."""

    def __init__(self, home: Path) -> None:
        port, password = steady_port(), secrets.token_urlsafe(24)
        self.url = f"redis://:{password}@127.0.0.1:{port}/0"
        self._home = home
        self._settings = [*redis_server.THROW_AWAY, f"port {port}", f"requirepass {password}"]
        self._process: subprocess.Popen[bytes] | None = None
        redis_server.data(home).mkdir(parents=True, exist_ok=True)

    def start(self) -> None:
        self._process = redis_server._spawn(self._home, self._settings)
        assert redis_server._answers(self._process, self.url), "Redis did not start"

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None


def _works(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def steady_port() -> int:
    """A free port from below those that the system gives to clients: while the server is dead, a client that tries to
    connect might be given its port, and be connected to itself."""
    while True:
        with contextlib.suppress(OSError), socket.socket() as probe:
            port = random.randint(15000, 30000)
            probe.bind((ports.LOOPBACK, port))
            return port
