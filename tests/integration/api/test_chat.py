"""Where a chat begins (3-api.md, "Chat")."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from portal.lib import redis_client
from portal.rest import throttling
from sessions_app.api import chat
from sessions_app.models import ChatSession, ChatUser, VisitorToken
from tests import cast
from tests.integration.api.conftest import Program, refused

pytestmark = pytest.mark.django_db

SHOP, EVIL = "https://shop.example", "https://evil.example"


@pytest.fixture
def listed(shop):
    """An agent that lists origins."""
    shop.allowed_origins = [SHOP]
    shop.save()
    return shop


# ── coming and coming back
def test_a_new_visitor_gets_a_token_and_a_thread_and_no_session(nobody, shop):
    response = nobody.post("/chat/shop")
    assert response.status_code == 201
    assert list(response.body) == ["visitor_token", "agent", "thread", "language", "server_now"]
    assert response.body["visitor_token"].startswith("vis_")
    assert response.body["agent"] == {
        "slug": "shop",
        "name": "Shop",
        "languages": ["en", "de"],
        "default_language": "en",
    }
    assert not ChatSession.objects.exists()
    assert response.headers["Cache-Control"] == "no-store"


def test_who_comes_back_with_the_token_is_the_same_in_the_same_thread(nobody, shop):
    first = nobody.post("/chat/shop").body
    again = nobody.post("/chat/shop", {"visitor_token": first["visitor_token"]})
    assert again.status_code == 200
    assert (again.body["visitor_token"], again.body["thread"]) == (first["visitor_token"], first["thread"])
    assert ChatUser.objects.count() == 1


def test_coming_back_keeps_the_token_for_30_more_days(nobody, shop):
    token = nobody.post("/chat/shop").body["visitor_token"]
    VisitorToken.objects.update(expires_at="2099-01-01T00:00:00Z")
    nobody.post("/chat/shop", {"visitor_token": token})
    slid = VisitorToken.objects.get()
    assert timedelta(days=29) < slid.expires_at - slid.created_at < timedelta(days=31)


def test_a_token_that_does_not_count_is_refused_so_that_one_asks_again_without(nobody, shop):
    token = nobody.post("/chat/shop").body["visitor_token"]
    VisitorToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    refused(nobody.post("/chat/shop", {"visitor_token": token}), 401, "unauthenticated")
    refused(nobody.post("/chat/shop", {"visitor_token": "vis_wrong"}), 401, "unauthenticated")
    refused(nobody.post("/chat/shop", {"visitor_token": "pat_wrong"}), 401, "unauthenticated")


def test_a_visitor_of_another_realm_is_nobody_here(nobody, shop):
    cast.agent("elsewhere", realm="other")
    token = nobody.post("/chat/elsewhere").body["visitor_token"]
    refused(nobody.post("/chat/shop", {"visitor_token": token}), 401, "unauthenticated")


@pytest.mark.parametrize(("asked", "spoken"), [("de-AT", "de"), ("fr", "en"), (None, "en"), ("x" * 35, "en")])
def test_the_language_is_the_agents_nearest(nobody, shop, asked, spoken):
    assert nobody.post("/chat/shop", {"language": asked}).body["language"] == spoken


def test_no_chat_begins_where_there_is_none(nobody, shop):
    refused(nobody.post("/chat/nowhere"), 404, "not_found")
    refused(nobody.post("/chat/no%20slug"), 404, "not_found")
    shop.status = "disabled"
    shop.save()
    refused(nobody.post("/chat/shop"), 409, "agent_disabled")


def test_what_is_not_known_yet_is_refused_not_overlooked(nobody, shop):
    assert list(refused(nobody.post("/chat/shop", {"identity": "eyJ"}), 422, "invalid")["errors"]) == ["identity"]
    assert not ChatUser.objects.exists()


# ── origins
def test_a_page_of_a_listed_origin_may_chat_and_read_the_answer(nobody, listed):
    nobody.headers = {"Origin": SHOP}
    response = nobody.post("/chat/shop")
    assert response.status_code == 201
    assert response.headers["Access-Control-Allow-Origin"] == SHOP
    assert "Origin" in response.headers["Vary"]
    assert "Access-Control-Allow-Credentials" not in response.headers


@pytest.mark.parametrize(
    "origin", [EVIL, "http://shop.example", "https://shop.example:8443", "https://SHOP.example", "null"]
)
def test_a_page_of_another_origin_may_not(nobody, listed, origin):
    nobody.headers = {"Origin": origin}
    response = nobody.post("/chat/shop")
    refused(response, 403, "forbidden")
    assert "Access-Control-Allow-Origin" not in response.headers
    assert not ChatUser.objects.exists()


def test_programs_portals_own_pages_and_agents_without_a_list_take_any(nobody, listed):
    cast.agent("open")
    assert nobody.post("/chat/shop").status_code == 201, "a program sends no origin"
    nobody.headers = {"Origin": settings.PORTAL_URL}
    assert nobody.post("/chat/shop").status_code == 201
    nobody.headers = {"Origin": EVIL}
    assert nobody.post("/chat/open").headers["Access-Control-Allow-Origin"] == EVIL


def test_refusals_can_be_read_by_the_page_too(nobody, listed, monkeypatch):
    nobody.headers = {"Origin": SHOP}
    monkeypatch.setattr(chat, "LIMIT", throttling.Limit("test", most=0, seconds=60))
    limited = nobody.post("/chat/shop")
    refused(limited, 429, "rate_limited")
    assert limited.headers["Access-Control-Expose-Headers"] == "Retry-After"
    for response in (limited, nobody.post("/chat/shop", b"{"), nobody.post("/chat/nowhere")):
        assert response.status_code >= 400
        assert response.headers["Access-Control-Allow-Origin"] == SHOP


def test_a_browser_may_ask_first(listed):
    ask = {"Origin": SHOP, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    response = Client(headers=ask).options("/api/v1/chat/shop")
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == SHOP
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"

    refusal = Client(headers=ask | {"Origin": EVIL}).options("/api/v1/chat/shop")
    assert refusal.status_code == 403
    assert "Access-Control-Allow-Origin" not in refusal.headers


# ── limits
@pytest.fixture
def limited(monkeypatch):
    monkeypatch.setattr(chat, "LIMIT", throttling.Limit("test", most=3, seconds=60))


def from_address(address: str) -> Program:
    class Elsewhere(Program):
        def call(self, method, path, body=None, **more):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Client, "_base_environ", _with_address(address))
                return super().call(method, path, body, **more)

    return Elsewhere()


def _with_address(address):
    original = Client._base_environ
    return lambda client, **request: original(client, **request) | {"REMOTE_ADDR": address}


def test_one_address_brings_so_many_visitors_and_is_told_when_to_come_again(nobody, shop, limited):
    assert [nobody.post("/chat/shop").status_code for _ in range(4)] == [201, 201, 201, 429]
    response = nobody.post("/chat/shop")
    refused(response, 429, "rate_limited")
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert ChatUser.objects.count() == 3
    assert from_address("203.0.113.7").post("/chat/shop").status_code == 201


def test_who_comes_back_is_counted_apart_from_their_address(nobody, shop, limited):
    token = nobody.post("/chat/shop").body["visitor_token"]
    for _ in range(3):
        nobody.post("/chat/shop")
    back = [nobody.post("/chat/shop", {"visitor_token": token}).status_code for _ in range(4)]
    assert back == [200, 200, 200, 429]


def test_guessing_tokens_is_limited_like_coming_anew(nobody, shop, limited):
    guesses = [nobody.post("/chat/shop", {"visitor_token": f"vis_{n}"}).status_code for n in range(4)]
    assert guesses == [401, 401, 401, 429]


def test_a_household_of_ipv6_is_one(shop, limited):
    codes = [from_address(f"2001:db8:1:2::{n}").post("/chat/shop").status_code for n in range(1, 5)]
    assert codes == [201, 201, 201, 429]
    assert from_address("2001:db8:1:3::1").post("/chat/shop").status_code == 201


def test_chats_begin_without_redis_and_the_limit_holds_per_process(nobody, shop, limited, monkeypatch, settings):
    monkeypatch.setattr(throttling, "_here", throttling._Here())
    redis_client.client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        assert [nobody.post("/chat/shop").status_code for _ in range(4)] == [201, 201, 201, 429]
    finally:
        redis_client.client.cache_clear()
