"""`Idempotency-Key`: a POST that is sent again gets the first answer (3-api.md, "Errors"; docs/decisions/0014).

Before an operation begins, its key is claimed. Whoever does not get the claim waits until the answer is kept. Neither a
transaction nor a connection is held while an operation runs or somebody waits for it.
"""

import time
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, TypeVar

import structlog
from django.db import Error
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.operation import Operation

from portal.lib import threads
from portal.rest import claims, keyed
from portal.rest.claims import Claim
from portal.rest.keyed import HEADER, LONGEST, Caller, Keyed, misused
from portal.rest.models import KeptAnswer
from portal.rest.problems import Problem

PATIENCE = 30.0  # seconds that a request waits for the answer to the first
LOOK_EVERY = 0.25  # seconds
RETRY_AFTER = "10"  # seconds; by then the first is answered, or soon given up
LARGEST = 1024 * 1024  # bytes of an answer that is kept
FORGOTTEN_PER_KEY = 10  # more than the one that is written: what is old becomes less
KEPT_HEADERS = ("Content-Type", "ETag", "Location")
AGAIN = "This was done before, and is not done again."
TAKEN = (
    "Your own name for this request, 1 to 255 printable characters. Sent again within 24 h, the request is not done "
    "again: it gets the first answer, with the header `Idempotent-Replayed: true`."
)
IGNORED = "Not looked at here: nothing of this answer is kept. Sent again, the request is done again."
log = structlog.get_logger(__name__)
View = TypeVar("View", bound=Callable[..., Any])
CallerOf = Callable[[Any], Caller]


# ── for APIs and operations ──────────────────────────────────────────────────────────────────────────────────────────
def secret_answer(view: View) -> View:
    """Mark an operation whose answer holds a secret: it is not kept, and keys are not looked at."""
    view.secret_answer = True  # type: ignore[attr-defined]
    return view


def install(api: NinjaAPI, *, caller: CallerOf) -> None:
    """Let every POST operation of `api` take keys, and say so in the OpenAPI document; call it after the last router.
    Where anybody may call, nobody is there whose key it could be: such an operation is as one with a secret."""
    for operation in _posts(api):
        if operation.is_async:
            raise TypeError(f"{operation.view_func.__name__} is async: a key can only be waited for in a thread.")
        kept = bool(operation.auth_callbacks) and not getattr(operation.view_func, "secret_answer", False)
        _document(operation, TAKEN if kept else IGNORED)
        if kept:
            operation.view_func = _once(operation.view_func, caller)
            operation.run = _with_answer_kept(operation.run)  # type: ignore[method-assign]


def _posts(api: NinjaAPI) -> Iterator[Operation]:
    for router in api._get_bound_routers():
        for path in router.path_operations.values():
            yield from (operation for operation in path.operations if "POST" in operation.methods)


def _document(operation: Operation, words: str) -> None:
    text = {"type": "string", "minLength": 1, "maxLength": LONGEST}
    parameter = {"in": "header", "name": HEADER, "schema": text, "required": False, "description": words}
    extra = operation.openapi_extra or {}
    operation.openapi_extra = {**extra, "parameters": [*extra.get("parameters", ()), parameter]}


# ── around an operation ──────────────────────────────────────────────────────────────────────────────────────────────
def _once(view: Callable[..., Any], caller: CallerOf) -> Callable[..., Any]:
    """Behind authentication and validation: what they refuse has not begun, and uses up no key."""

    @wraps(view)
    def once(request: Any, **values: Any) -> Any:
        if request.method != "POST" or HEADER not in request.headers:
            return view(request, **values)
        found = _claim_or_answer(keyed.read(request, caller(request)))
        if isinstance(found, HttpResponse):
            return found
        request.claim = found
        return view(request, **values)

    return once


def _with_answer_kept(run: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Where the answer has been made, also that of a refusal."""

    @wraps(run)
    def kept(request: Any, **address: Any) -> HttpResponseBase:
        response = run(request, **address)
        claim: Claim | None = getattr(request, "claim", None)
        if claim is not None:
            _settle(claim, response)
        return response

    return kept


def _settle(claim: Claim, response: HttpResponseBase) -> None:
    """What was done is answered, even if its answer cannot be kept."""
    try:
        if _is_final(response.status_code):
            headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
            claims.keep(claim, status=response.status_code, headers=headers, content=_content(response))
        else:
            claims.let_go(claim)
        claims.forget_old(limit=FORGOTTEN_PER_KEY)
    except Error as error:
        log.warning("answer not kept", error=str(error))


def _is_final(status: int) -> bool:
    """Not what asks for another try: our failures, a token to be renewed, too much at the moment."""
    return status < 500 and status not in (401, 429)


def _content(response: HttpResponseBase) -> bytes | None:
    """None if it is too large, or never was in memory."""
    content = response.content if isinstance(response, HttpResponse) else None
    return None if content is None or len(content) > LARGEST else content


# ── the first answer ─────────────────────────────────────────────────────────────────────────────────────────────────
def _claim_or_answer(asked: Keyed) -> Claim | HttpResponse:
    """The claim, or the first answer as soon as there is one. Raises Problem."""
    until = time.monotonic() + PATIENCE
    while (claim := claims.take(asked)) is None:
        kept = claims.find(asked)
        if kept is not None and (answer := _answer(asked, kept)) is not None:
            return answer
        if time.monotonic() >= until:
            raise _unanswered()
        threads.release_connection()
        time.sleep(LOOK_EVERY)
    return claim


def _answer(asked: Keyed, kept: KeptAnswer) -> HttpResponse | None:
    """The first answer once more, None while it is awaited. Raises Problem where it is not for this request."""
    if bytes(kept.address) != asked.address:
        raise misused("This key has come with another address. Nothing was done; give each request its own key.")
    if bytes(kept.body) != asked.body:
        raise misused("This key has come with another body. Nothing was done; give each request its own key.")
    if kept.status is None:
        return None
    if not asked.caller.rights.issuperset(kept.rights):
        raise Problem("forbidden", f"{AGAIN} You may do less now than then, so its answer is not repeated.")
    if kept.content is None:
        raise Problem("state_changed", f"{AGAIN} Its answer was too large to be kept: look at what has become of it.")
    return HttpResponse(bytes(kept.content), status=kept.status, headers=kept.headers | {"Idempotent-Replayed": "true"})


def _unanswered() -> Problem:
    sentence = "The first request with this key is not answered yet. This one did nothing; send it again with its key."
    return Problem("unavailable", sentence, headers={"Retry-After": RETRY_AFTER})
