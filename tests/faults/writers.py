"""Clients who say one thing after the other, each until it is acknowledged, whatever dies meanwhile."""

import contextlib
import random
import threading
from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple
from uuid import uuid4

import httpx
from websockets.exceptions import WebSocketException

from tests.faults.crowd import Deed, all_succeed
from tests.faults.patience import until
from tests.faults.scene import Guest, Scene, answer_to, cut
from tests.integration.chat.client import Client

LOST = (httpx.TransportError, OSError, EOFError, WebSocketException)
MOST_SILENT = 0.1  # seconds between two messages of a writer
MEDDLE_EVERY = 0.05
DEEDS = ("end", "pause", "resume", "pause", "resume")


class Acknowledged(NamedTuple):
    client_id: str
    message: str


class Writer:
    """`kept` is what was acknowledged, in order: many writers share one list."""

    def __init__(self, guest: Guest, kept: list[Acknowledged], *, text: str = "hello") -> None:
        self.guest, self.kept, self.text = guest, kept, text

    def write_until(self, enough: threading.Event) -> None:
        while not enough.wait(random.uniform(0, MOST_SILENT)):
            client_id = uuid4().hex
            until(partial(self._acknowledged, client_id), "a message is acknowledged")

    def _acknowledged(self, client_id: str) -> bool:
        try:
            message = self.say(client_id)
        except LOST:
            self.leave()
            return False
        if message is not None:
            self.kept.append(Acknowledged(client_id, message))
        return message is not None

    def say(self, client_id: str) -> str | None:
        """The id of the message it became; None, or LOST, where nobody said so."""
        raise NotImplementedError

    def leave(self) -> None:
        """Be gone, without a word."""


class ByApi(Writer):
    def say(self, client_id: str) -> str | None:
        answer = self.guest.say(self.text, client_id=client_id)
        if answer.status_code >= 500:
            return None
        return str(answer.raise_for_status().json()["message"]["id"])


class BySocket(Writer):
    """Keeps its connection as long as it lasts."""

    chat: Client | None = None

    def say(self, client_id: str) -> str | None:
        if self.chat is None:
            self.chat = self.guest.connect().__enter__()
        return answer_to(self.chat, self.chat.say(self.text, client_id=client_id)).get("message_id")

    def leave(self) -> None:
        chat, self.chat = self.chat, None
        if chat is not None:
            cut(chat)


def meddle_until(enough: threading.Event, *, shop: Scene) -> None:
    """The owner pauses, resumes and ends what others are in; what becomes of it is not asked."""
    open_now = f"/sessions?agent={shop.agent.slug}&limit=10"
    while not enough.wait(MEDDLE_EVERY):
        with contextlib.suppress(*LOST):
            sessions = shop.owner.get(open_now).json().get("items", [])
            for session in random.sample(sessions, min(1, len(sessions))):
                shop.owner.post(f"/sessions/{session['id']}/{random.choice(DEEDS)}")


@contextlib.contextmanager
def busy(writers: Sequence[Writer], *others: partial[None]) -> Iterator[None]:
    """All of them write during the block; at its end each has had the last thing it said acknowledged. The others do
    what they do until then."""
    enough = threading.Event()
    deeds = [Deed(partial(work, enough)) for work in (*(writer.write_until for writer in writers), *others)]
    try:
        yield
    finally:
        enough.set()
    all_succeed(deeds)
    for writer in writers:
        writer.leave()
