"""What stands around every answer, whoever asks and whatever comes of it: orders to the browser, cookies, caches."""

import http.client
import json
import subprocess
import sys
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from portal.accounts import auth
from portal.env import ROOT
from portal.lib import redis_client
from tests import cast

pytestmark = pytest.mark.django_db
PAGES = ["/", "/agents/", "/sessions/", "/people/", "/tokens/", "/audit/", "/localization/", "/agents/shop/", "/admin/"]
STATIC = ["/static/portal/favicon.svg", "/static/portal/portal.js", "/static/widget/portal-chat.js"]
PUBLIC = ["/login/", "/api/docs", "/chat/shop/", "/healthz", "/api/v1/openapi.json"]
REFUSED = ["/nowhere/", "/static/nowhere.js", "/static/", "/api/v1/agents", "/api/v1/nowhere", "/metrics", "/chat/x/"]
ORDERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
NEVER_LOADED = ("object-src", "frame-src", "worker-src", "media-src")  # left out: `default-src` holds
BEHIND_TLS = """
import json, os, django
django.setup()
from django.conf import settings as s
names = [s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, s.DEVICE_COOKIE_NAME]
secure = [s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.LANGUAGE_COOKIE_SECURE]
wide = [s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_DOMAIN, s.LANGUAGE_COOKIE_DOMAIN]
hsts = [s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS]
print(json.dumps({"names": names, "secure": secure, "wide": wide, "hsts": hsts, "debug": s.DEBUG, "demo": s.DEMO}))
"""


@pytest.fixture(autouse=True)
def _shop() -> None:
    cast.agent("shop", owner=cast.account("olga"))


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(cast.admin())
    return client


def policy_of(response: HttpResponse) -> dict[str, list[str]]:
    directives = response.headers["Content-Security-Policy"].split("; ")
    return {name: sources for name, *sources in (directive.split() for directive in directives)}


@pytest.mark.parametrize("path", [*STATIC, *PUBLIC, *REFUSED, *PAGES])
def test_every_answer_has_the_orders_to_the_browser(client: Client, path: str) -> None:
    response = client.get(path, REMOTE_ADDR="192.0.2.7")
    assert {name: response.headers.get(name) for name in ORDERS} == ORDERS
    policy = policy_of(response)
    assert (policy["default-src"], policy["base-uri"], policy["frame-ancestors"]) == (["'none'"],) * 3
    assert not policy.keys() & set(NEVER_LOADED)
    assert {source for sources in policy.values() for source in sources} == {"'none'", "'self'"}


@pytest.mark.parametrize("path", PAGES)
def test_what_was_made_for_somebody_is_kept_by_nobody(admin: Client, path: str) -> None:
    response = admin.get(path)
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.parametrize("path", [*STATIC, *PUBLIC, *REFUSED, *PAGES])
def test_text_names_its_encoding(admin: Client, path: str) -> None:
    kind = admin.get(path, REMOTE_ADDR="192.0.2.7").headers["Content-Type"]
    assert not kind.startswith("text/") or "utf-8" in kind


# ── cookies
def test_every_cookie_is_ours_by_name_and_out_of_reach_of_scripts(client: Client) -> None:
    """Signing in, and a deed after which the next page says something."""
    redis_client.client().flushdb()
    cast.admin()
    found = [*_set_by(client.get("/login/"))]
    found += _set_by(client.post("/login/", {"login": "root", "username": "root", "password": cast.PASSWORD}))
    found += _set_by(client.post("/audit/verify/"))
    ours = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, settings.DEVICE_COOKIE_NAME}
    assert {cookie.key for cookie in found} == ours
    for cookie in found:
        assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")


def _set_by(response: HttpResponse) -> list[Any]:
    return list(response.cookies.values())


def test_behind_tls_cookies_are_bound_to_the_host_and_browsers_come_back_with_tls_alone() -> None:
    told = _settings_of(PORTAL_URL="https://portal.example")
    assert [name for name in told["names"] if not name.startswith("__Host-")] == []
    assert told["secure"] == [True, True, True]
    assert told["wide"] == [None, None, None]
    assert told["hsts"] == [31536000, True]


def test_without_being_asked_for_there_is_neither_debugging_nor_a_demo() -> None:
    told = _settings_of(PORTAL_URL="https://portal.example")
    assert (told["debug"], told["demo"]) == (False, False)


def _settings_of(**environment: str) -> Any:
    given = {
        "SECRET_KEY": "x" * 50,
        "DJANGO_SETTINGS_MODULE": "portal.settings",
        "PORTAL_ENV_FILE": "none",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-c", BEHIND_TLS], cwd=ROOT, env=given, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_tls_is_demanded_of_the_browser_for_a_year_with_all_subdomains(settings: Any) -> None:
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31536000, True
    for path in (*STATIC[:1], "/login/", "/api/v1/agents", "/nowhere/"):
        response = Client().get(path, secure=True)
        assert response.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


# ── other origins
@pytest.mark.parametrize("path", [*PUBLIC, *PAGES, "/api/v1/agents"])
def test_no_page_of_another_origin_reads_an_answer(admin: Client, path: str) -> None:
    response = admin.get(path, headers={"Origin": "https://evil.example"})
    assert [name for name in response.headers if name.lower().startswith("access-control-")] == []


def test_any_page_may_load_what_is_the_same_for_everybody(client: Client) -> None:
    response = client.get(STATIC[-1], headers={"Origin": "https://evil.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response.headers


# ── what a request says of itself
@pytest.mark.parametrize("path", ["/login/", "/", "/api/docs", "/api/v1/agents"])
def test_a_host_that_is_not_ours_gets_nothing_that_was_made_of_it(client: Client, path: str) -> None:
    response = client.get(path, headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert "Location" not in response.headers


def test_an_address_that_is_handed_out_is_portals_own_whatever_the_request_says(client: Client) -> None:
    token = auth.mint_token(account=cast.admin(), name="test")
    sent = {"name": "Nina", "username": "nina", "email": "nina@example.org", "role": "translator"}
    headers = {"Host": "localhost", "X-Forwarded-Host": "evil.example", "Authorization": f"Bearer {token}"}
    made = client.post("/api/v1/people", sent, content_type="application/json", headers=headers)
    assert made.status_code == 201
    assert f"{settings.PORTAL_URL}/invitation/" in made.text
    assert "evil.example" not in made.text


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "CONNECT", "MADEUP"])
@pytest.mark.parametrize("path", ["/healthz", "/login/", "/api/docs", "/chat/shop/", "/api/v1/agents"])
def test_no_other_method_is_known_and_none_echoes(client: Client, path: str, method: str) -> None:
    response = client.generic(method, path, headers={"X-Canary": "canary-4711"})
    assert response.status_code == 405
    assert "canary-4711" not in response.text


# ── files
@pytest.mark.parametrize(
    "path",
    [
        "/static/../portal/settings.py",
        "/static/%2e%2e/portal/settings.py",
        "/static/..%2fportal/settings.py",
        "/static/portal/%2e%2e/%2e%2e/portal/settings.py",
        "/static//etc/passwd",
        "/.git/HEAD",
        "/.env",
        "/static/portal/",
        "/static/portal",
    ],
)
def test_no_file_is_served_but_those_that_are_meant_to_be(site: str, path: str) -> None:
    parts = urlsplit(site)
    assert parts.hostname
    with closing(http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)) as door:
        door.request("GET", path)  # as it is: other clients would tidy it up
        answer = door.getresponse()
        assert answer.status in (404, 302), path
        assert b"SECRET_KEY" not in answer.read()
