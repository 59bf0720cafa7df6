"""What is asked once more of those who signed in a while ago: people, tokens, secrets (5-promises.md, "Security")."""

from typing import Any

import pytest
from django.test import Client

from portal.accounts import auth
from portal.accounts.models import Account, Token
from tests import cast

pytestmark = pytest.mark.django_db
NEW = {"name": "report", "expires_at": None}


@pytest.fixture
def long_ago(client: Client, olga: Account) -> Client:
    client.force_login(olga)
    return client


def test_a_form_is_not_done_before_it_is_clear_who_sent_it(long_ago: Client) -> None:
    answer = long_ago.post(
        "/tokens/new/", {"name": "report", "expires_at": "never", "scope": "account", "reach": "all"}
    )
    assert answer.headers["Location"] == "/account/confirm/?next=%2Ftokens%2Fnew%2F"
    assert not Token.objects.exists()
    made = long_ago.post(answer.headers["Location"], {"password": cast.PASSWORD, "next": "/tokens/new/"})
    assert made.status_code == 201
    assert Token.objects.get().name == "report"


def test_a_wrong_password_does_nothing_and_forgets_nothing(long_ago: Client) -> None:
    asked = long_ago.post("/tokens/new/", {"name": "report", "expires_at": "never", "scope": "account", "reach": "all"})
    where = asked.headers["Location"]
    assert long_ago.post(where, {"password": "wrong", "next": "/tokens/new/"}).status_code == 200
    assert not Token.objects.exists()
    long_ago.post(where, {"password": cast.PASSWORD, "next": "/tokens/new/"})
    assert Token.objects.count() == 1


def test_looking_is_free(long_ago: Client) -> None:
    assert [long_ago.get(page).status_code for page in ("/tokens/", "/tokens/new/", "/people/")] == [200] * 3


def test_who_has_just_signed_in_is_not_asked(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    sent = {"name": "report", "expires_at": "never", "scope": "account", "reach": "all"}
    assert client.post("/tokens/new/", sent).status_code == 201


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", "/tokens", NEW),
        ("delete", "/tokens/1", {}),
        ("post", "/people", {"username": "nina", "name": "Nina", "email": "nina@example.org", "role": "translator"}),
        ("post", "/agents/shop/identity-secret", {}),
    ],
)
def test_the_api_refuses_a_browser_that_was_left_open_and_says_where_to_go(
    long_ago: Client, olga: Account, method: str, path: str, body: dict[str, Any]
) -> None:
    cast.agent("shop", owner=olga)
    answer = getattr(long_ago, method)(f"/api/v1{path}", body, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert "/account/confirm/" in answer.json()["detail"]
    assert not Token.objects.exists()


def test_the_api_does_not_ask_a_program(client: Client, olga: Account) -> None:
    bearer = {"Authorization": f"Bearer {auth.mint_token(account=olga, name='program')}"}
    assert client.post("/api/v1/tokens", NEW, content_type="application/json", headers=bearer).status_code == 201


def test_guessing_there_is_as_hopeless_as_at_the_door(long_ago: Client) -> None:
    for _ in range(12):
        answer = long_ago.post("/account/confirm/", {"password": "wrong"})
    assert "too often" in answer.text or answer.status_code == 429
    assert long_ago.post("/account/confirm/", {"password": cast.PASSWORD}).status_code in (200, 429)
