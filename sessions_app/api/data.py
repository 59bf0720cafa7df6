"""Session data: the read-only `internal` object and the bot's own variables (3-api.md, "Session data")."""

from typing import Any

from django.http import HttpResponse
from ninja import Query, Router

from portal.lib import clock, strict_json
from portal.lib.strict_json import NotJson
from portal.rest.openapi import answers
from portal.rest.problems import Problem
from sessions_app.actions import data
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.data import DataQuery, SessionData, Sizes
from sessions_app.api.sessions import named
from sessions_app.core.data import LARGEST, NothingThere, Unusable

router = Router(tags=["Session data"])
LARGEST_BODY = 3 * LARGEST  # of a patch of the full size, where every letter beyond ASCII is written as \u…
MEDIA_TYPES = ("application/json", "application/merge-patch+json")
OBJECT = {"type": "object", "additionalProperties": True, "title": "Merge patch"}


def _with_patch(operation: dict[str, Any]) -> dict[str, Any]:
    """Documents a body that the operation reads by itself."""
    body = {"required": True, "content": {media_type: {"schema": OBJECT} for media_type in MEDIA_TYPES}}
    return operation | {"openapi_extra": operation["openapi_extra"] | {"requestBody": body}}


@router.get(
    "/sessions/{session}/data",
    summary="Read session data",
    **answers(SessionData | Any, "forbidden", "not_found", "invalid"),
)
def get_data(request: ApiRequest, session: str, query: Query[DataQuery]) -> HttpResponse:
    """`internal` and every variable, or what is at `path`. Variables that the agent marks as sensitive are “•••” unless
    revealed. For those who run the agent."""
    id = named(session)
    if query.path is None:
        document = data.read(principal=request.auth, session=id, reveal=query.reveal)
        return HttpResponse(document.pieces(), content_type="application/json")
    try:
        text = data.value(principal=request.auth, session=id, path=query.path, reveal=query.reveal)
    except NothingThere:
        raise Problem("not_found", f"There is nothing at “{query.path[:200]}” in the session data.") from None
    return HttpResponse(text, content_type="application/json")


@router.patch(
    "/sessions/{session}/data",
    summary="Change session data",
    **_with_patch(
        answers(
            Sizes,
            *("forbidden", "not_found", "session_ended", "session_data_too_large", "internal_read_only", "invalid"),
        )
    ),
)
def change_data(request: ApiRequest, session: str) -> Sizes:
    """A JSON merge patch (RFC 7396) of the variables: what it names is set, objects are merged, null removes. It is
    done as a whole or not at all. All variables together take at most 10,485,760 bytes as compact UTF-8 JSON."""
    try:
        taken = data.change(principal=request.auth, session=named(session), patch=_patch(_body(request)))
    except Unusable as error:
        raise Problem("invalid", str(error)) from None
    return Sizes(data_bytes=taken, server_now=clock.now())


def _body(request: ApiRequest) -> bytes:
    """Beyond what other operations take, and no further than any patch can need."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST_BODY:
        raise _too_large()
    body: bytes = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY or _at_least(body) > LARGEST:
        raise _too_large()
    return body


def _at_least(body: bytes) -> int:
    """What a text has as compact JSON, or less: known before it is parsed, which takes many times its size."""
    spaces = sum(map(body.count, (b" ", b"\n", b"\r", b"\t")))
    return len(body) - spaces - 5 * body.count(b"\\u") - body.count(b"\\/")


def _patch(body: bytes) -> dict[str, Any]:
    try:
        patch = strict_json.loads(body)
    except NotJson as error:
        raise Problem("invalid", str(error)) from None
    if not isinstance(patch, dict):
        raise Problem("invalid", "A merge patch of session data is an object: a value for each variable by its name.")
    return patch


def _too_large() -> Problem:
    return Problem(
        "session_data_too_large",
        f"The patch alone has more than {LARGEST:,} bytes as compact JSON, which is what session data has at most."
        " Nothing was changed.",
    )
