"""A whole Portal of the tests' own, as in production: each process of the Procfile, and each may be killed."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
from honcho import environ

from portal import env
from tests.faults.patience import until
from tests.faults.servers import Postgres, Redis, steady_port
from tools import leftovers, secret_key

CLOCK = Path(__file__).with_name("wrong_clock")


class Process:
    """One line of the Procfile. It leads a group of its own, so that a kill takes its children along."""

    def __init__(self, *, command: str, environment: Mapping[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, dict(environment), log
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                shell=True,
                cwd=env.ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL to all of it."""
        if self._process is not None and self.running:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def said(self) -> str:
        return self._log.read_text(errors="replace")[-4000:]


class Web(Process):
    """A web process with a port of its own, which it keeps."""

    def __init__(self, *, port: int, **values: object) -> None:
        super().__init__(**values)  # type: ignore[arg-type]
        self.address = f"http://127.0.0.1:{port}"

    def answers(self) -> bool:
        assert self.running, f"the web process ended:\n{self.said()}"
        try:
            return httpx.get(f"{self.address}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False


class Copy:
    """PostgreSQL, Redis, and processes: none of these runs before `ensure` lets it, again after each kill."""

    def __init__(self, home: Path) -> None:
        self.home = home
        secret_key.ensure(home)
        self.postgres, self.redis = Postgres(home), Redis(home)
        self._commands = dict(environ.parse_procfile((env.ROOT / "Procfile").read_text()).processes)
        self.webs = [self.web("web-1"), self.web("web-2")]
        self.sweeper, self.worker, self.beat = map(self.process, ("sweeper", "worker", "beat"))

    @property
    def background(self) -> list[Process]:
        """Everything that enforces deadlines but the web processes."""
        return [self.sweeper, self.worker, self.beat]

    def start_servers(self) -> None:
        self.redis.start()
        self.postgres.start()

    def stop(self) -> None:
        for process in [*self.webs, *self.background]:
            process.kill()
        self.redis.kill()
        self.postgres.stop()

    def ensure(self, *processes: Process) -> None:
        """Let these run, and Redis; return when the web processes among them answer."""
        if not self.redis.running:
            self.redis.start()
        for process in processes:
            if not process.running:
                process.start()
        for web in processes:
            if isinstance(web, Web):
                until(web.answers, "the web process answers")

    def web(self, name: str, *, wrong_by: float = 0) -> Web:
        """A web process that is not started yet. Its clock is wrong by so many seconds."""
        port = steady_port()
        return Web(port=port, **self._process("web", name, wrong_by, PORT=str(port)))

    def process(self, kind: str, *, wrong_by: float = 0) -> Process:
        return Process(**self._process(kind, kind, wrong_by))

    def _process(self, kind: str, name: str, wrong_by: float, **more: str) -> dict[str, object]:
        environment = os.environ | self._environment() | more
        if wrong_by:
            environment |= wrong_clock(wrong_by)
        logs = self.home / "logs"
        logs.mkdir(exist_ok=True)
        return {"command": self._commands[kind], "environment": environment, "log": logs / name}

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "DATABASE_URL": self.postgres.url,
            "REDIS_URL": self.redis.url,
            "PORTAL_HOME": str(self.home),
            "DATABASE_POOL": "40",  # so that a whole crowd gets as far as the lock
            "CHAT_FRAMES_BURST": "100000",
            "CHAT_FRAMES_PER_SECOND": "100000",
            "SOCKETS_PER_USER": "100000",
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
            leftovers.MARK: str(env.home()),
        }


def wrong_clock(seconds: float) -> dict[str, str]:
    """The environment of a process whose clock is wrong by so many seconds."""
    return {"PYTHONPATH": str(CLOCK), "WRONG_BY_SECONDS": str(seconds)}
