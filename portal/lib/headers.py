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
        if "Cache-Control" not in response.headers and (_was_somebody(request) or _is_somebody(request)):
            response.headers["Cache-Control"] = "no-store"
        return response


def _was_somebody(request: HttpRequest) -> bool:
    """Also who is signed out by this very request. The database, which may be away, is not asked."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES


def _is_somebody(request: HttpRequest) -> bool:
    user = getattr(request, "user", None)
    return user is not None and user.is_authenticated
