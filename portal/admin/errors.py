"""Error pages that are drawn with the frame, which asks the database who is signed in."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.views import defaults

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def gives_back(error_page: View) -> View:
    """Under ASGI Django renders error pages on a thread of their own, where nobody closes the database's connection."""

    @wraps(error_page)
    def page(*args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return error_page(*args, **kwargs)
        finally:
            for connection in connections.all(initialized_only=True):
                if not connection.in_atomic_block:  # a test's client, on the test's own connection
                    connection.close_if_unusable_or_obsolete()

    return cast(View, page)


not_found = gives_back(defaults.page_not_found)
forbidden = gives_back(defaults.permission_denied)


def too_many(request: HttpRequest) -> HttpResponse:
    """What was asked for too often: codes, letters."""
    response = render(request, "429.html", status=429)
    response.headers["Retry-After"] = "60"
    return response
