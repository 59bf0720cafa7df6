"""A Portal that a test can break: it speaks docs/chat-protocol.md to the pages of a context, without a network.

What cannot be had from the real one on demand: an acknowledgement that is lost, a token that is refused, a socket
that closes between two frames. It keeps the promises of the protocol and decides nothing about sessions.
"""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from django.conf import settings
from playwright.sync_api import BrowserContext, Page, Route, WebSocketRoute

ADDRESS = "http://localhost"
WIDGET = Path(settings.ROOT) / "static" / "widget"
CSP = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
TYPES = {".js": "text/javascript", ".css": "text/css"}
NOW = "2026-11-21T10:05:00.000Z"
LINE = {
    "session": "s",
    "client_id": None,
    "language": "en",
    "direction": "ltr",
    "held": False,
    "at": NOW,
    "payload": None,
}
ACTIONS = {"live": ["end", "pause"], "paused": ["end", "resume"], "ended": []}
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<meta name="viewport" content="width=device-width"><link rel="stylesheet" href="/static/widget/hosted.css">
<script type="module" src="/static/widget/portal-chat.js"></script></head><body><main>{}</main></body></html>"""
POPUP = '<h1>A shop</h1><portal-chat agent="shop" language="en"></portal-chat>'


class FakePortal:
    def __init__(self, context: BrowserContext) -> None:
        self.body = POPUP
        self.frames: list[dict[str, Any]] = []  # everything clients sent
        self.asked: list[dict[str, Any]] = []  # the bodies of every POST
        self.down = False
        self.mute = False  # commits, but the socket is lost before anybody is told
        self.refusals: dict[str, dict[str, str]] = {}  # text of a message or type of a frame → code and detail
        self.tokens: list[str] = []
        self.sockets: list[WebSocketRoute] = []
        self.begin_thread()
        context.route(f"{ADDRESS}/**", self._http)
        context.route_web_socket("ws://localhost/ws/chat/", self._socket)

    def begin_thread(self) -> None:
        self.thread = str(uuid4())
        self.entries: list[dict[str, Any]] = []
        self.session: dict[str, Any] | None = None
        self.cleared = 0

    # ── what a test makes happen

    def sent(self, kind: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["type"] == kind]

    def tell(self, frame_type: str, **values: Any) -> None:
        for socket in self.sockets:
            self._send(socket, type=frame_type, **values)

    def say(self, text: str, sender: str = "bot", kind: str = "text", **values: Any) -> dict[str, Any]:
        place = {"seq": len(self.entries) + 1, "id": str(uuid4())}
        entry = LINE | place | {"from": sender, "kind": kind, "text": text} | values
        self.entries.append(entry)
        self.repeat(entry)
        return entry

    def repeat(self, entry: dict[str, Any]) -> None:
        self.tell("divider" if entry["kind"] == "divider" else "message", **entry)

    def be(self, state: str, *, reason: str | None = None, language: str = "en", new: bool = False) -> None:
        known = str(uuid4()) if new or self.session is None else self.session["id"]
        self.session = {"id": known, "state": state, "language": language, "ends_at": NOW, "end_reason": reason}
        self.session["actions"] = ACTIONS[state]
        self.tell("session", session=self.session, reason=reason)

    def clear(self) -> None:
        self.cleared = len(self.entries)
        self.tell("cleared", seq=self.cleared)

    def new_chat(self) -> None:
        self.begin_thread()
        for socket in self.sockets:
            self._send(socket, **self._ready(0))
        self.be("live", new=True)
        self.say("A fresh start.")

    def hang_up(self, code: int = 1012) -> None:
        for socket in self.sockets:
            socket.close(code=code)
        self.sockets.clear()

    def visit(self, context: BrowserContext, body: str = POPUP) -> Page:
        self.body = body
        page = context.new_page()
        page.goto(f"{ADDRESS}/")
        return page

    # ── its side of the protocol

    def _http(self, route: Route) -> None:
        path = urlsplit(route.request.url).path
        if path.startswith("/api/v1/chat/"):
            self._enrol(route, path)
        elif path.startswith("/static/widget/"):
            file = WIDGET / Path(path).name
            route.fulfill(body=file.read_text(), content_type=TYPES[file.suffix])
        elif path == "/":
            route.fulfill(
                body=PAGE.format(self.body), content_type="text/html", headers={"Content-Security-Policy": CSP}
            )
        else:
            route.fulfill(status=204)

    def _enrol(self, route: Route, path: str) -> None:
        if self.down:
            return route.abort()
        self.asked.append(asked := route.request.post_data_json)
        token = asked.get("visitor_token")
        if not path.endswith("/shop"):
            return route.fulfill(status=404, json={"code": "not_found", "detail": "There is no such agent."})
        if token and token not in self.tokens:
            return route.fulfill(status=401, json={"code": "unauthenticated", "detail": "Unknown token."})
        if not token:
            self.tokens.append(token := f"vis_{uuid4()}")
        agent = {"slug": "shop", "name": "Shop assistant", "languages": ["en", "de", "ar"], "default_language": "en"}
        return route.fulfill(json={"visitor_token": token, "agent": agent, "thread": self.thread, "server_now": NOW})

    def _socket(self, socket: WebSocketRoute) -> None:
        if self.down:
            return socket.close(code=1012)
        socket.on_message(lambda text: self._receive(socket, json.loads(text)))
        return None

    def _receive(self, socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        self.frames.append(frame)
        refusal = self.refusals.get(frame.get("text") or frame["type"])
        if refusal:
            return self._send(socket, type="error", client_id=frame.get("client_id"), **refusal)
        match frame["type"]:
            case "hello":
                return self._hello(socket, frame)
            case "open":
                return self._open(frame)
            case "message":
                return self._message(socket, frame)
            case "typing":
                return None
            case "set_language":
                self.be("live", language=frame["language"])
            case "pause" | "resume" | "end":
                states = {"pause": "paused", "resume": "live", "end": "ended"}
                self.be(states[frame["type"]], reason="user_ended" if frame["type"] == "end" else None)
            case "clear_history":
                self.clear()
            case "new_chat":
                self.new_chat()
        return self._send(socket, type="ack", client_id=frame["client_id"], message_id=None, seq=None)

    def _hello(self, socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        if frame["token"] not in self.tokens:
            self._send(socket, type="error", code="unauthenticated", detail="Unknown token.")
            return socket.close(code=4401)
        self.sockets.append(socket)
        return self._send(socket, **self._ready(frame["after"]))

    def _ready(self, after: int) -> dict[str, Any]:
        missed = [entry for entry in self.entries if entry["seq"] > max(after, self.cleared)]
        known = {"thread": self.thread, "session": self.session, "seq": len(self.entries), "cleared": self.cleared}
        return {"type": "ready", "messages": missed, **known}

    def _open(self, frame: dict[str, Any]) -> None:
        if self.session is None or self.session["state"] == "ended":
            self.be("live", language=frame["language"], new=True)
            self.say("Hello! What can I do for you?")

    def _message(self, socket: WebSocketRoute, frame: dict[str, Any]) -> None:
        known = [entry for entry in self.entries if entry["client_id"] == frame["client_id"]]
        if self.mute:
            self.mute = False
            self.sockets.clear()
            self.say(frame.get("text", ""), "user", client_id=frame["client_id"])
            return socket.close(code=1012)
        entry = known[0] if known else self._heard(frame)
        return self._send(socket, type="ack", client_id=frame["client_id"], message_id=entry["id"], seq=entry["seq"])

    def _heard(self, frame: dict[str, Any]) -> dict[str, Any]:
        held = bool(self.session and self.session["state"] == "paused")
        return self.say(frame.get("text", ""), "user", frame["kind"], client_id=frame["client_id"], held=held)

    def _send(self, socket: WebSocketRoute, **frame: Any) -> None:
        socket.send(json.dumps({**frame, "server_now": NOW}))
