"""A browser that somebody has left open: what one signs in with is not changed by whoever sits down there."""

import time

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from portal.accounts.models import Account
from tests import cast

pytestmark = pytest.mark.django_db
AGO = 3600  # seconds
CHANGES = {
    "/account/email/": {"email": "thief@evil.example", "action_add": ""},
    "/account/authenticator/": {"code": "000000"},
    "/account/authenticator/remove/": {},
    "/account/passkeys/new/": {},
    "/account/recovery-codes/new/": {},
}


@pytest.fixture
def left_open(client: Client) -> Client:
    cast.sign_in(client, cast.account("olga", email="olga@example.org"))
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - AGO}]
    session.save()
    return client


@pytest.mark.parametrize("path", CHANGES)
def test_what_one_signs_in_with_is_not_changed_by_whoever_sits_down_there(left_open: Client, path: str) -> None:
    answer = left_open.post(path, CHANGES[path])
    assert answer.status_code in (302, 404), answer.text[:200]
    assert answer.status_code == 404 or "/account/confirm/" in answer.headers["Location"]
    olga = Account.objects.get(username="olga")
    assert olga.email == "olga@example.org"
    assert not Authenticator.objects.filter(user=olga).exists()


def test_nor_are_other_browsers_signed_out_by_them(left_open: Client) -> None:
    other = Client()
    other.post("/login/", {"username": "olga", "password": cast.PASSWORD})
    answer = left_open.post("/account/browsers/", {"id": "others"})
    assert "/account/confirm/" in answer.headers["Location"]
    assert other.get("/account/").status_code == 200


def test_nor_is_the_password_without_the_old_one(left_open: Client) -> None:
    new = {"new_password1": "another long secret", "new_password2": "another long secret"}
    left_open.post("/account/password/", {"old_password": "a guess", **new})
    assert Account.objects.get(username="olga").check_password(cast.PASSWORD)
