"""A client of the chat protocol, over a real socket."""

import json
import time
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE = 10.0  # seconds


class Client:
    """Connects on entering the block. `frames` is everything that came, in order."""

    def __init__(self, site: str, token: str, *, thread: str | None = None, after: int = 0, origin: str | None = None):
        self._connecting = connect(site.replace("http", "ws") + "/ws/chat/", origin=origin)
        self._hello = {"token": token, "thread": thread, "after": after}
        self.frames: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self.socket = self._connecting.__enter__()
        self.send("hello", **self._hello)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._connecting.__exit__(kind, error, at)

    def send(self, kind: str, /, **fields: Any) -> str:
        """Send a frame with a client_id of its own; the id."""
        fields = {"client_id": uuid4().hex} | fields
        self.socket.send(json.dumps({"type": kind, **fields}))
        return fields["client_id"]

    def say(self, text: str, **fields: Any) -> str:
        return self.send("message", kind="text", text=text, **fields)

    def until(self, kind: str, /, **wanted: Any) -> dict[str, Any]:
        """The next frame of this type whose fields are as wanted, passing over others."""
        deadline = time.monotonic() + PATIENCE
        while (left := deadline - time.monotonic()) > 0:
            try:
                frame = json.loads(self.socket.recv(timeout=left))
            except TimeoutError:
                break
            self.frames.append(frame)
            if frame["type"] == kind and all(frame.get(name) == value for name, value in wanted.items()):
                return frame
        raise AssertionError(f"no {kind} with {wanted}; there came {self.frames}")

    def told(self, kind: str) -> dict[str, Any]:
        """The first frame of this type, also one that was passed over: a look at a chat may come between two facts."""
        return next((frame for frame in self.frames if frame["type"] == kind), None) or self.until(kind)

    def closed(self) -> int:
        """The code with which the server closed."""
        try:
            while True:
                self.frames.append(json.loads(self.socket.recv(timeout=PATIENCE)))
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


def visit(site: str, slug: str, **body: Any) -> dict[str, Any]:
    """Say who one is."""
    return httpx.post(f"{site}/api/v1/chat/{slug}", json=body).raise_for_status().json()
