"""What may be asked for at all."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed

KNOWN = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")


class MethodsMiddleware:
    """405 for any other method: a page that only shows would answer TRACE, and whatever somebody makes up, like GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request) if request.method in KNOWN else HttpResponseNotAllowed(KNOWN)
