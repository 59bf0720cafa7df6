"""Where it is measured: servers and processes of its own, as `make run` has them, in a home that is removed afterwards.

The servers are durable ones: what is acknowledged here would survive a power cut, as it would in production.
"""

import contextlib
import dataclasses
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
from honcho import environ
from psycopg import sql

from portal import env
from tests.load import processes
from tests.load.processes import Process, Program
from tools import embedded, hold, leftovers, secret_key, throwaway

HOME = env.ROOT / ".portal" / "bench"
PROCFILE: Mapping[str, str] = environ.parse_procfile((env.ROOT / "Procfile").read_text()).processes
# A few programs play very many visitors: what one visitor may do must not stop them.
LIFTED = dict.fromkeys(
    (
        *("CHAT_STARTS_PER_MINUTE", "CHAT_FRAMES_PER_SECOND", "CHAT_FRAMES_BURST"),
        *("SOCKETS_PER_ADDRESS", "SOCKETS_PER_USER"),
    ),
    "1000000",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Database:
    """One measurement's own database."""

    url: str

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url, autocommit=True)

    def value(self, query: str, **values: Any) -> Any:
        """The first column of the first row."""
        with self.connect() as connection:
            row = connection.execute(query, values).fetchone()
        return row[0] if row else None


@dataclasses.dataclass(frozen=True, kw_only=True)
class Prepared:
    """What every database begins with: an agent without a bot, its owner's token, a chat in which the user has said
    something. `template` is that chat's session, from which others are made (`seed.py`)."""

    slug: str
    token: str
    template: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Place:
    """The machine, for the length of all measurements."""

    servers: embedded.Servers
    prepared: Prepared

    @contextlib.contextmanager
    def database(self) -> Iterator[Database]:
        """One with what is prepared; gone at the end of the block."""
        with _copy(self.servers, of="portal") as database:
            yield database

    @contextlib.contextmanager
    def empty_database(self) -> Iterator[Database]:
        with _copy(self.servers, of="template0") as database:
            yield database

    @contextlib.contextmanager
    def web(self, database: Database) -> Iterator[Process]:
        """The Portal's web process, as the Procfile starts it."""
        with self._serving("web", PROCFILE["web"], database) as process:
            yield process

    @contextlib.contextmanager
    def plain(self, database: Database) -> Iterator[Process]:
        """Plain Django, served in the same way."""
        command = PROCFILE["web"].replace("portal.asgi", "tests.load.plain.asgi")
        with self._serving("plain", command, database) as process:
            yield process

    @contextlib.contextmanager
    def background(self, name: str, database: Database) -> Iterator[subprocess.Popen[bytes]]:
        """A process of the Procfile that serves nobody: worker, sweeper, beat."""
        variables = _environment(self.servers, database)
        with processes.running(PROCFILE[name], variables=variables, log=HOME / f"{name}.log") as process:
            yield process

    def program(self, name: str, database: Database, **wish: Any) -> Program:
        """One that works in the Portal's own code."""
        return Program("programs", name, variables=_environment(self.servers, database), wish=wish)

    def client(self, name: str, **wish: Any) -> Any:
        """What one that calls from outside has measured."""
        return Program("clients", name, variables=os.environ, wish=wish).answer()

    def _serving(self, name: str, command: str, database: Database) -> contextlib.AbstractContextManager[Process]:
        variables = _environment(self.servers, database)
        return processes.serving(command, variables=variables, log=HOME / f"{name}.log")


@contextlib.contextmanager
def running() -> Iterator[Place]:
    """Servers, and a first database with what every measurement needs; nothing is left of it."""
    _forget_the_developers_settings()
    with hold.held(HOME):
        embedded.clear(HOME)
        for name in ("postgres", "redis"):
            shutil.rmtree(HOME / name, ignore_errors=True)
        secret_key.ensure(HOME)
        try:
            with _servers() as servers:
                yield Place(servers=servers, prepared=_prepared(servers))
        finally:
            shutil.rmtree(HOME, ignore_errors=True)


def _forget_the_developers_settings() -> None:
    os.environ["PORTAL_ENV_FILE"] = os.devnull
    for name in (*throwaway.OUTSIDE, "DATABASE_POOL", "DEBUG", "LOG_JSON", "PORT"):
        os.environ.pop(name, None)


@contextlib.contextmanager
def _servers() -> Iterator[embedded.Servers]:
    """Started twice, for a setting that only a start changes: when the end of a session was committed is what lateness
    is measured by."""
    with embedded.running(HOME) as servers, psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET track_commit_timestamp = on")
    with embedded.running(HOME) as servers:
        yield servers


def _prepared(servers: embedded.Servers) -> Prepared:
    variables = _environment(servers, Database(url=servers.database_url))
    return Prepared(**Program("programs", "prepare", variables=variables, wish={}).answer())


def _environment(servers: embedded.Servers, database: Database) -> dict[str, str]:
    own = {
        "DATABASE_URL": database.url,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "LOG_LEVEL": "WARNING",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PORTAL_HOME": str(HOME),
        "PYTHONWARNINGS": "ignore:You're running the worker with superuser privileges",
        "REDIS_URL": servers.redis_url,
        leftovers.MARK: str(HOME),
    }
    return os.environ | LIFTED | own


@contextlib.contextmanager
def _copy(servers: embedded.Servers, *, of: str) -> Iterator[Database]:
    name = sql.Identifier(f"bench_{time.monotonic_ns()}")
    with psycopg.connect(_named(servers, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(of)))
        try:
            yield Database(url=_named(servers, name._obj[0]))
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


def _named(servers: embedded.Servers, database: str) -> str:
    """The server's address with another database."""
    return f"{servers.database_url.rpartition('/')[0]}/{database}"
