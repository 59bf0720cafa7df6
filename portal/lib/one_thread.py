"""Django under ASGI, with one thread per request and few changes to it."""

from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from asgiref.sync import ThreadSensitiveContext, sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase

from portal.lib import bodies

MOST_KEPT = 64  # idle threads


class OneThreadHandler(ASGIHandler):
    """The middlewares and the view of a request, one after the other in one thread.

    Django itself runs each middleware as a coroutine, and sends what it does before and after the view to a thread.
    That came to seventeen changes for `/healthz`, and to more than half of what it cost. It also begins a thread for
    each request; here it is one that is done with another. A view that is a coroutine is still run as one.
    """

    def __init__(self) -> None:
        super().__init__()
        self._idle: list[ThreadPoolExecutor] = []

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)

    async def read_body(self, receive: Any) -> bodies.File:
        return await bodies.read(receive)

    def create_request(self, scope: Any, body_file: IO[bytes]) -> Any:
        request, refusal = super().create_request(scope, body_file)
        if request is not None:  # as long as it is, whatever it says
            request.META["CONTENT_LENGTH"] = str(bodies.size(body_file))
        return request, refusal

    async def listen_for_disconnect(self, receive: Any) -> None:
        await bodies.leave(receive)

    async def handle(self, *connection: Any) -> None:
        thread = self._idle.pop() if self._idle else ThreadPoolExecutor(1, thread_name_prefix="request")
        done = False
        try:
            async with ThreadSensitiveContext(executor=thread):
                await super().handle(*connection)
            done = True  # Django's last act is in this thread, which therefore has nothing left to do
        finally:
            if done and len(self._idle) < MOST_KEPT:
                self._idle.append(thread)
            else:
                thread.shutdown(wait=False)
