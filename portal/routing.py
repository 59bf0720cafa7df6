"""The sockets."""

from collections.abc import Awaitable, Callable
from typing import Any

from channels.routing import URLRouter
from django.urls import re_path

import sessions_app.routing

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def nowhere(_scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Send) -> None:
    """Any other address. The router would raise there: a 500, and a traceback in the log for whoever asks for one."""
    await receive()
    await send({"type": "websocket.close"})  # before it is accepted: the client gets a 403


anywhere_else = re_path("", nowhere)  # type: ignore[arg-type]  # its stubs know views only
websocket = URLRouter([*sessions_app.routing.sockets, anywhere_else])
