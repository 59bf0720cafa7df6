"""How much a request may bring. Django under ASGI puts one of any size on the disk before it looks at the request."""

from collections.abc import Awaitable, Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestAborted
from django.http import HttpRequest, HttpResponse, HttpResponseBase

LARGEST = 32 * 1024 * 1024  # bytes: more than the largest that an operation takes (`sessions_app/api/data.py`)
File = SpooledTemporaryFile[bytes]
Receive = Callable[[], Awaitable[dict[str, Any]]]


async def read(receive: Receive) -> File:
    """The body; of one that is too large its beginning, which is longer than LARGEST. Raises RequestAborted."""
    body: File = SpooledTemporaryFile(max_size=settings.FILE_UPLOAD_MAX_MEMORY_SIZE)  # noqa: SIM115  closed by Django
    more = True
    while more and body.tell() <= LARGEST:
        message = await receive()
        if message["type"] == "http.disconnect":
            body.close()
            raise RequestAborted
        body.write(message.get("body", b""))
        more = message.get("more_body", False)
    body.seek(0)
    return body


async def leave(receive: Receive) -> NoReturn:
    """Until the client goes: what still comes of a body that is too large goes nowhere. Raises RequestAborted."""
    while (await receive())["type"] != "http.disconnect":
        pass
    raise RequestAborted


def size(body: IO[bytes]) -> int:
    length = body.seek(0, 2)
    body.seek(0)
    return length


class BodiesMiddleware:
    """413 for a body that was too large to be read to its end."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if int(request.META.get("CONTENT_LENGTH") or 0) <= LARGEST:
            return self.get_response(request)
        words = f"At most {LARGEST:,} bytes are taken. Nothing was done.\n"
        # Nobody is interested in the rest of it.
        headers = {"Connection": "close"}
        return HttpResponse(words, status=413, content_type="text/plain; charset=utf-8", headers=headers)
