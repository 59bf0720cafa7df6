"""Visitors in their chats. Each writes as soon as the message before is acknowledged (docs/chat-protocol.md)."""

import asyncio
import json
import time
from typing import Any

import uvloop
from websockets.asyncio.client import ClientConnection, connect

from tests.load.clients import http
from tests.load.clients.clock import Clock
from tests.load.clients.posts import TEXT
from tests.load.program import PATIENCE_SECONDS, Broken

AT_ONCE = 20  # visitors that come in together
ACK, ERROR = '{"type": "ack"', '{"type": "error"'


def work(*, address: str, slug: str, visitors: int, warm_up: float, seconds: float) -> dict[str, Any]:
    """Messages acknowledged per second, and how long each took."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_run(address, slug, visitors, warm_up, seconds))


async def _run(address: str, slug: str, visitors: int, warm_up: float, seconds: float) -> dict[str, Any]:
    door = asyncio.Semaphore(AT_ONCE)
    coming = asyncio.gather(*(_come_in(address, slug, door) for _ in range(visitors)))
    sockets = await asyncio.wait_for(coming, PATIENCE_SECONDS)
    clock = Clock(warm_up=warm_up, seconds=seconds)
    talk = asyncio.gather(*(_talk(socket, clock) for socket in sockets))
    await asyncio.wait_for(talk, warm_up + seconds + PATIENCE_SECONDS)
    await asyncio.gather(*(socket.close() for socket in sockets))
    return clock.result()


async def _come_in(address: str, slug: str, door: asyncio.Semaphore) -> ClientConnection:
    """A new visitor: the token, the socket, hello, open."""
    async with door:
        begun = await http.connect(address)
        path = f"/api/v1/chat/{slug}"
        status, body = await begun.ask("POST", path, b"{}")
        begun.close()
        http.check(201, status, body, path)
        socket = await _connect(f"ws{address.removeprefix('http')}/ws/chat/")
        await socket.send(json.dumps({"type": "hello", "token": json.loads(body)["visitor_token"], "after": 0}))
        await socket.recv()
        await _say(socket, '{"type": "open", "client_id": "open"}')
    return socket


async def _connect(address: str) -> ClientConnection:
    # As little as a client can do: nothing is compressed, nobody is asked whether they are still there.
    return await connect(address, compression=None, ping_interval=None, max_queue=None, proxy=None)


async def _talk(socket: ClientConnection, clock: Clock) -> None:
    number = 0
    while clock.goes_on:
        number += 1
        began = time.perf_counter()
        await _say(socket, f'{{"type": "message", "client_id": "{number}", "kind": "text", "text": "{TEXT}"}}')
        clock.count(began=began)


async def _say(socket: ClientConnection, frame: str) -> None:
    """Return when it is acknowledged. Whatever else is told meanwhile is read, as a client would."""
    await socket.send(frame)
    while True:
        heard = await socket.recv(decode=True)
        if heard.startswith(ACK):
            return
        if heard.startswith(ERROR):
            raise Broken(f"The chat answered {heard[:200]}")
