"""The cast of a fault: an agent of its own, those who run it, and who chats with it."""

import contextlib
import itertools
import json
import socket
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from portal.accounts import auth
from portal.agents.models import Agent
from portal.lib import clock
from sessions_app.actions import chats
from sessions_app.models import ChatSession, Thread
from tests import cast
from tests.integration.chat.client import Client

ANSWER_WITHIN = 30.0  # seconds; then a connection counts as lost
SCRIPT = """
languages:
  en:
    intents:
      greeting: {phrases: [hello], replies: [Hi!]}
      goodbye: {phrases: [bye], replies: [Bye!], ends_session: true}
    fallback: {replies: [What?]}
"""
WITH_BOT = {"platform": "scripted", "script": SCRIPT}  # an agent whose turns Portal puts to a bot
_numbers = itertools.count(1)
_http = httpx.Client(timeout=60, limits=httpx.Limits(max_connections=200), trust_env=False)


@dataclass(frozen=True)
class Caller:
    """A program with a token. Its calls go to the web processes in turn."""

    token: str
    webs: tuple[str, ...]

    def post(self, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        return self._call("POST", path, json=body or {})

    def put(self, path: str, body: dict[str, Any]) -> httpx.Response:
        return self._call("PUT", path, json=body)

    def get(self, path: str) -> httpx.Response:
        return self._call("GET", path)

    def _call(self, method: str, path: str, **values: Any) -> httpx.Response:
        site = self.webs[next(_numbers) % len(self.webs)]
        headers = {"Authorization": f"Bearer {self.token}"}
        return _http.request(method, f"{site}/api/v1{path}", headers=headers, **values)


@dataclass
class Guest:
    """Somebody who chats: their token, and the session they know of."""

    caller: Caller
    thread: Thread
    session: ChatSession

    def say(self, text: str, *, client_id: str | None = None) -> httpx.Response:
        """Over the API, to the session they know of."""
        body = {"kind": "text", "text": text, "client_id": client_id}
        return self.caller.post(f"/sessions/{self.session.pk}/messages", body)

    def say_by_socket(self, text: str, *, client_id: str) -> dict[str, Any]:
        """Connect, say it, and wait for the ack."""
        with self.connect() as chat:
            chat.until("ready")
            chat.say(text, client_id=client_id)
            return chat.until("ack", client_id=client_id)

    def catch_up(self) -> None:
        """Know of the latest session."""
        self.session = self.thread.sessions.order_by("-started_at", "-id")[0]

    def connect(self, **values: Any) -> Client:
        site = self.caller.webs[next(_numbers) % len(self.caller.webs)]
        return Client(site, self.caller.token, thread=str(self.thread.pk), **values)


def answer_to(chat: Client, client_id: str) -> dict[str, Any]:
    """The ack, or the error, that names what was sent. Raises TimeoutError where none comes."""
    while True:
        frame: dict[str, Any] = json.loads(chat.socket.recv(timeout=ANSWER_WITHIN))
        if frame.get("client_id") == client_id and frame["type"] in ("ack", "error"):
            return frame


def cut(chat: Client) -> None:
    """The connection is gone, and nobody has said good-bye."""
    with contextlib.suppress(OSError):
        chat.socket.socket.shutdown(socket.SHUT_RDWR)


class Scene:
    """An agent `shop-n` that nobody else touches, with an owner and an admin, and a neighbour for transfers."""

    def __init__(self, webs: tuple[str, ...], **agent: Any) -> None:
        number = next(_numbers)
        self.webs = webs
        self.olga, root = cast.account(f"olga-{number}"), cast.admin(f"root-{number}")
        self.agent: Agent = cast.agent(f"shop-{number}", owner=self.olga, realm=f"realm-{number}", **agent)
        self.neighbour: Agent = cast.agent(f"next-to-{self.agent.slug}", realm=self.agent.realm)
        self.owner = Caller(auth.mint_token(account=self.olga, name="faults"), webs)
        self.admin = Caller(auth.mint_token(account=root, name="faults"), webs)

    def guest(self) -> Guest:
        """A visitor who has said hello."""
        opened = chats.visit(agent=self.agent, user_id=None, secret=None)
        thread = Thread.objects.get(pk=opened.thread_id)
        cast.say(thread)
        return Guest(Caller(opened.visitor_token, self.webs), thread, thread.sessions.get())

    def in_another_thread(self, guest: Guest) -> Guest:
        """The same visitor, in a chat beside the one they have."""
        session = cast.chatting(self.agent, guest.thread.user)
        return Guest(guest.caller, session.thread, session)


def ends_in(session: ChatSession, left: timedelta) -> None:
    """Only so much time is left of an open session's life, by the database's clock. `ends_at` of the instance is that
    deadline, also when somebody has ended the session already."""
    session.refresh_from_db()
    by = session.ends_at - clock.now() - left
    deadline = session.ends_at - by
    cast.pass_time(session.pk, by)
    session.refresh_from_db()
    session.ends_at = deadline


def is_over(session: ChatSession) -> bool:
    """Whether the deadline it was last known to have has come."""
    return clock.now() >= session.ends_at
