"""The API: who may call it, what takes part in it, and its documentation (3-api.md)."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import URLPattern, URLResolver, path, reverse
from ninja import NinjaAPI
from ninja.operation import Operation
from ninja.parser import Parser
from ninja.renderers import BaseRenderer
from pydantic_core import to_json

from portal.accounts import auth as accounts
from portal.accounts.permissions import ANONYMOUS, Principal, visitor
from portal.accounts.sign_in import recent
from portal.api import audit, people, tokens
from portal.api.reference import Reference
from portal.lib import strict_json
from portal.rest import errors, idempotency, problems
from portal.rest.auth import Bearer, Cookie
from portal.rest.keyed import Caller
from portal.rest.openapi import documented
from portal.rest.problems import Problem
from sessions_app.api import agents, chat, data, deeds, export, identity, interactions, messages, policies, sessions
from sessions_app.api.caller import ApiRequest
from sessions_app.api.errors import PROBLEMS
from sessions_app.queries import visitors

DESCRIPTION = """Everything a person can do in the Portal a program can do, with the same rights. Instants are ISO 8601
in UTC; durations are ISO 8601, whole numbers are read as seconds. Lists take `limit` and `cursor`. Every error is a
problem document (RFC 9457) whose `code` is stable; an error changes nothing.

**Sending again.** Every POST takes `Idempotency-Key`, your own name for the request: 1 to 255 printable characters, a
UUID for example. Within 24 hours the same request with the same key is not done again: it gets the first answer as it
was then, a refusal too, with the header `Idempotent-Replayed: true`. Of two at the same time one is done; the other
waits up to 30 s for its answer, else it gets 503 with `Retry-After`. The same key with another body or address is 422
`invalid`. Keys are the caller's own: all tokens of an account and its sign-in share them, so do those of a visitor; a
token that is bound to some agents has its own. Who may do less than when it was done gets 403 `forbidden`. Not kept, so
that sending again is another try: what was refused before it began (401, 422 for a body that does not fit), every 429
and 5xx. Of an answer over 1 MB only the deed is remembered: 409 `state_changed`. Where an answer holds a secret, as of
`POST /chat/{slug}`, keys are not looked at. If Portal dies between a deed and the keeping of its answer, sending again
after a minute does it again; a message with a `client_id` is one message even then."""


class Renderer(BaseRenderer):
    """Letters as they are: half the size in Arabic or Japanese. Ids are written by what checked them, several times as
    fast as Python would."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> Any:  # noqa: ARG002
        return to_json(data)


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


def _caller(request: ApiRequest) -> Caller:
    """Whose idempotency keys they are: with any of its tokens an account is the same. But what one does that is bound
    to some agents is no answer for one that is bound to others."""
    principal = request.auth
    name = f"{principal.kind} {principal.account_id or principal.user_id}"
    return Caller(name if principal.agents is None else f"token {principal.token_id}", frozenset(_rights(principal)))


def _rights(principal: Principal) -> Iterator[str]:
    """What a caller may not have lost who wants to read the answer of then."""
    if not principal.read_only:
        yield "write"
    if not principal.backend:
        yield "more than a back end"
    yield from (f"agent {agent}" for agent in principal.agents or ())
    yield f"role {principal.role}"
    yield from (f"own {agent}" for agent in principal.owns)
    for agent, languages in principal.translates.items():
        yield from (f"translate {agent} {language}" for language in languages)


def _not_recent(_error: Exception) -> Problem:
    there = settings.PORTAL_URL + reverse("account_reauthenticate")
    return Problem("forbidden", f"You signed in a while ago: show at {there} that it is you, then do it again.")


api = PortalAPI(
    title="Portal",
    version="1",
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url=None,
    openapi_url=None,
    auth=[Bearer(accounts.by_token, _visitor), Cookie(_signed_in)],
    parser=StrictParser(),
    renderer=Renderer(),
)
errors.install(api, {**PROBLEMS, **tokens.PROBLEMS, recent.NotRecent: _not_recent})
for part in (
    sessions,
    export,
    deeds,
    messages,
    interactions,
    data,
    agents,
    identity,
    policies,
    chat,
    tokens,
    audit,
    people,
):
    api.add_router("", part.router)
idempotency.install(api, caller=_caller)


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
