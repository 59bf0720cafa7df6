"""A sign-in ends some days after it began, whatever is done with it meanwhile."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import logout
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from portal.accounts.queries import sign_ins

AWAY = "The database cannot be reached. Nothing was changed; try again in a moment.\n"


class LifetimeMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Programs send no cookie, and nothing is looked up for them.
        try:
            if settings.SESSION_COOKIE_NAME in request.COOKIES and sign_ins.is_over(request.session):
                logout(request)
        except (OperationalError, InterfaceError):
            return HttpResponse(
                AWAY, status=503, content_type="text/plain; charset=utf-8", headers={"Retry-After": "2"}
            )
        return self.get_response(request)
