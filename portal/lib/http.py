"""The one door to HTTP servers, for programs that call one (4-architecture.md, "The tree")."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

PATIENCE = 30.0  # seconds


class Away(Exception):
    """Nobody answered, or not with what was asked for. The text says who and why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`body` is the JSON object that came, {} without one; `retry_after` seconds, where the server says so."""

    status: int
    body: Mapping[str, Any]
    retry_after: float | None

    @property
    def fine(self) -> bool:
        return 200 <= self.status < 300


class Client:
    """JSON to and from one server."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def post(self, path: str, body: Mapping[str, Any], *, token: str = "") -> Answer:
        """Raises Away when no answer came."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            response = await self._client.post(path, json=body, headers=headers)
        except httpx.HTTPError as error:
            raise Away(f"{self._client.base_url}: {error or type(error).__name__}") from None
        return Answer(response.status_code, _object(response), _seconds(response.headers.get("Retry-After")))


@asynccontextmanager
async def client(address: str) -> AsyncIterator[Client]:
    """A client of the server at `address`; its connections are shared by all who use it."""
    # Nothing of the environment: what is called here is named by its address, not by a proxy variable.
    async with httpx.AsyncClient(base_url=address, timeout=PATIENCE, trust_env=False) as opened:
        yield Client(opened)


def _object(response: httpx.Response) -> Mapping[str, Any]:
    try:
        found = response.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _seconds(header: str | None) -> float | None:
    return float(header) if header and header.isdigit() else None
