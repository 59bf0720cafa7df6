"""A sessions page without a browser: it loads the page, opens its socket and applies what it is told, as
`static/portal/live.js` does."""

import asyncio
import json
import re
from types import TracebackType
from typing import Any, Self

from asgiref.testing import ApplicationCommunicator
from django.conf import settings
from django.test import Client

from portal.accounts.models import Account
from portal.asgi import application
from portal.lib.threads import in_database

RANK = {"live": 0, "idle": 1, "paused": 2, "ended": 3}
ROW = re.compile(r"<tr data-id=.*?</tr>", re.DOTALL)
STRIP = re.compile(r'<div id="transfers">(.*?)</div>', re.DOTALL)
ATTRIBUTE = re.compile(r'data-(id|version|state|place)="([^"]*)"')
PATIENCE = 8.0


class LivePage:
    """Use it as `async with LivePage(account, "/sessions/") as page`. `rows` is what it shows: id → HTML of the row;
    `strip` the HTML of the transfers above them."""

    def __init__(self, account: Account, address: str = "/sessions/", *, origin: str = settings.PORTAL_URL) -> None:
        self.client = Client()
        self.account = account
        self.address = address
        self.origin = origin
        self.rows: dict[str, dict[str, Any]] = {}
        self.strip = ""
        self.frames: list[dict[str, Any]] = []
        self.closed: int | None = None

    @property
    def query(self) -> str:
        return self.address.partition("?")[2]

    @property
    def agent(self) -> str | None:
        found = re.match(r"/agents/(.+)/sessions/", self.address)
        return found[1] if found else None

    async def sign_in(self) -> None:
        if not self.client.cookies:
            await in_database(lambda: self.client.force_login(self.account))

    async def fresh(self) -> dict[str, dict[str, Any]]:
        """The rows of the page as it is loaded now."""
        return (await self.anew())[0]

    async def anew(self) -> tuple[dict[str, dict[str, Any]], str]:
        """The rows and the strip of the page as it is loaded now."""
        await self.sign_in()
        text = (await in_database(lambda: self.client.get(self.address))).text
        strip = STRIP.search(text)
        assert strip is not None, "every page has a place for it"
        return {row["id"]: row for row in map(_row, ROW.findall(text))}, strip[1].strip()

    async def load(self) -> None:
        self.rows, self.strip = await self.anew()

    async def open(self) -> bool:
        """Open the socket; whether it was accepted."""
        await self.sign_in()
        cookie = f"{settings.SESSION_COOKIE_NAME}={self.client.cookies[settings.SESSION_COOKIE_NAME].value}"
        headers = [(b"origin", self.origin.encode()), (b"cookie", cookie.encode())]
        scope = {
            "type": "websocket",
            "path": "/ws/sessions/",
            "headers": headers,
            "query_string": b"",
            "subprotocols": [],
        }
        self.socket = ApplicationCommunicator(application, scope)
        await self.socket.send_input({"type": "websocket.connect"})
        return (await self.socket.receive_output(PATIENCE))["type"] == "websocket.accept"

    async def say(self, **frame: Any) -> None:
        await self.socket.send_input({"type": "websocket.receive", "text": json.dumps(frame)})

    async def watch(self) -> None:
        rows = {id: [row["row_version"], row["state"]] for id, row in self.rows.items()}
        await self.say(type="watch", query=self.query, agent=self.agent, rows=rows)

    async def hear(self, within: float = PATIENCE) -> dict[str, Any]:
        """The next frame, applied."""
        event = await self.socket.receive_output(within)
        if event["type"] == "websocket.close":
            self.closed = event["code"]
            return {"type": "close", "code": event["code"]}
        frame: dict[str, Any] = json.loads(event["text"])
        self.frames.append(frame)
        self._apply(frame)
        return frame

    async def hear_until(self, condition: Any) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await self.hear()

    def _apply(self, frame: dict[str, Any]) -> None:
        for row in frame.get("rows", ()):
            known = self.rows.get(row["id"])
            if row.get("gone"):
                self.rows.pop(row["id"], None)
            elif row["fits"] if known is None else _stamp(row) >= _stamp(known):
                self.rows[row["id"]] = row
        self.strip = frame.get("transfers", self.strip)
        if until := frame.get("until"):
            self.rows = {id: row for id, row in self.rows.items() if row["place"] >= until}

    def state(self, id: object) -> str | None:
        row = self.rows.get(str(id))
        return row["state"] if row else None

    async def __aenter__(self) -> Self:
        await self.load()
        assert await self.open()
        await self.watch()
        await self.hear()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self.socket.send_input({"type": "websocket.disconnect", "code": 1000})
        await self.socket.wait(PATIENCE)


def _row(html: str) -> dict[str, Any]:
    found = dict(ATTRIBUTE.findall(html[: html.index(">")]))
    return {
        "id": found["id"],
        "row_version": int(found["version"]),
        "state": found["state"],
        "place": found["place"],
        "fits": True,
        "html": html,
    }


def _stamp(row: dict[str, Any]) -> tuple[int, int]:
    return row["row_version"], RANK[row["state"]]


def drawn(rows: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The rows that are in the view, newest first, as they are drawn."""
    inside = sorted((row for row in rows.values() if row["fits"]), key=lambda row: row["place"], reverse=True)
    return {row["id"]: " ".join(row["html"].split()) for row in inside}
