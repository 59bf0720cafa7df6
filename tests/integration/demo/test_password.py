"""The demo's password opens the demo's accounts in the demo, and nothing anywhere else."""

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from portal.accounts import actions
from portal.accounts.models import Account
from portal.demo import people
from tests import cast

LOGIN = "/login/"


@pytest.fixture
def accounts(db, settings):
    settings.DEMO = True
    for who in people.ACCOUNTS:
        actions.create(username=who.username, name=who.name, email=who.email, role=who.role)


def _sign_in(client, username: str, password: str = people.PASSWORD) -> bool:
    response = client.post(LOGIN, {"username": username, "password": password})
    return response.status_code == 302


@pytest.mark.parametrize("who", people.ACCOUNTS, ids=lambda who: who.username)
def test_it_opens_each_account_of_the_cast(client, accounts, who):
    assert _sign_in(client, who.username)
    assert int(client.session["_auth_user_id"]) == Account.objects.get(username=who.username).pk


@pytest.mark.parametrize("who", people.ACCOUNTS, ids=lambda who: who.username)
def test_it_is_refused_outside_the_demo(client, accounts, settings, who):
    settings.DEMO = False
    assert not _sign_in(client, who.username)


def test_a_sign_in_by_it_does_not_last_outside_the_demo(client, accounts, settings):
    assert _sign_in(client, "root")
    assert client.get("/").status_code == 200
    settings.DEMO = False
    response = client.get("/")
    assert (response.status_code, response.url) == (302, "/login/?next=/")


def test_it_opens_nobody_else_s_account(client, accounts):
    cast.account("ada")
    assert not _sign_in(client, "ada")


def test_it_opens_no_account_that_was_switched_off(client, accounts):
    Account.objects.filter(username="otto").update(is_active=False)
    assert not _sign_in(client, "otto")


def test_it_is_refused_even_where_somebody_stored_it(client, accounts, settings):
    olga = Account.objects.get(username="olga")
    olga.set_password(people.PASSWORD)
    olga.save()
    for demo in (True, False):
        settings.DEMO = demo
        assert not _sign_in(client, "olga")


def test_an_account_that_got_a_password_of_its_own_is_opened_by_that_one_only(client, accounts, settings):
    client.post(LOGIN, {"username": "olga", "password": people.PASSWORD})
    new = {"new_password1": cast.PASSWORD, "new_password2": cast.PASSWORD}
    response = client.post("/account/password/", {"old_password": people.PASSWORD, **new})
    assert response.status_code == 302
    client.logout()
    assert not _sign_in(client, "olga")
    settings.DEMO = False
    assert _sign_in(client, "olga", cast.PASSWORD)


def test_nobody_may_choose_it():
    with pytest.raises(ValidationError, match="password of the demo"):
        validate_password(people.PASSWORD)
