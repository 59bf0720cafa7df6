"""The API: who may call it, what takes part in it, and its documentation (3-api.md)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path
from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import JSONRenderer

from portal.accounts import auth as accounts
from portal.accounts.permissions import ANONYMOUS, Principal, visitor
from portal.api.reference import Reference
from portal.lib import strict_json
from portal.rest import errors, problems
from portal.rest.auth import Bearer, Cookie
from portal.rest.openapi import documented
from sessions_app.api import agents, chat, messages, policies, sessions
from sessions_app.api.errors import PROBLEMS
from sessions_app.queries import visitors

DESCRIPTION = """Everything a person can do in the Portal a program can do, with the same rights. Instants are ISO 8601
in UTC; durations are ISO 8601, whole numbers are read as seconds. Lists take `limit` and `cursor`. Every error is a
problem document (RFC 9457) whose `code` is stable; an error changes nothing."""


class Unescaped(JSONRenderer):
    """Letters as they are: half the size in Arabic or Japanese."""

    json_dumps_params: Mapping[str, Any] = {"ensure_ascii": False}


class StrictParser(Parser):
    def parse_body(self, request: HttpRequest) -> Any:
        return strict_json.loads(request.body)


class PortalAPI(NinjaAPI):
    def get_openapi_operation_id(self, operation: Operation) -> str:
        """Names that clients can be generated from; each is used once."""
        return operation.view_func.__name__

    def get_openapi_schema(self, **options: Any) -> Any:
        return documented(super().get_openapi_schema(**options))


def _visitor(secret: str) -> Principal | None:
    user = visitors.user_of(secret)
    return visitor(user) if user else None


def _signed_in(request: HttpRequest) -> Principal | None:
    principal = accounts.principal(request)
    return None if principal is ANONYMOUS else principal


api = PortalAPI(
    title="Portal",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    openapi_url=None,
    auth=[Bearer(accounts.by_token, _visitor), Cookie(_signed_in)],
    parser=StrictParser(),
    renderer=Unescaped(),
)
errors.install(api, PROBLEMS)
for part in (sessions, messages, agents, policies, chat):
    api.add_router("", part.router)


# ── the documentation ────────────────────────────────────────────────────────────────────────────────────────────────
@lru_cache(maxsize=1)
def document() -> dict[str, Any]:
    """The OpenAPI document. `docs/openapi.json` is a copy of it (`make openapi`)."""
    return dict(api.get_openapi_schema(path_prefix="/api/v1/"))


def openapi(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(document(), json_dumps_params={"ensure_ascii": False})


def docs(request: HttpRequest) -> HttpResponse:
    """The same document for people, in the frame of the other pages; anybody may read it."""
    found = Reference(document())
    context = {
        "themes": found.themes(),
        "shapes": found.shapes(),
        "codes": [(status, code, title) for code, (status, title) in problems.CODES.items()],
        "base": settings.PORTAL_URL,
    }
    return render(request, "api/docs.html", context)


urls: list[URLPattern | URLResolver] = [
    path("api/v1/openapi.json", openapi, name="openapi"),
    path("api/v1/", api.urls),
    path("api/docs", docs, name="api-docs"),
]
