"""Processes: those that are measured, and the programs that measure them."""

import contextlib
import dataclasses
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psutil

from portal import env
from tools import ports

PATIENCE_SECONDS = 60
LONGEST_RUN_SECONDS = 3600


class Broken(Exception):
    """A measurement that cannot be taken; the text says what happened."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Process:
    """Something that serves HTTP at `address`."""

    pid: int
    address: str

    def cpu_seconds(self) -> float:
        used = psutil.Process(self.pid).cpu_times()
        return float(used.user + used.system)

    def megabytes(self) -> float:
        return float(psutil.Process(self.pid).memory_info().rss / 2**20)


@contextlib.contextmanager
def running(command: str, *, variables: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A line of the Procfile. It begins with `exec`, so that the process is the program's own."""
    with log.open("ab") as said:
        process = subprocess.Popen(command, shell=True, cwd=env.ROOT, env=variables, stdout=said, stderr=said)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@contextlib.contextmanager
def serving(command: str, *, variables: Mapping[str, str], log: Path) -> Iterator[Process]:
    """A line of the Procfile that serves HTTP, from its first answer on."""
    port = ports.free()
    address = f"http://{ports.LOOPBACK}:{port}"
    with running(command, variables={**variables, "PORT": str(port)}, log=log) as process:
        patience = time.monotonic() + PATIENCE_SECONDS
        while not _answers(address):
            if process.poll() is not None or time.monotonic() > patience:
                raise Broken(f"{log.stem} did not start. It said:\n{log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.1)
        yield Process(pid=process.pid, address=address)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(f"{address}/healthz", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Program:
    """A program of this package (`programs/`, `clients/`), in a process of its own: what it shall do is a line of JSON
    on its stdin, its answer is JSON on its stdout."""

    def __init__(self, kind: str, name: str, *, variables: Mapping[str, str], wish: Mapping[str, Any]) -> None:
        self._name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.load.{kind}", name],
            cwd=env.ROOT,
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._say(json.dumps(wish))

    def wait_until_ready(self) -> None:
        assert self._process.stdout is not None
        if not self._process.stdout.readline():
            raise Broken(f"{self._name} did not become ready (see above).")

    def go(self) -> None:
        """Let one begin that is ready."""
        self._say("go")

    def answer(self) -> Any:
        """Raises Broken when there is none, or when it says that it could not measure."""
        try:
            said, _ = self._process.communicate(timeout=LONGEST_RUN_SECONDS)
        except subprocess.TimeoutExpired:
            raise Broken(f"{self._name} did not end.") from None
        finally:
            self._process.kill()  # of one that has ended it is known, and nothing is sent
        if self._process.returncode:
            raise Broken(f"{self._name} failed (see above).")
        answer = json.loads(said)
        if isinstance(answer, dict) and "broken" in answer:
            raise Broken(answer["broken"])
        return answer

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
