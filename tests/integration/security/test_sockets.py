"""What a socket that is refused or cut off leaves in the log: where, why and from what address, and no secret."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.conf import settings
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from sessions_app.actions import chats
from tests import cast

FORGED = "vis_" + "f" * 43
PATIENCE = 30  # seconds


@contextmanager
def socket(site: str, path: str, **headers: str) -> Iterator[ClientConnection]:
    """Read to its end, whatever is done with it."""
    address = site.replace("http", "ws", 1) + path
    with connect(address, origin=site, additional_headers=headers, proxy=None) as opened:  # type: ignore[arg-type]
        with suppress(ConnectionClosed):
            yield opened
        with suppress(ConnectionClosed):
            for _ in opened:
                pass


def the_line(caplog: Any, code: int) -> str:
    """The web process says it in a thread of its own, a moment later perhaps."""
    deadline = time.monotonic() + PATIENCE
    while True:
        told = [f"{record.msg}" for record in list(caplog.records)]
        if found := [text for text in told if "socket refused" in text and str(code) in text]:
            (line,) = found
            return line
        assert time.monotonic() < deadline, told
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (json.dumps({"type": "hello", "token": FORGED}), 4401),
        ("no frame at all", 4400),
        ('{"type": "message"}', 4400),
    ],
    ids=["token", "no frame", "no hello"],
)
def test_a_chat_that_is_refused(site, caplog, frame, code):
    caplog.set_level("INFO")
    with socket(site, "/ws/chat/") as chat:
        chat.send(frame)
    assert "127.0.0.1" in the_line(caplog, code)
    assert FORGED not in caplog.text


def test_a_live_page_of_nobody(site, caplog):
    caplog.set_level("INFO")
    with socket(site, "/ws/sessions/", Cookie=f"{settings.SESSION_COOKIE_NAME}=stolen-canary"):
        pass
    assert "127.0.0.1" in the_line(caplog, 4401)
    assert "stolen-canary" not in caplog.text


def test_a_flood(site, caplog):
    caplog.set_level("INFO")
    shop = cast.agent("shop", owner=cast.account("olga"))
    token = chats.visit(agent=shop, user_id=None, secret=None).visitor_token
    with socket(site, "/ws/chat/") as chat:
        chat.send(json.dumps({"type": "hello", "token": token}))
        for _ in range(100):
            chat.send(json.dumps({"type": "typing"}))
    assert "127.0.0.1" in the_line(caplog, 4429)
    assert token not in caplog.text
