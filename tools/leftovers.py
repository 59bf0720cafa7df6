"""Processes of a run that was killed: found by what they are, not by pids written down before the kill.

Everything the runner starts carries the copy's home in its environment; PostgreSQL and Redis, which overwrite theirs
with a title, work in their data directory. Only whoever holds the home (`tools/hold.py`) may clear it.
"""

import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
MARK = "PORTAL_RUN"
PATIENCE_SECONDS = 10


def clear(*, home: Path, directories: Iterable[Path]) -> None:
    """End what a killed run of `home` left behind, servers by their fast shutdown, so that nothing is lost."""
    servers = _working_in({str(directory) for directory in directories})
    others = [process for process in _marked(str(home)) if process not in servers]
    _signal(others, signal.SIGTERM)
    _signal(servers, signal.SIGINT)
    _, stubborn = psutil.wait_procs(servers + others, timeout=PATIENCE_SECONDS)
    _signal(stubborn, signal.SIGKILL)
    psutil.wait_procs(stubborn, timeout=PATIENCE_SECONDS)


def _working_in(directories: set[str]) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _read(process.cwd) in directories]


def _marked(home: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if (_read(process.environ) or {}).get(MARK) == home]


def _read(attribute: Callable[[], T]) -> T | None:
    try:
        return attribute()
    except (psutil.Error, OSError):  # it is gone, or somebody else's
        return None


def _signal(processes: Iterable[psutil.Process], number: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            continue
