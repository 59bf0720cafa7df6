"""Real sockets that listen, and note by the database's clock until when they were told something."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.test import Client
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from portal.accounts.models import Account
from portal.lib import clock
from portal.lib.threads import in_database

PATIENCE = 60.0


class Ear:
    """One connection. `told` are the instants of what it was told; a last word that says why it ends is none."""

    def __init__(self, name: str, take_away: Callable[[], Any]) -> None:
        self.name = name
        self._take_away = take_away
        self.told: list[datetime] = []
        self.taken_at: datetime | None = None
        self.ended_at: datetime | None = None
        self.listening, self.over = asyncio.Event(), asyncio.Event()

    def take_away(self) -> None:
        """The right to listen, in a thread that may ask the database. Once."""
        if self.taken_at is None:
            self._take_away()
            self.taken_at = clock.now()

    @property
    def too_long(self) -> float:
        """Seconds for which it was told more than it had a right to; 0 if it was told nothing more."""
        assert self.taken_at is not None, "it lost no right"
        return max([0.0, *((told - self.taken_at).total_seconds() for told in self.told)])

    @property
    def lasted(self) -> float:
        """Seconds until its connection was ended."""
        assert self.taken_at is not None, "it lost no right"
        assert self.ended_at is not None, "it has not ended"
        return (self.ended_at - self.taken_at).total_seconds()

    async def listen(self, socket: ClientConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in socket:
                frame = json.loads(text)
                if frame["type"] != "error":
                    self.told.append(datetime.fromisoformat(frame["server_now"]))
                    self.listening.set()


@contextlib.asynccontextmanager
async def listening(ear: Ear, address: str, first: dict[str, Any], **headers: str) -> AsyncIterator[None]:
    """Its connection, for as long as the block lasts."""
    task = asyncio.create_task(_listen(ear, address, first, headers))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _listen(ear: Ear, address: str, first: dict[str, Any], headers: dict[str, str]) -> None:
    with contextlib.suppress(InvalidStatus, ConnectionClosed):
        async with connect(address, additional_headers=headers, proxy=None, open_timeout=PATIENCE) as socket:
            await socket.send(json.dumps(first))
            await ear.listen(socket)
    ear.ended_at = await in_database(clock.now)
    ear.over.set()


def chat(ear: Ear, site: str, token: str) -> Any:
    return listening(ear, f"{site.replace('http', 'ws')}/ws/chat/", {"type": "hello", "token": token})


def page(ear: Ear, site: str, key: str, slug: str) -> Any:
    watch = {"type": "watch", "query": "", "agent": slug, "rows": {}}
    cookie = {"Cookie": f"{settings.SESSION_COOKIE_NAME}={key}", "Origin": site}
    return listening(ear, f"{site.replace('http', 'ws')}/ws/sessions/", watch, **cookie)


def signed_in(account: Account) -> str:
    """The key of a new sign-in of theirs."""
    client = Client()
    client.force_login(account)
    return client.session.session_key or ""
