"""Django under ASGI, with one change of threads per request."""

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpRequest, HttpResponseBase


class OneThreadHandler(ASGIHandler):
    """The middlewares and the view of a request, one after the other in one thread.

    Django itself runs each middleware as a coroutine, and sends what it does before and after the view to a thread.
    That came to seventeen changes for `/healthz`, and to more than half of what it cost. A view that is a coroutine is
    still run as one.
    """

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002
        super().load_middleware(is_async=False)

    async def get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        return await sync_to_async(self.get_response, thread_sensitive=True)(request)
