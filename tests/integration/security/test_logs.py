"""What the logs say, and what they never do."""

import json
import logging
from collections.abc import Callable
from io import StringIO

import pytest
from django.test import Client

from portal.accounts import auth
from portal.accounts.names import Role
from portal.agents import actions
from portal.lib import logs, redis_client
from sessions_app.actions import chats
from tests import cast

pytestmark = pytest.mark.django_db
FORGED = "pat_" + "f" * 43


@pytest.fixture(autouse=True)
def _all_limits() -> None:
    redis_client.client().flushdb()


def test_no_secret_that_comes_in_a_request_or_leaves_in_an_answer_is_logged(client, caplog):
    olga = cast.account("olga")
    shop = cast.agent("shop", owner=olga)
    token = auth.mint_token(account=olga, name="till")
    visitor = chats.visit(agent=shop, user_id=None, secret=None).visitor_token
    identity = actions.make_identity_secret(principal=cast.principal(olga), agent=shop).secret
    with caplog.at_level(logging.DEBUG):
        for secret in (token, visitor, FORGED):
            client.get("/api/v1/agents", headers={"Authorization": f"Bearer {secret}"})
            client.post("/api/v1/chat/shop", {"visitor_token": secret}, content_type="application/json")
        client.post("/api/v1/chat/shop", {"identity": identity}, content_type="application/json")
        client.post("/login/", {"login": "olga", "username": "olga", "password": "wrong-canary-4711"})
        client.post("/login/", {"login": "olga", "username": "olga", "password": cast.PASSWORD})
        made = client.post("/tokens/new/", {"name": "x", "expires_at": "7", "scope": "account", "reach": "all"})
    assert caplog.records
    cookies = [cookie.value for cookie in client.cookies.values() if cookie.value]
    shown = [made.context["secret"]] if made.status_code == 201 else []
    for secret in (token, visitor, identity, FORGED, "wrong-canary-4711", cast.PASSWORD, *cookies, *shown):
        assert secret not in caplog.text


@pytest.mark.parametrize("words", ["first\nsecond", "first\r\nsecond", 'with "quotes" and \\', "\x1b[31mred"])
def test_a_line_of_json_is_one_line_whatever_is_in_it(words):
    line = _written(words)
    assert line.count("\n") == 1
    assert "\x1b" not in line
    assert json.loads(line)["event"] == words


def test_a_line_says_when_in_utc_how_grave_and_by_whom():
    told = json.loads(_written("something happened"))
    assert told["timestamp"].endswith("Z")
    assert (told["level"], told["logger"]) == ("warning", "portal.somewhere")


def _written(words: str) -> str:
    return _while(lambda: logging.getLogger("portal.somewhere").warning("%s", words))


def _while(deed: Callable[[], object]) -> str:
    """The lines as production writes them."""
    written = StringIO()
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    try:
        logs.configure({"level": "INFO", "json": True})
        (handler,) = [each for each in root.handlers if each not in before]
        handler.setStream(written)  # type: ignore[attr-defined]
        deed()
    finally:
        root.handlers[:], root.level = before, level
    return written.getvalue()


def test_a_path_with_a_line_break_forges_no_line(client, caplog):
    client.get("/nowhere%0aERROR all is lost/")
    (record,) = [each for each in caplog.records if each.name == "django.request"]
    assert "\n" not in record.getMessage()


def test_a_wrong_host_is_one_line_and_no_trace(client, caplog):
    """Whoever looks for weak places asks by the address of the machine, again and again."""
    client.get("/login/", headers={"Host": "evil.example"})
    (record,) = [each for each in caplog.records if each.name == "django.security.DisallowedHost"]
    assert record.exc_info is None


@pytest.mark.parametrize(("path", "status"), [("/api/v1/agents", 401), ("/api/v1/audit", 403), ("/admin/", 403)])
def test_who_is_refused_leaves_a_line_that_names_the_request(caplog, path, status):
    browser = Client()
    if status == 403:
        browser.force_login(cast.account("emil", Role.USER))
    response = browser.get(path)
    assert response.status_code == status
    (record,) = [each for each in caplog.records if each.name == "django.request"]
    assert path in record.getMessage()
    assert response.headers["X-Request-ID"]


@pytest.mark.parametrize("door", ["page", "program"])
def test_a_refused_request_names_the_account_and_the_address(door):
    tara = cast.account("tara", Role.TRANSLATOR)
    token = auth.mint_token(account=tara, name="test")
    browser = Client(REMOTE_ADDR="192.0.2.7")
    if door == "page":
        browser.force_login(tara)
    headers = {"Authorization": f"Bearer {token}"} if door == "program" else {}
    path = "/people/" if door == "page" else "/api/v1/people"
    told = json.loads(_while(lambda: browser.get(path, headers=headers)).splitlines()[-1])
    assert (told["account"], told["address"], told["level"]) == (tara.pk, "192.0.2.7", "warning")
    assert path in told["event"]
    assert told["request_id"]
