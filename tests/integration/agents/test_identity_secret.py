"""The identity secret on the settings page."""

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents import queries
from portal.agents.models import Agent, IdentitySecret
from tests import cast

pytestmark = pytest.mark.django_db

PATH = "/agents/shop/settings/identity-secret/"


def signed_in(account: Account) -> Client:
    client = Client()
    cast.sign_in(client, account)
    return client


def test_a_secret_is_shown_once(olga: Account, shop: Agent) -> None:
    client = signed_in(olga)
    assert "There is none yet" in client.get("/agents/shop/settings/").text
    page = client.post(PATH)
    (secret,) = queries.identity_secrets(shop.pk)
    assert secret in page.text
    assert "no-store" in page.headers["Cache-Control"]
    settings = client.get("/agents/shop/settings/").text
    assert "There is one." in settings
    assert secret not in settings


def test_one_that_is_replaced_says_until_when_it_counts(olga: Account, shop: Agent) -> None:
    client = signed_in(olga)
    client.post(PATH)
    assert "The one before counts until" in client.post(PATH).text
    assert len(queries.identity_secrets(shop.pk)) == 2


def test_looking_makes_none(olga: Account, shop: Agent) -> None:
    assert signed_in(olga).get(PATH).status_code == 405
    assert not IdentitySecret.objects.exists()


def test_who_may_not_edit_the_agent_makes_none(shop: Agent) -> None:
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    assert signed_in(tara).post(PATH).status_code == 403
    assert signed_in(cast.account("otto")).post(PATH).status_code == 404
    assert Client().post(PATH).status_code == 302, "to the sign-in"
    assert not IdentitySecret.objects.exists()
