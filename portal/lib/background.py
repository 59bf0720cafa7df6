"""Asynchronous follow-up work of this process: one event loop in one thread, started at first use.

What runs here may be lost with the process at any moment. Whatever must happen is a row in PostgreSQL that somebody
else finds again; this only makes it happen sooner.
"""

import asyncio
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import structlog

T = TypeVar("T")
log = structlog.get_logger(__name__)
_lock = threading.Lock()
_loop: asyncio.AbstractEventLoop | None = None
_pid: int | None = None


def run(work: Coroutine[Any, Any, T]) -> "Future[T]":
    """Run a coroutine in the background. Its failure is logged; the future is for those who want to wait."""
    future = asyncio.run_coroutine_threadsafe(work, _running_loop())
    future.add_done_callback(_report)
    return future


def _running_loop() -> asyncio.AbstractEventLoop:
    """This process's loop. A forked worker must not use its parent's, whose thread did not come along."""
    global _loop, _pid
    with _lock:
        if _loop is None or _pid != os.getpid():
            _loop, _pid = asyncio.new_event_loop(), os.getpid()
            threading.Thread(target=_loop.run_forever, name="background", daemon=True).start()
        return _loop


def _report(future: "Future[Any]") -> None:
    if not future.cancelled() and (error := future.exception()):
        log.error("background work failed", exc_info=error)
