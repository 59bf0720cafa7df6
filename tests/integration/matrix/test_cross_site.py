"""What another site sends, from a browser in which somebody is signed in, with a CSRF token that is right: nothing of
it is done (5-promises.md, "Security"). By looking at the forms, operations and sockets there are."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from django.conf import settings
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from portal import routing
from portal.agents.models import Agent
from sessions_app.actions import chats
from tests import cast
from tests.integration.api import callers
from tests.integration.api.test_permissions import CHAT, TABLE, ask
from tests.integration.live import ears
from tests.integration.matrix import addresses
from tests.integration.matrix.rows import FORMS
from tests.integration.matrix.scene import scene as new_scene
from tests.integration.matrix.test_pages import BACK_OFFICE

pytestmark = pytest.mark.django_db

OWN = "http://testserver"  # where the test's browser is
ELSEWHERE = {
    "scheme": "https://testserver",
    "host": "http://evil.example",
    "port": "http://testserver:8000",
    "what is before it": "http://evil.testserver",
    "what is behind it": "http://testserver.evil.example",
    "nowhere": "null",
    "nothing": "",
}


def _origins(*, everywhere: bool) -> Iterable[tuple[str, str]]:
    return ELSEWHERE.items() if everywhere else (("host", ELSEWHERE["host"]),)


def _carry_token(client: Client) -> str:
    """The cookie of the CSRF token; the token to send along."""
    page = RequestFactory().get("/")
    token = get_token(page)
    client.cookies[settings.CSRF_COOKIE_NAME] = page.META["CSRF_COOKIE"]
    return token


def test_no_form_is_taken_from_another_site() -> None:
    scene = new_scene()
    client = scene.client("admin", enforce_csrf_checks=True)
    token = _carry_token(client)
    taken = {}
    for address in (*addresses.pages(), *addresses.back_office()):
        values = BACK_OFFICE if address.name.startswith("admin:") else scene.values(address.name, scene.shop)
        path, sent = address.path(values), FORMS.get(address.name, {}) | {"csrfmiddlewaretoken": token}
        # Every form from another host, one from everywhere: the same middleware stands before all of them.
        for what, origin in _origins(everywhere=address.name == "token-new"):
            response = client.post(path, sent, headers={"Origin": origin})
            if response.status_code != 403 or "403_csrf.html" not in [each.name for each in response.templates]:
                taken[address.name, what] = response.status_code
    assert taken == {}


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, False),  # behind TLS a browser that says nothing of where it comes from is not believed
        ({"Referer": "https://evil.example/"}, False),
        ({"Referer": "http://testserver/tokens/new/"}, False),
        ({"Origin": "http://testserver"}, False),
        ({"Referer": "https://testserver/tokens/new/"}, True),
        ({"Origin": "https://testserver"}, True),
    ],
)
def test_our_own_site_is_told_from_others_by_its_address(headers: dict[str, str], taken: bool) -> None:
    client = new_scene().client("admin", enforce_csrf_checks=True)
    sent = {"csrfmiddlewaretoken": _carry_token(client)}
    response = client.post("/tokens/new/", sent, headers=headers, secure=True)
    assert (response.status_code != 403) == taken


def test_no_operation_is_done_for_another_site() -> None:
    ground = callers.ground()
    client = cast.sign_in(Client(enforce_csrf_checks=True), ground.olga)
    client.defaults["HTTP_X_CSRFTOKEN"] = _carry_token(client)
    done = {}
    for method, path in TABLE:
        if method == "GET" or (method, path) == CHAT:
            continue
        for what, origin in _origins(everywhere=path == "/tokens"):
            client.defaults["HTTP_ORIGIN"] = origin
            response = ask(client, method, path, ground.objects["own"])
            if (response.status_code, response.json().get("code")) != (403, "forbidden"):
                done[method, path, what] = response.status_code
    assert done == {}


def test_and_from_our_own_they_are_taken() -> None:
    """Or what is above would hold of anything."""
    ground = callers.ground()
    client = cast.sign_in(Client(enforce_csrf_checks=True, headers={"Origin": OWN}), ground.olga)
    client.defaults["HTTP_X_CSRFTOKEN"] = _carry_token(client)
    response = ask(client, "POST", "/sessions/{session}/pause", ground.objects["own"])
    assert response.status_code == 200


# ── sockets
def _foreign(site: str) -> dict[str, str | None]:
    host = site.removeprefix("http://").partition(":")[0]
    return {
        "scheme": site.replace("http", "https"),
        "host": "http://evil.example",
        "port": f"http://{host}:1",
        "what is before it": site.replace("//", "//evil."),
        "what is behind it": f"{site}.evil.example",
        "nowhere": "null",
        "nothing": "",
    }


def _hears(site: str, path: str, origin: str | None, headers: dict[str, str], first: str) -> str:
    """`refused` in the handshake, the code of the close, or the type of the first frame."""
    address = site.replace("http", "ws") + path
    given: Any = origin
    try:
        with connect(address, origin=given, additional_headers=headers, open_timeout=15) as socket:
            socket.send(first)
            return str(socket.recv(timeout=15)).partition('"type": "')[2].partition('"')[0]
    except InvalidStatus as refused:
        return "refused" if refused.response.status_code == 403 else str(refused.response.status_code)
    except ConnectionClosed as closed:
        return str(closed.rcvd and closed.rcvd.code)


@pytest.mark.django_db(transaction=True)
def test_no_socket_is_opened_to_another_site(site: str, caplog: pytest.LogCaptureFixture) -> None:
    """That of a chat where the agent lists its sites; a program sends no origin, and has no cookie that could be
    somebody else's."""
    olga = cast.account("olga")
    shop = cast.agent("shop", owner=olga)
    Agent.objects.update(allowed_origins=["https://shop.example"])
    token = chats.visit(agent=shop, user_id=None, secret=None).visitor_token
    shown = {"/ws/sessions/": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={ears.signed_in(olga)}"}, "/ws/chat/": {}}
    first = {
        "/ws/sessions/": '{"type": "watch", "query": "", "agent": "shop", "rows": {}}',
        "/ws/chat/": f'{{"type": "hello", "token": "{token}"}}',
    }
    refused = {"/ws/sessions/": "refused", "/ws/chat/": "error"}
    let_in = {"/ws/sessions/": "rows", "/ws/chat/": "ready"}
    assert set(shown) == {f"/{socket.pattern}" for socket in routing.sessions_app.routing.sockets}
    caplog.set_level(logging.INFO)
    for path in shown:
        for what, origin in _foreign(site).items():
            assert _hears(site, path, origin, shown[path], first[path]) == refused[path], (path, what)
        assert _hears(site, path, site, shown[path], first[path]) == let_in[path], path
        logged = [each.msg for each in caplog.records if isinstance(each.msg, dict)]
        refusals = [each for each in logged if (each["event"], each.get("path")) == ("socket refused", path)]
        assert len(refusals) == len(_foreign(site)), path
    assert _hears(site, "/ws/sessions/", None, shown["/ws/sessions/"], first["/ws/sessions/"]) == "refused"
    assert _hears(site, "/ws/chat/", None, {}, first["/ws/chat/"]) == "ready"
