"""What `make run` shows: the address and the accounts once the web answers, then what the processes have to say."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from honcho import printer

POLL_SECONDS = 0.1
SUPERVISOR = "system"


class Screen(printer.Printer):  # type: ignore[misc]  # honcho has no types
    """A printer for honcho that leaves its bookkeeping out and adds the welcome."""

    def __init__(self, *, preparation: subprocess.Popen[str], port: int, answers: Path) -> None:
        """What `preparation` says is shown when the web answers on `port`; then `answers` is there for the others."""
        super().__init__(sys.stdout)
        self._preparation = preparation
        self._health = f"http://127.0.0.1:{port}/healthz"
        self._answers = answers
        self._waiter: threading.Thread | None = None
        self._leaving = False

    def write(self, message: printer.Message) -> None:
        """Called for every line, the supervisor's own among them; the first one comes when all processes exist."""
        if self._waiter is None:
            self._waiter = threading.Thread(target=self._wait_and_welcome, daemon=True)
            self._waiter.start()
        if message.name == SUPERVISOR:
            self._supervise(message)
        elif not (self._leaving and _is_farewell(message.data)):
            super().write(message)

    def _supervise(self, message: printer.Message) -> None:
        """Of the supervisor's lines only two kinds matter: we were asked to stop, or a process ended by itself."""
        if self._leaving or "started (pid=" in message.data:
            return
        self._leaving = True
        if "received" in message.data:
            print("\nStopping …", flush=True)
        else:
            super().write(message)

    def _wait_and_welcome(self) -> None:
        welcome, _ = self._preparation.communicate()
        if self._preparation.returncode and not self._leaving:
            os.kill(os.getpid(), signal.SIGTERM)  # it has said why; there is nothing to run
        while not self._leaving:
            if _answers(self._health):
                self._answers.touch()
                print(welcome, flush=True)
                return
            time.sleep(POLL_SECONDS)


def _is_farewell(line: bytes) -> bool:
    """Celery's own notice that it stops as asked, with the empty line before it."""
    return not line.strip() or b"Warm shutdown" in line


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False
