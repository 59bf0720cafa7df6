"""Where the work under way came from: the address and id of the request, for logs and the audit log."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponseBase

from portal.lib.ids import uuid7


@dataclass(frozen=True, slots=True)
class Origin:
    address: str | None = None
    request_id: str = ""


NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("origin", default=NOWHERE)


def current() -> Origin:
    return _current.get()


class OriginMiddleware:
    """Give every request an id, kept through logs and audit, and told to the caller as `X-Request-ID`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        origin = Origin(address=request.META.get("REMOTE_ADDR") or None, request_id=str(uuid7()))
        request.origin = origin  # type: ignore[attr-defined]  # for the log: Django writes of an answer when it is made
        token = _current.set(origin)
        try:
            response = self.get_response(request)
            response.headers["X-Request-ID"] = _current.get().request_id
            return response
        finally:
            _current.reset(token)
