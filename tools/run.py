"""`make run`: servers, data, processes, until Ctrl-C.

Every failure a person can cause ends in one sentence and a code; nothing that was committed is lost, however it ends.
"""

import contextlib
import dataclasses
import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

from honcho import environ, manager

from portal import env
from tools import embedded, hold, leftovers, ports, screen, secret_key

LEAVING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ASKED_TO_STOP = (130, 143)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Wish:
    """What the environment asks for."""

    home: Path
    port: int
    demo: bool
    visitors: int
    url: str

    @classmethod
    def from_environment(cls) -> "Wish":
        """Read and check the variables; `env.Misconfigured` names the first that is wrong."""
        port = env.integer("PORT", 8000, minimum=1, maximum=65535)
        return cls(
            home=env.home(),
            port=port,
            demo=env.flag("DEMO", default=True),
            visitors=env.integer("VISITORS", 3, minimum=0, maximum=100),
            url=env.url("PORTAL_URL", f"http://127.0.0.1:{port}"),
        )


def main() -> int:
    """Run until asked to stop; 0 when that was the reason, else the code of what failed."""
    for number in LEAVING:
        signal.signal(number, _leave)
    wish = Wish.from_environment()
    try:
        code = _run(wish)
    except KeyboardInterrupt:
        code = 0
    except (PermissionError, NotADirectoryError) as error:
        sys.exit(f"{error.filename} cannot be used: set PORTAL_HOME to a directory you may write.")
    print("Stopped." if env.text("DATABASE_URL", "") else f"Stopped. The data stays in {wish.home}.", flush=True)
    return code


def _run(wish: Wish) -> int:
    with hold.held(wish.home):
        secret_key.ensure(wish.home)
        with embedded.running(wish.home) as servers:
            # Accounts with a known password belong to a copy of our own, never to a database somebody named.
            wish = dataclasses.replace(wish, demo=wish.demo and servers.owned)
            ports.check(wish.port)
            with _announced(wish, servers):
                return _supervise(wish, _migrated(wish))


def _supervise(wish: Wish, preparation: subprocess.Popen[str]) -> int:
    """The processes of the Procfile, until one of them ends or a signal comes; then all of them are gone."""
    answers = wish.home / "web-answers"
    answers.unlink(missing_ok=True)
    shown = screen.Screen(preparation=preparation, port=wish.port, answers=answers)
    supervisor = manager.Manager(printer=shown)
    for name, command in _processes(wish).items():
        # Five programs starting at once on two cores would keep the first page waiting: the others follow the web.
        waiting = "" if name == "web" else f"until [ -e {shlex.quote(str(answers))} ]; do sleep 0.1; done; "
        supervisor.add_process(name, waiting + command, env=_child_environment(wish), cwd=str(env.ROOT))
    try:
        supervisor.loop()
    finally:
        _ignore_signals()
        answers.unlink(missing_ok=True)
    if preparation.poll():
        return preparation.returncode
    return 0 if supervisor.returncode in ASKED_TO_STOP else supervisor.returncode or 1


def _processes(wish: Wish) -> dict[str, str]:
    commands = dict(environ.parse_procfile((env.ROOT / "Procfile").read_text()).processes)
    if not (wish.demo and wish.visitors):
        commands.pop("visitors")
    return commands


def _migrated(wish: Wish) -> subprocess.Popen[str]:
    """Start `tools/prepare.py` and come back when the tables are there; the demo loads while the web starts."""
    command = [sys.executable, "-m", "tools.prepare"]
    preparation = subprocess.Popen(
        command,
        env=_child_environment(wish),
        cwd=env.ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if not (preparation.stdout and preparation.stdout.readline()):
        sys.exit(preparation.wait())
    return preparation


def _child_environment(wish: Wish) -> dict[str, str]:
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PORT": str(wish.port),
        "PORTAL_DEMO": str(int(wish.demo)),
        "PORTAL_HOME": str(wish.home),
        "PORTAL_URL": wish.url,
        "PYTHONUNBUFFERED": "1",
        # Celery's advice against root is for servers that unpickle; ours read JSON.
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "VISITORS": str(wish.visitors),
        leftovers.MARK: str(wish.home),
    }


@contextlib.contextmanager
def _announced(wish: Wish, servers: embedded.Servers) -> Iterator[None]:
    """While it runs, servers.json tells `manage.py` of any terminal where the servers are."""
    file = wish.home / "servers.json"
    fresh = file.with_suffix(".fresh")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps({"database_url": servers.database_url, "redis_url": servers.redis_url}))
    fresh.replace(file)
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _leave(_number: int, _frame: FrameType | None) -> NoReturn:
    """The first signal unwinds everything; a second one must not interrupt that."""
    _ignore_signals()
    raise KeyboardInterrupt


def _ignore_signals() -> None:
    for number in LEAVING:
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
