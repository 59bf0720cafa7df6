"""Response headers that Django and django-csp do not set."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class HeadersMiddleware:
    """Permissions-Policy everywhere; X-Frame-Options also where Django's own does not come: around files, and what is
    refused before there is a page. `no-store` on whatever was made for somebody signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        # Who it is, is asked only where it matters: of a database that is away, nobody can ask.
        if "Cache-Control" not in response.headers and _is_somebody(request):
            response.headers["Cache-Control"] = "no-store"
        return response


def _is_somebody(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated
