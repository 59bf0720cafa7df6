"""The one place where an error becomes a problem document.

Parts say which of their exceptions is which problem (`install`); whatever else goes wrong below `/api/` is caught here
too: unknown paths, wrong methods, broken JSON, a database that is away.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from portal.lib import origin
from portal.lib.strict_json import NotJson
from portal.rest import sentences
from portal.rest.problems import MEDIA_TYPE, Problem, respond, unauthenticated

BELOW = "/api/"
RETRY_AFTER = "2"  # seconds until a database that restarts may be asked again
OF_STATUS = {403: "forbidden", 404: "not_found", 405: "method_not_allowed", 503: "unavailable"}
Translate = Callable[[Any], Problem]
log = structlog.get_logger(__name__)


def install(api: NinjaAPI, translations: Mapping[type[Exception], Translate]) -> None:
    """Let every exception of `api` become a problem document. `translations` are those that parts raise."""
    for raised, translate in {**_OWN, **translations}.items():
        api.add_exception_handler(raised, _handler(translate))


class ProblemsMiddleware:
    """Below `/api/` also what never reaches an operation is a problem document: unknown paths, wrong methods, hosts.
    And no answer is kept by anybody on its way."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """What a view below `/api/` raised outside of an operation."""
        if not request.path_info.startswith(BELOW):
            return None
        translate = next(_OWN[kind] for kind in type(error).__mro__ if kind in _OWN)
        return respond(translate(error))

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not request.path_info.startswith(BELOW):
            return response
        if response.status_code >= 400 and response.headers.get("Content-Type") != MEDIA_TYPE:
            response = respond(_of_response(request, response))
        response.headers.setdefault("Cache-Control", "no-store")
        return response


def _of_response(request: HttpRequest, response: HttpResponseBase) -> Problem:
    status = response.status_code
    code = OF_STATUS.get(status, "internal_error" if status >= 500 else "invalid")
    detail = {
        404: f"There is nothing at {request.path_info}.",
        405: f"{request.method} cannot be done here.",
        500: _internal_detail(),
    }.get(status, f"{HTTPStatus(status).phrase}.")
    kept = {name: response.headers[name] for name in ("Allow", "Retry-After") if name in response.headers}
    return Problem(code, detail, headers=kept, status=status)


def _handler(translate: Translate) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(_request: HttpRequest, error: Any) -> HttpResponse:
        return respond(translate(error))

    return handle


# ── what is translated for everybody ──────────────────────────────────────────────────────────────────────────────────
def _invalid_fields(error: ValidationError) -> Problem:
    errors = sentences.by_field(error.errors)
    return Problem("invalid", sentences.summary(errors), errors=errors)


def _http_error(error: HttpError) -> Problem:
    """Ninja's own: nobody authenticated, or a body that cannot be parsed."""
    if error.status_code == HTTPStatus.UNAUTHORIZED:
        return unauthenticated("Send a token as `Authorization: Bearer …`, or sign in.")
    return Problem("invalid", str(error.__cause__) if isinstance(error.__cause__, NotJson) else f"{error}.")


def _unreadable(error: SuspiciousOperation) -> Problem:
    if isinstance(error, RequestDataTooBig):
        return Problem("invalid", "The request is too large.", status=413)
    return Problem("invalid", str(error))


def _database_away(error: Exception) -> Problem:
    log.warning("database unavailable", error=str(error))
    detail = "The database cannot be reached. Nothing was changed; try again in a moment."
    return Problem("unavailable", detail, headers={"Retry-After": RETRY_AFTER})


def _unstorable(error: DataError) -> Problem:
    """Every value should have been refused by name before it came this far."""
    log.error("value refused by the database", exc_info=error)
    return Problem("invalid", "A value cannot be stored. Nothing was changed.")


def _unexpected(error: Exception) -> Problem:
    log.error("request failed", exc_info=error)
    return Problem("internal_error", _internal_detail())


def _internal_detail() -> str:
    return f"Nothing more can be said here. The log of Portal has it under request {origin.current().request_id}."


_OWN: Mapping[type[Exception], Translate] = {
    Problem: lambda problem: problem,
    ValidationError: _invalid_fields,
    HttpError: _http_error,
    Http404: lambda _: Problem("not_found", "There is no such thing, or not for you."),
    PermissionDenied: lambda _: Problem("forbidden", "You may not do this."),
    SuspiciousOperation: _unreadable,
    OperationalError: _database_away,
    InterfaceError: _database_away,
    DataError: _unstorable,
    Exception: _unexpected,
}
