"""A second factor that everybody who works here has to have (MFA_REQUIRED), and how it is kept."""

from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from portal.accounts import auth
from portal.accounts.models import Account
from portal.accounts.names import Role
from tests import cast
from tests.integration.sign_in.attempts import is_in, set_up_app, shown_code, sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def required(settings: Any) -> None:
    settings.MFA_REQUIRED = True


def test_who_has_none_is_led_to_where_one_sets_it_up(client: Client, olga: Account, required: None) -> None:
    cast.sign_in(client, olga)
    for page in ("/", "/agents/", "/tokens/", "/people/"):
        assert client.get(page).headers["Location"] == "/account/"
    assert "asks everybody who works here for a second factor" in client.get("/account/").text
    set_up_app(client)
    assert is_in(client)


def test_a_part_of_a_page_leads_there_as_a_whole(client: Client, olga: Account, required: None) -> None:
    cast.sign_in(client, olga)
    assert client.get("/agents/", headers={"HX-Request": "true"}).headers["HX-Redirect"] == "/account/"


def test_without_it_the_api_knows_no_browser(client: Client, olga: Account, required: None) -> None:
    cast.sign_in(client, olga)
    assert client.get("/api/v1/agents").status_code == 401
    set_up_app(client)
    assert client.get("/api/v1/agents").status_code == 200


def test_without_it_no_socket_stays_open(client: Client, olga: Account, required: None) -> None:
    """What a socket asks every few seconds."""
    cast.sign_in(client, olga)
    assert auth.by_session(client.session.session_key or "") is None
    set_up_app(client)
    assert auth.by_session(client.session.session_key or "") is not None


def test_programs_go_on(client: Client, olga: Account, required: None) -> None:
    bearer = {"Authorization": f"Bearer {auth.mint_token(account=olga, name='program')}"}
    assert client.get("/api/v1/agents", headers=bearer).status_code == 200


def test_end_users_need_none(client: Client, required: None) -> None:
    cast.sign_in(client, cast.account("emil", Role.USER))
    assert client.get("/tokens/").status_code == 200


def test_the_last_one_is_not_removed_where_it_has_to_be(client: Client, olga: Account, required: None) -> None:
    cast.sign_in(client, olga)
    set_up_app(client)
    client.post("/account/authenticator/remove/")
    assert Authenticator.objects.filter(user=olga, type="totp").exists()


def test_it_is_removed_where_it_does_not_have_to_be(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    set_up_app(client)
    client.post("/account/authenticator/remove/")
    assert not Authenticator.objects.filter(user=olga).exists()


def test_a_code_counts_once(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    secret = set_up_app(client)
    code = shown_code(secret)
    for expected in (True, False):
        other = Client()
        sign_in(other)
        other.post("/login/second-factor/", {"code": code})
        assert is_in(other) is expected


def test_codes_are_not_guessed(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    secret = set_up_app(client)
    other = Client()
    sign_in(other)
    for number in range(12):
        other.post("/login/second-factor/", {"code": f"{number:06}"})
    other.post("/login/second-factor/", {"code": shown_code(secret)})
    assert not is_in(other)


def test_who_reads_the_database_cannot_use_its_secrets(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    secret = set_up_app(client)
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept


def test_recovery_codes_are_shown_once(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    set_up_app(client)
    first, second = (client.get("/account/recovery-codes/") for _ in range(2))
    assert 'id="codes"' in first.text
    assert 'id="codes"' not in second.text
