"""Keep-alive connections to a web process: what a request costs here is a tenth of what it costs there."""

import asyncio
from typing import cast
from urllib.parse import urlsplit

import httptools

from tests.load.program import Broken


class Connection(asyncio.Protocol):
    """One request at a time. A server that closes it in the middle breaks the measurement."""

    def __init__(self, head: bytes) -> None:
        self._head = head
        self._parser = httptools.HttpResponseParser(self)
        self._body: list[bytes] = []
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None

    async def ask(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        """The status and the body of the answer."""
        self._body = []
        self._answer = asyncio.get_running_loop().create_future()
        length = b"Content-Length: %d\r\n\r\n" % len(body)
        self._transport.write(b"%b %b HTTP/1.1\r\n" % (method.encode(), path.encode()) + self._head + length + body)
        return await self._answer

    def close(self) -> None:
        self._answer = None
        self._transport.close()

    # ── called by asyncio
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, error: Exception | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(Broken(f"The server closed a connection: {error or 'without a word'}."))

    # ── called by the parser
    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result((self._parser.get_status_code(), b"".join(self._body)))


async def connect(address: str, token: str = "") -> Connection:
    """A connection to `address`, on which every request carries the token."""
    parts = urlsplit(address)
    lines = [f"Host: {parts.netloc}", "Content-Type: application/json"]
    lines += [f"Authorization: Bearer {token}"] if token else []
    head = "".join(f"{line}\r\n" for line in lines).encode()
    _, made = await asyncio.get_running_loop().create_connection(
        lambda: Connection(head), parts.hostname or "", parts.port or 80
    )
    return made


def check(wanted: int, status: int, body: bytes, path: str) -> None:
    """Raises Broken for any other answer, with its reason in short."""
    if status == 404:
        raise Broken(f"not available: 404 at {path}")
    if status != wanted:
        raise Broken(f"{status} at {path}: {body[:200].decode(errors='replace')}")
