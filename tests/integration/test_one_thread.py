"""`portal.lib.one_thread`: which threads requests run in."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from portal.lib.one_thread import OneThreadHandler

pytestmark = pytest.mark.django_db(transaction=True)
Answer = Callable[[HttpRequest], HttpResponse]


class Handler(OneThreadHandler):
    """Answers at once by `answer`, and remembers in which threads."""

    def __init__(self, answer: Answer = lambda _: HttpResponse("done")) -> None:
        super().__init__()
        self.answer = answer
        self.threads: list[int] = []

    def get_response(self, request: HttpRequest) -> HttpResponseBase:
        self.threads.append(threading.get_ident())
        return self.answer(request)


class Client:
    """One request. `leave` is that its client goes away before the answer."""

    def __init__(self) -> None:
        self.said = asyncio.Queue[dict[str, Any]]()
        self.said.put_nowait({"type": "http.request", "body": b"", "more_body": False})
        self.heard: list[dict[str, Any]] = []

    def leave(self) -> None:
        self.said.put_nowait({"type": "http.disconnect"})

    async def send(self, message: dict[str, Any]) -> None:
        self.heard.append(message)

    async def ask(self, handler: Handler) -> None:
        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": [], "root_path": ""}
        await handler(scope, self.said.get, self.send)


async def test_a_request_takes_the_thread_of_one_that_is_done():
    handler = Handler()
    for _ in range(3):
        client = Client()
        await client.ask(handler)
        assert client.heard[0]["status"] == 200

    assert len(handler.threads) == 3
    assert len(set(handler.threads)) == 1


async def test_requests_at_once_have_a_thread_each():
    together = threading.Barrier(3)

    def answer(_: HttpRequest) -> HttpResponse:
        together.wait(30)
        return HttpResponse("done")

    handler = Handler(answer)
    await asyncio.gather(*(Client().ask(handler) for _ in range(3)))

    assert len(set(handler.threads)) == 3


async def test_who_leaves_does_not_leave_a_busy_thread_to_the_next():
    begun, go_on = threading.Event(), threading.Event()

    def answer(request: HttpRequest) -> HttpResponse:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(30)
        return HttpResponse("done")

    handler, impatient, next_one = Handler(answer), Client(), Client()
    left = asyncio.create_task(impatient.ask(handler))
    await asyncio.to_thread(begun.wait, 30)
    impatient.leave()
    await asyncio.wait_for(next_one.ask(handler), 30)

    assert next_one.heard[0]["status"] == 200
    assert impatient.heard == []
    go_on.set()
    await left
