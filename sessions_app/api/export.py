"""Many sessions as one file, for programs (3-api.md, `GET /sessions.csv`)."""

from functools import partial
from typing import Any

from django.http import StreamingHttpResponse
from ninja import Query, Router

from portal.accounts import auth
from portal.accounts.permissions import Principal
from portal.rest.openapi import answers
from sessions_app import exports
from sessions_app.actions import exporting
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.sessions import SessionsWanted
from sessions_app.api.sessions import filter_of

router = Router(tags=["Sessions"])
ANSWERS: dict[str, Any] = answers(None, "forbidden", "invalid")
ANSWERS["openapi_extra"]["responses"][200] = {
    "description": "The file: UTF-8 without a byte order mark, the names of the columns first.",
    "content": {"text/csv": {"schema": {"type": "string"}}},
}


@router.get("/sessions.csv", summary="Export sessions", **ANSWERS)
def export_sessions(request: ApiRequest, query: Query[SessionsWanted]) -> StreamingHttpResponse:
    """All that match, newest first, for those who run agents. It is noted in the audit log. A text that a spreadsheet
    would take for a formula begins with an apostrophe. The answer breaks off when a right is taken away meanwhile."""
    wanted = filter_of(request.auth, query)
    return exports.csv(exporting.begin(principal=request.auth, ask=partial(_ask, request), wanted=wanted, form="csv"))


def _ask(request: ApiRequest) -> Principal | None:
    """Whoever the same credential stands for by now."""
    header = request.headers.get("Authorization")
    if header is None:
        return auth.by_session(request.session.session_key or "")
    return auth.by_token(header.partition(" ")[2].strip())
