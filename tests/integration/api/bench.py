"""Requests with an `Idempotency-Key`, and an API of its own with operations that answer in every way there is."""

import threading
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client
from django.urls import path as address
from ninja import File, NinjaAPI, UploadedFile

from portal.rest import errors, idempotency
from portal.rest.keyed import Caller
from portal.rest.models import KeptAnswer
from portal.rest.problems import Problem
from tests.integration.api.conftest import Program

PATIENCE_SECONDS = 15
START = {"agent": "shop", "user": {"id": "ada"}}
KEY = "order-17"


def send(who: Program, path: str = "/sessions", body: Any = START, key: str = KEY) -> Any:
    """To the Portal's API."""
    return who.post(path, body, Idempotency_Key=key)


def send_bench(path: str, body: bytes = b"", key: str = KEY, media_type: str = "application/json") -> Any:
    """To the API of this module; the test is marked `urls("tests.integration.api.bench")`."""
    return Client(headers={"Idempotency-Key": key}).post(f"/api/v1{path}", body, content_type=media_type)


def is_replay(response: Any) -> bool:
    return response.headers.get("Idempotent-Replayed") == "true"


def grow_older(by: timedelta) -> None:
    """As if all keys had come so much earlier."""
    KeptAnswer.objects.update(claimed_at=F("claimed_at") - by)


class Stage:
    """What the operations have done, and what they wait for."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.done: list[Any] = []
        self.entered, self.go_on = threading.Event(), threading.Event()


stage = Stage()
api = NinjaAPI(urls_namespace="bench", auth=lambda _request: "ada")


@api.post("/status/{status}")
def answer_with(request: Any, status: int) -> HttpResponse:
    stage.done.append(status)
    if status >= 400:
        raise Problem("invalid", "Refused.", status=status)
    headers = {"ETag": '"7"', "Location": "/x", "Content-Type": "text/x", "Set-Cookie": "a=b", "X-Other": "y"}
    return HttpResponse("answer", status=status, headers=headers)


@api.post("/large/{size}")
def answer_at_length(request: Any, size: int) -> HttpResponse:
    stage.done.append(size)
    return HttpResponse("x" * size)


@api.post("/stream")
def answer_in_pieces(request: Any) -> StreamingHttpResponse:
    stage.done.append("stream")
    return StreamingHttpResponse(["a", "b"])


@api.post("/files")
def take_file(request: Any, file: File[UploadedFile]) -> int:
    stage.done.append(file.read())
    return len(stage.done)


@api.post("/mistake")
def make_a_mistake(request: Any) -> None:
    stage.done.append("mistake")
    raise RuntimeError


@api.post("/secret")
@idempotency.secret_answer
def tell_a_secret(request: Any) -> int:
    stage.done.append("secret")
    return len(stage.done)


@api.post("/slow")
def take_time(request: Any) -> HttpResponse:
    """The first is as slow as its test wants it, and may fail."""
    stage.done.append("slow")
    number = len(stage.done)
    if number == 1:
        stage.entered.set()
        assert stage.go_on.wait(PATIENCE_SECONDS)
    return HttpResponse(str(number), status=500 if number == 1 and "fail" in request.GET else 201)


errors.install(api, {})
idempotency.install(api, caller=lambda request: Caller(request.auth, frozenset()))
urlpatterns = [address("api/v1/", api.urls)]
