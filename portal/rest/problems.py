"""Problem documents (RFC 9457; 3-api.md, "Errors"): what every error below `/api/` looks like."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpResponse

MEDIA_TYPE = "application/problem+json"

# code → (status, title). Codes are the contract; titles are for people.
CODES: Mapping[str, tuple[int, str]] = {
    "unauthenticated": (401, "Nobody is signed in"),
    "forbidden": (403, "This is not allowed"),
    "not_found": (404, "There is no such thing"),
    "method_not_allowed": (405, "This cannot be done here"),
    "session_ended": (409, "The session has ended"),
    "session_paused": (409, "The session is paused"),
    "state_changed": (409, "The state is not the one that this needs"),
    "live_chat_running": (409, "A live chat is running"),
    "agent_disabled": (409, "The agent is disabled"),
    "model_override_off": (409, "Models cannot be chosen for this session"),
    "version_conflict": (412, "Somebody else saved meanwhile"),
    "session_data_too_large": (413, "The session data would be too large"),
    "invalid": (422, "The request is not valid"),
    "internal_read_only": (422, "The internal session data cannot be changed"),
    "out_of_bounds": (422, "A value is outside its bounds"),
    "transfer_impossible": (422, "The session cannot be transferred there"),
    "session_limit_reached": (429, "The user has as many open sessions as there may be"),
    "rate_limited": (429, "Too many requests"),
    "internal_error": (500, "Something went wrong in Portal"),
    "unavailable": (503, "Portal cannot be reached at the moment"),
}


class Problem(Exception):
    """An error as the caller will read it. `errors` are sentences per field; `members`, what else the document has."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        errors: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        status: int | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail
        self.errors, self.headers = errors or {}, headers or {}
        self.status = status or CODES[code][0]
        self.members = members or {}


def respond(problem: Problem) -> HttpResponse:
    """The document of a problem."""
    document: dict[str, Any] = {
        "type": f"urn:portal:problem:{problem.code}",
        "title": CODES[problem.code][1],
        "status": problem.status,
        "detail": problem.detail,
        "code": problem.code,
    }
    if problem.errors:
        document["errors"] = {field: list(found) for field, found in problem.errors.items()}
    document |= problem.members
    content = json.dumps(document, ensure_ascii=False)
    return HttpResponse(content, status=problem.status, content_type=MEDIA_TYPE, headers=dict(problem.headers))


def unauthenticated(detail: str) -> Problem:
    return Problem("unauthenticated", detail, headers={"WWW-Authenticate": "Bearer"})
