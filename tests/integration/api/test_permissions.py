"""Who may call what: not visible is 404, visible but not allowed is 403 (1-product.md, "Permissions").

By looking at the operations there are: one without a row fails."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from portal import api
from portal.rest.problems import CODES
from tests.integration.api import callers
from tests.integration.api.callers import CALLERS, ELSEWHERE, LEFT_OPEN, LIKE, WITHOUT_CSRF, Ground, caller
from tests.integration.matrix.ledger import Cell, Matrix
from tests.integration.matrix.scene import undone

pytestmark = pytest.mark.django_db

# By CALLERS: admin, owner, stranger, translator, user, visitor, other visitor, reader, bound, back end, nobody.
# Of a list: whether it shows what it is about.
TABLE: dict[tuple[str, str], str] = {
    ("GET", "/sessions"): "shown shown empty empty empty shown empty shown empty shown 401",
    ("GET", "/sessions.csv"): "200 200 200 403 403 403 403 200 200 200 401",
    ("GET", "/sessions/{session}"): "200 200 404 404 404 200 404 200 404 200 401",
    ("GET", "/sessions/{session}/messages"): "200 200 404 404 404 200 404 200 404 200 401",
    ("GET", "/sessions/{session}/events"): "200 200 404 404 404 403 404 200 404 403 401",
    ("GET", "/sessions/{session}/data"): "200 200 404 404 404 403 404 200 404 200 401",
    ("PATCH", "/sessions/{session}/data"): "200 200 404 404 404 403 404 403 404 200 401",
    ("POST", "/sessions"): "201 201 404 403 404 403 403 403 404 201 401",
    ("POST", "/sessions/{session}/messages"): "200 200 404 404 404 200 404 403 404 200 401",
    ("POST", "/sessions/{session}/pause"): "200 200 404 404 404 200 404 403 404 403 401",
    ("POST", "/sessions/{session}/resume"): "200 200 404 404 404 200 404 403 404 403 401",
    ("POST", "/sessions/{session}/end"): "200 200 404 404 404 200 404 403 404 403 401",
    ("POST", "/sessions/{session}/clear-history"): "403 403 404 404 404 200 404 403 404 403 401",
    ("POST", "/sessions/{session}/extend"): "200 200 404 404 404 200 404 403 404 403 401",
    ("POST", "/sessions/{session}/transfer"): "422 422 404 404 404 422 404 403 404 403 401",  # there is no such agent
    ("DELETE", "/sessions/{session}/transfer"): "200 200 404 404 404 200 404 403 404 403 401",
    ("POST", "/sessions/{session}/live-chat"): "200 200 404 404 404 403 404 403 404 403 401",
    ("DELETE", "/sessions/{session}/live-chat"): "200 200 404 404 404 403 404 403 404 403 401",
    ("PUT", "/sessions/{session}/model"): "200 403 404 404 404 403 404 403 404 403 401",
    ("POST", "/sessions/{session}/fast-forward"): "422 422 404 404 404 403 404 403 404 403 401",  # no emulator session
    ("POST", "/sessions/bulk"): "ok ok denied denied denied ok denied denied denied denied 401",
    # What became of each item.
    ("POST", "/interactions"): "ok ok not_found not_found not_found forbidden not_found forbidden not_found ok 401",
    ("GET", "/agents"): "shown shown empty shown empty empty empty shown empty shown 401",
    ("POST", "/agents"): "201 201 201 403 403 403 403 403 403 403 401",
    ("GET", "/agents/{slug}"): "200 200 404 200 404 404 404 200 404 200 401",
    ("PATCH", "/agents/{slug}"): "200 200 404 403 404 404 404 403 404 403 401",
    ("DELETE", "/agents/{slug}"): "409 409 404 403 404 404 404 403 404 403 401",  # the visitor's session is open
    ("POST", "/agents/{slug}/identity-secret"): "201 201 404 403 404 404 404 403 404 403 401",
    ("GET", "/agents/{slug}/session-policy"): "200 200 404 403 404 404 404 200 404 403 401",
    ("PUT", "/agents/{slug}/session-policy"): "200 200 404 403 404 404 404 403 404 403 401",
    ("POST", "/agents/{slug}/session-policy/preview"): "200 200 404 403 404 404 404 200 404 403 401",
    ("GET", "/agents/{slug}/session-policy/versions"): "200 200 404 403 404 404 404 200 404 403 401",
    ("POST", "/agents/{slug}/session-policy/versions/{number}/restore"): "200 200 404 403 404 404 404 403 404 403 401",
    ("GET", "/audit"): "200 200 200 200 403 403 403 200 200 403 401",
    ("GET", "/tokens"): "200 200 200 200 200 403 403 200 403 403 401",
    ("POST", "/tokens"): "201 201 201 201 201 403 403 403 403 403 401",
    ("PATCH", "/tokens/{token}"): "404 200 404 404 404 403 403 403 403 403 401",
    ("DELETE", "/tokens/{token}"): "404 204 404 404 404 403 403 403 403 403 401",
    ("GET", "/people"): "shown shown empty 403 403 403 403 shown shown 403 401",
    ("POST", "/people"): "201 403 403 403 403 403 403 403 403 403 401",
    ("GET", "/people/{person}"): "200 200 404 404 404 404 404 200 404 404 401",
    ("PATCH", "/people/{person}"): "200 403 404 404 404 404 404 403 404 404 401",
    ("POST", "/people/{person}/invitation"): "422 403 404 404 404 404 404 403 404 404 401",  # they have been in already
    ("DELETE", "/people/{person}/second-factor"): "422 403 404 404 404 404 404 403 404 404 401",  # there is none
    ("PUT", "/agents/{slug}/members/{owner}"): "200 200 404 403 404 404 404 403 404 403 401",
    ("DELETE", "/agents/{slug}/members/{owner}"): "422 422 404 403 404 404 404 403 404 403 401",  # nobody else owns it
    ("POST", "/chat/{slug}"): "201 201 201 201 201 201 201 201 201 201 201",  # whoever comes
}
BODIES: dict[str, Any] = {
    "/sessions": {"agent": "{slug}", "user": {"id": "ada"}},
    "/sessions/{session}/messages": {"text": "hello"},
    "/sessions/{session}/data": {"basket": 1},
    "/sessions/{session}/transfer": {"agent": "nowhere"},
    "/sessions/{session}/model": {"model": None},
    "/sessions/{session}/fast-forward": {"by": "PT1M"},
    "/sessions/bulk": {"action": "pause", "ids": ["{session}"]},
    "/interactions": {"items": [{"session": "{session}", "text": "hello"}]},
    "/agents": {"name": "Bistro", "platform": "external"},
    "/agents/{slug}": {"name": "Store"},
    "/agents/{slug}/session-policy": {"warn_before": 30},
    "/agents/{slug}/session-policy/preview": {"warn_before": 30},
    "/tokens": {"name": "report", "expires_at": None},
    "/tokens/{token}": {"name": "report"},
    "/people": {"username": "nina", "name": "Nina", "email": "nina@portal.example", "role": "owner"},
    "/people/{person}": {"role": "owner"},
    "/agents/{slug}/members/{owner}": {"role": "owner"},
}
# For these one shows in a browser once more that it is oneself.
CONFIRMED = {
    ("POST", "/agents/{slug}/identity-secret"),
    ("POST", "/tokens"),
    ("PATCH", "/tokens/{token}"),
    ("DELETE", "/tokens/{token}"),
    ("POST", "/people"),
    ("PATCH", "/people/{person}"),
    ("POST", "/people/{person}/invitation"),
    ("DELETE", "/people/{person}/second-factor"),
    ("PUT", "/agents/{slug}/members/{owner}"),
    ("DELETE", "/agents/{slug}/members/{owner}"),
}
LISTS = {"/sessions": "session", "/agents": "slug", "/people": "owner"}
CHAT = ("POST", "/chat/{slug}")
# Beside the rules of `_expected`: a translator sees no people at all, an agent of another realm is not there for a
# visitor, and who begins a chat is asked for nothing.
OTHERWISE: dict[tuple[str, str], dict[Cell, str]] = {
    ("GET", "/people"): {("translator", "other"): "403", ("bound", "other"): "empty"},
    ("POST", "/sessions"): {(comer, "other"): "404" for comer in ("visitor", "identified", "account in a chat")},
    CHAT: {(comer, "own"): "201" for comer in (*LIKE, WITHOUT_CSRF, LEFT_OPEN)},
}


def test_every_operation_is_in_the_table():
    assert {(method, "/api/v1" + _public(path)) for method, path in TABLE} == set(_documented())


def _public(path: str) -> str:
    """As the documentation names the parts."""
    return path.replace("{token}", "{id}").replace("{person}", "{id}").replace("{owner}", "{username}")


def _documented() -> Iterator[tuple[str, str]]:
    for path, operations in api.document()["paths"].items():
        yield from ((method.upper(), path) for method in operations)


def test_the_documentation_leaves_no_operation_out_but_the_question_of_browsers():
    views = [view for _, router in api.api._routers for view in router.path_operations.values()]
    hidden = [each for view in views for each in view.operations if not each.include_in_schema]
    assert [(each.methods, each.view_func.__name__) for each in hidden] == [(["OPTIONS"], "preflight")]


@pytest.mark.parametrize(("method", "path"), TABLE)
def test_each_caller_gets_what_is_theirs(matrix: Matrix, method: str, path: str) -> None:
    ground = callers.ground()
    expected = dict(_expected(method, path)) | OTHERWISE.get((method, path), {})
    got = {(comer, whose): _got(ground, method, path, comer, whose) for comer, whose in expected}
    matrix.hold("operations", f"{method} {path}", got=got, expected=expected)


ABOUT_THE_SHOP = [(method, path) for method, path in TABLE if "{slug}" in path or "{session}" in path]


@pytest.mark.parametrize(("method", "path"), ABOUT_THE_SHOP)
def test_a_token_that_is_bound_to_the_shop_does_there_what_its_account_does(method: str, path: str) -> None:
    ground = callers.ground()
    row = dict(zip(CALLERS, TABLE[method, path].split(), strict=True))
    assert _got(ground, method, path, callers.HERE, "own") == row["owner"]


def _expected(method: str, path: str) -> Iterator[tuple[Cell, str]]:
    row = dict(zip(CALLERS, TABLE[method, path].split(), strict=True))
    for comer in CALLERS:
        yield (comer, "own"), row[comer]
    for comer, (like, _) in LIKE.items():
        yield (comer, "own"), row[like]
    yield (WITHOUT_CSRF, "own"), row["owner"] if method == "GET" else "403"
    yield (LEFT_OPEN, "own"), "403" if (method, path) in CONFIRMED else row["owner"]
    if re.search(r"\{\w+\}", f"{path} {BODIES.get(path)}") or (method == "GET" and path in LISTS):
        yield from (((comer, "other"), row[like]) for comer, like in ELSEWHERE.items())


def _got(ground: Ground, method: str, path: str, comer: str, whose: str) -> str:
    objects = ground.objects[whose]
    with undone():
        return _answer(ask(caller(comer, ground), method, path, objects), path, objects)


def ask(client: Client, method: str, path: str, objects: dict[str, str]) -> Any:
    body = json.dumps(BODIES[path]) if path in BODIES and method not in ("GET", "DELETE") else ""
    for part, meant in objects.items():
        path, body = path.replace(f"{{{part}}}", meant), body.replace(f"{{{part}}}", meant)
    return client.generic(method, f"/api/v1{path}", body, content_type="application/json")


def _answer(response: Any, path: str, objects: dict[str, str]) -> str:
    """Its status; of what is done or shown one by one, what became of this one."""
    if response.status_code >= 400:
        problem = response.json()
        assert CODES[problem["code"]][0] == problem["status"] == response.status_code
        return str(response.status_code)
    if path in ("/sessions/bulk", "/interactions"):
        item = response.json()["items"][0]
        return str(item.get("code") or item["result"])
    if response.request["REQUEST_METHOD"] == "GET" and path in LISTS:
        return "shown" if f'"{objects[LISTS[path]]}"' in response.text else "empty"
    return str(response.status_code)
