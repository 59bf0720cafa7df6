"""What stands around every answer there is, by looking at the addresses: orders to the browser, caches, cookies
(5-promises.md, "Security")."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from csp.constants import NONE
from django.conf import settings as configured
from django.contrib.staticfiles.finders import get_finders
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from portal.lib import bodies
from portal.lib.headers import PERMISSIONS_POLICY
from tests.integration.api import callers
from tests.integration.api.callers import caller
from tests.integration.api.test_permissions import TABLE, ask
from tests.integration.matrix import addresses
from tests.integration.matrix.addresses import Address
from tests.integration.matrix.scene import Scene, undone
from tests.integration.matrix.scene import scene as new_scene
from tests.integration.matrix.test_pages import BACK_OFFICE

pytestmark = pytest.mark.django_db

ORDERS = {
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
OF_NOBODY = ("healthz", "readyz", "metrics")  # the same for whoever is signed in
HSTS = "max-age=31536000; includeSubDomains"
DIRECTIVES = configured.CONTENT_SECURITY_POLICY["DIRECTIVES"]


@pytest.fixture
def scene() -> Scene:
    return new_scene()


@pytest.fixture
def https(settings: Any) -> None:
    """As it is behind TLS (`portal/settings.py`)."""
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31536000, True
    settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME = "__Host-portal_session", "__Host-portal_csrf"
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True


def lacking(response: HttpResponse, *, cached: bool = True, https: bool = False) -> list[str]:
    """What is not there, or not as it should be."""
    wanted = ORDERS | ({"Strict-Transport-Security": HSTS} if https else {})
    found = [f"{name}: {response.headers.get(name)}" for name in wanted if response.headers.get(name) != wanted[name]]
    if _policy(response) != DIRECTIVES:
        found.append(f"Content-Security-Policy: {_policy(response)}")
    if not cached and "no-store" not in response.headers.get("Cache-Control", ""):
        found.append(f"Cache-Control: {response.headers.get('Cache-Control')}")
    return [*found, *_loose(response, https=https)]


def _policy(response: HttpResponse) -> dict[str, list[str]]:
    given = response.headers.get("Content-Security-Policy", "none").split("; ")
    return {name: sources for name, *sources in (directive.split() for directive in given)}


def _loose(response: HttpResponse, *, https: bool) -> Iterator[str]:
    for cookie in filter(_has_a_value, response.cookies.values()):
        bound = cookie["httponly"] and cookie["samesite"] == "Lax" and cookie["path"] == "/" and not cookie["domain"]
        behind_tls = not https or (cookie["secure"] and cookie.key.startswith("__Host-"))
        if not (bound and behind_tls):
            yield f"Set-Cookie: {cookie.OutputString()}"


def _has_a_value(cookie: Any) -> bool:
    """One without is taken back."""
    return bool(cookie.value)


def test_the_policy_begins_with_nothing_and_has_nothing_unsafe() -> None:
    assert DIRECTIVES["default-src"] == [NONE]
    assert not [source for sources in DIRECTIVES.values() for source in sources if "unsafe" in source or "*" in source]


@pytest.mark.parametrize(("comer", "secure"), [("nobody", True), ("user", False), ("admin", True)])
def test_every_page(request: pytest.FixtureRequest, scene: Scene, comer: str, secure: bool) -> None:
    if secure:
        request.getfixturevalue("https")
    wrong = {}
    for address, values in _addresses(scene):
        for method in ("GET", "POST"):
            with undone():
                path, client = address.path(values()), scene.client(comer)
                response = client.generic(method, path, secure=secure)
            if found := lacking(response, cached=comer == "nobody" or address.name in OF_NOBODY, https=secure):
                wrong[address.name, method, response.status_code] = found
    assert wrong == {}


def _addresses(scene: Scene) -> Iterator[tuple[Address, Callable[[], dict[str, Any]]]]:
    for address in addresses.pages():
        yield address, partial(scene.values, address.name, scene.shop)
    for address in addresses.back_office():
        yield address, lambda: dict(BACK_OFFICE)


@pytest.mark.parametrize("comer", ["owner", "visitor", "cookie", "nobody"])
def test_every_operation(comer: str) -> None:
    ground = callers.ground()
    wrong = {}
    for method, path in TABLE:
        with undone():
            response = ask(caller(comer, ground), method, path, ground.objects["own"])
        if found := lacking(response, cached=False):
            wrong[method, path, response.status_code] = found
    assert wrong == {}


def test_every_file(client: Client) -> None:
    paths = [path for finder in get_finders() for path, _ in finder.list([])]
    assert len(paths) > 20
    wrong = {path: lacking(client.get(f"/static/{path}")) for path in paths}
    assert {path: found for path, found in wrong.items() if found} == {}


# ── what goes wrong
def _broken(_: object) -> None:
    raise RuntimeError


def _away(_: object) -> None:
    raise OperationalError


LARGE = b"x" * (bodies.LARGEST + 1)
WRONG: dict[str, tuple[int, Callable[[Client], Any]]] = {
    "another host": (400, lambda client: client.get("/agents/", headers={"Host": "evil.example"})),
    "another host of the API": (400, lambda client: client.get("/api/v1/agents", headers={"Host": "evil.example"})),
    "an operation without a credential": (401, lambda client: client.get("/api/v1/agents")),
    "a form without its token": (403, lambda client: client.post("/logout/")),
    "nothing there": (404, lambda client: client.get("/nowhere/")),
    "no such file": (404, lambda client: client.get("/static/nowhere.js")),
    "no such operation": (404, lambda client: client.get("/api/v1/nowhere")),
    "another method": (405, lambda client: client.get("/logout/")),
    "another method of the API": (405, lambda client: client.put("/api/v1/agents")),
    "more than is taken": (413, lambda client: client.post("/login/", LARGE, content_type="text/plain")),
    "what cannot be": (422, lambda client: client.post("/api/v1/chat/shop", "{", content_type="application/json")),
}


@pytest.mark.parametrize("what", WRONG)
def test_every_refusal(scene: Scene, what: str) -> None:
    status, ask_for = WRONG[what]
    response = ask_for(Client(enforce_csrf_checks=True))
    assert response.status_code == status
    assert lacking(response) == []


@pytest.mark.parametrize(
    ("failure", "path", "status"),
    [(_broken, "/agents/", 500), (_broken, "/api/v1/agents", 500), (_away, "/api/v1/agents", 503)],
)
def test_every_failure(scene: Scene, monkeypatch: Any, failure: Any, path: str, status: int) -> None:
    client = scene.client("admin", raise_request_exception=False)
    monkeypatch.setattr("portal.accounts.auth.principal_of", failure)
    response = client.get(path)
    assert response.status_code == status
    assert lacking(response, cached=False) == []
