"""One small variable written again and again, beside little and beside much session data."""

import asyncio
import json
import statistics
import time
from typing import Any

import uvloop

from tests.load.clients import http
from tests.load.program import PATIENCE_SECONDS

PART = 750_000  # bytes of one large variable: a request stays below what servers take by default


def work(*, address: str, token: str, sessions: dict[str, int], times: int) -> dict[str, float]:
    """Session → the median of milliseconds that writing takes, with so many bytes beside it. They take turns."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.wait_for(_run(address, token, sessions, times), 10 * PATIENCE_SECONDS))


async def _run(address: str, token: str, sessions: dict[str, int], times: int) -> dict[str, float]:
    connection = await http.connect(address, token)
    for session, size in sessions.items():
        await _fill(connection, session, size)
    took: dict[str, list[float]] = {session: [] for session in sessions}
    for n in range(times):
        for session, taken in took.items():
            taken.append(await _write(connection, session, {"n": n}))
    connection.close()
    return {session: statistics.median(taken) for session, taken in took.items()}


async def _fill(connection: http.Connection, session: str, size: int) -> None:
    for part, start in enumerate(range(0, size, PART)):
        await _write(connection, session, {f"part{part}": "x" * min(PART, size - start)})


async def _write(connection: http.Connection, session: str, variables: dict[str, Any]) -> float:
    path, body = f"/api/v1/sessions/{session}/data", json.dumps(variables).encode()
    began = time.perf_counter()
    status, said = await connection.ask("PATCH", path, body)
    http.check(200, status, said, path)
    return (time.perf_counter() - began) * 1000
