"""One visitor's connection to a chat (docs/chat-protocol.md)."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from portal.lib.http import Away, Client

CONNECT_WITHIN = 10.0  # seconds
CLOSE_WITHIN = 0.5


class Closed(Exception):
    """The chat cannot be had: the agent is gone, disabled, or wants no more visitors for so many seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"closed for {seconds:.0f} s")
        self.seconds = seconds


class Chat:
    """Open, from the moment at which one has said hello."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.state = ""  # of the session, as it was told last

    async def send(self, kind: str, /, **fields: Any) -> None:
        frame = {"type": kind, "client_id": uuid4().hex, **fields}
        await self._socket.send(json.dumps(frame))

    async def say(self, text: str) -> None:
        await self.send("typing")
        await self.send("message", kind="text", text=text)

    async def read(self, seconds: float) -> None:
        """Sit in front of the chat for so long, and read what comes."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._hear(json.loads(await self._socket.recv()))

    def _hear(self, frame: dict[str, Any]) -> None:
        if frame["type"] in ("session", "ready") and frame["session"]:
            self.state = frame["session"]["state"]


@asynccontextmanager
async def opened(client: Client, address: str, slug: str, *, token: str, language: str) -> AsyncIterator[Chat]:
    """The visitor's chat with an agent, opened in front of their eyes. Raises Closed, Away."""
    answer = await client.post(f"/api/v1/chat/{slug}", {"visitor_token": token, "language": language})
    if not answer.fine:
        raise Closed(answer.retry_after or 60.0)
    socket = address.replace("http", "ws", 1) + "/ws/chat/"
    try:
        async with connect(socket, open_timeout=CONNECT_WITHIN, close_timeout=CLOSE_WITHIN, proxy=None) as connection:
            await connection.send(json.dumps({"type": "hello", "token": token, "thread": answer.body["thread"]}))
            chat = Chat(connection)
            await chat.send("open", language=language)
            yield chat
    except (OSError, WebSocketException) as error:
        raise Away(f"{socket}: {error}") from None
