"""Requests, one after the other on each of many connections, for a while."""

import asyncio
import itertools
import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

import uvloop

from tests.load.clients import http
from tests.load.clients.clock import Clock
from tests.load.program import PATIENCE_SECONDS

TEXT = "Where is my order? It was to arrive on Tuesday, and nobody tells me anything."
Requests = Iterator[tuple[str, bytes]]


def work(
    *, address: str, token: str, kind: str, targets: list[str], connections: int, warm_up: float, seconds: float
) -> dict[str, Any]:
    """`targets` are ids of sessions (or conversations), shared out among the connections; `kind` is one of KINDS."""
    run = _run(address, token, kind, targets, connections, warm_up, seconds)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run)


async def _run(
    address: str, token: str, kind: str, targets: list[str], connections: int, warm_up: float, seconds: float
) -> dict[str, Any]:
    requests, per_request = KINDS[kind]
    made = [await http.connect(address, token) for _ in range(connections)]
    clock = Clock(warm_up=warm_up, seconds=seconds)
    asked = (
        _ask(connection, requests(targets[n::connections]), clock, per_request) for n, connection in enumerate(made)
    )
    await asyncio.wait_for(asyncio.gather(*asked), warm_up + seconds + PATIENCE_SECONDS)
    for connection in made:
        connection.close()
    return clock.result()


async def _ask(connection: http.Connection, requests: Requests, clock: Clock, per_request: int) -> None:
    while clock.goes_on:
        path, body = next(requests)
        began = time.perf_counter()
        status, said = await connection.ask("POST", path, body)
        http.check(200, status, said, path)
        clock.count(began=began, number=per_request)


def _messages(sessions: list[str]) -> Requests:
    """One message through the API."""
    for session, client_id in zip(itertools.cycle(sessions), _client_ids(), strict=False):
        yield f"/api/v1/sessions/{session}/messages", _said(client_id)


def _plain(conversations: list[str]) -> Requests:
    """The same to the yardstick."""
    for conversation, client_id in zip(itertools.cycle(conversations), _client_ids(), strict=False):
        yield f"/conversations/{conversation}/messages", _said(client_id)


ITEMS = 500


def _interactions(sessions: list[str]) -> Requests:
    """ITEMS of them in one request, of as many sessions."""
    of, client_ids = itertools.cycle(sessions), _client_ids()
    while True:
        items = [
            {"session": next(of), "kind": "text", "text": TEXT, "client_id": next(client_ids)} for _ in range(ITEMS)
        ]
        yield "/api/v1/interactions", json.dumps({"items": items}).encode()


def _client_ids() -> Iterator[str]:
    mine = uuid.uuid4().hex
    return (f"{mine}-{n}" for n in itertools.count())


def _said(client_id: str) -> bytes:
    return b'{"kind": "text", "text": "%b", "client_id": "%b"}' % (TEXT.encode(), client_id.encode())


KINDS = {"message": (_messages, 1), "plain": (_plain, 1), "interactions": (_interactions, ITEMS)}
