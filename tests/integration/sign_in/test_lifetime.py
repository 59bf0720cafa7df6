"""How long a sign-in lasts."""

import time
from typing import Any

import pytest
from django.test import Client

from portal.accounts import auth
from portal.accounts.models import Account
from tests import cast
from tests.integration.sign_in.attempts import is_in, sign_in

pytestmark = pytest.mark.django_db
DAY = 24 * 3600


def began(client: Client, days_ago: float) -> None:
    session = client.session
    session["account_authentication_methods"][0]["at"] = time.time() - days_ago * DAY
    session.save()


@pytest.mark.parametrize(("days", "still"), [(13.9, True), (14.1, False)])
def test_after_two_weeks_one_signs_in_anew(client: Client, olga: Account, days: float, still: bool) -> None:
    cast.sign_in(client, olga)
    key = client.session.session_key or ""
    began(client, days)
    assert (auth.by_session(key) is not None) is still  # what an open socket asks
    assert (client.get("/api/v1/agents").status_code == 200) is still
    assert is_in(client) is still


def test_what_is_done_meanwhile_makes_it_no_longer(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    began(client, 14.1)
    session = client.session
    session["account_authentication_methods"].append({"method": "password", "at": time.time(), "reauthenticated": True})
    session.save()
    assert not is_in(client)
    assert sign_in(client).status_code == 302
    assert is_in(client)


def test_an_operator_says_how_long(client: Client, olga: Account, settings: Any) -> None:
    settings.SIGN_IN_DAYS = 1
    cast.sign_in(client, olga)
    began(client, 1.1)
    assert not is_in(client)
