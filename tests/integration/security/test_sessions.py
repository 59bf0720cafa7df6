"""The sign-in of a browser: it begins anew with each, and ends everywhere when it ends."""

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client

from portal.accounts import auth
from portal.accounts.actions import people
from portal.accounts.models import Account
from portal.accounts.permissions import principal_of
from tests import cast

pytestmark = pytest.mark.django_db
NAME = settings.SESSION_COOKIE_NAME


@pytest.fixture
def olga() -> Account:
    return cast.account("olga", email="olga@example.org")


def enter(client: Client) -> str:
    """The key of the session after signing in."""
    client.post("/login/", {"username": "olga", "password": cast.PASSWORD})
    assert client.get("/agents/").status_code == 200
    return client.cookies[NAME].value


def thief(key: str) -> Client:
    client = Client()
    client.cookies[NAME] = key
    return client


def test_a_key_that_was_there_before_is_not_the_one_that_is_signed_in(olga):
    """Somebody else may have put it there."""
    client = Client()
    planted = client.session
    planted["planted"] = True
    planted.save()
    client.cookies[NAME] = planted.session_key or ""
    assert enter(client) != planted.session_key
    assert thief(planted.session_key or "").get("/agents/").status_code == 302


def test_each_sign_in_has_a_key_of_its_own_that_nobody_guesses(olga):
    keys = {enter(Client()) for _ in range(4)}
    assert len(keys) == 4
    assert {len(key) for key in keys} == {32}  # of 36 signs each: 165 bits


def test_signing_out_ends_it_on_the_server(olga):
    client = Client()
    key = enter(client)
    client.post("/logout/")
    assert thief(key).get("/agents/").status_code == 302
    assert auth.by_session(key) is None
    assert not Session.objects.filter(session_key=key).exists()


def test_another_password_ends_all_others(olga):
    here, elsewhere = Client(), Client()
    enter(here)
    key = enter(elsewhere)
    new = {"new_password1": "another long secret", "new_password2": "another long secret"}
    here.post("/account/password/", {"old_password": cast.PASSWORD, **new})
    assert here.get("/agents/").status_code == 200
    assert elsewhere.get("/agents/").status_code == 302
    assert auth.by_session(key) is None


def test_who_is_switched_off_is_signed_out_at_once_by_an_admin(olga):
    client = Client()
    key = enter(client)
    people.change(principal=principal_of(cast.admin()), id=olga.pk, values={"active": False})
    assert client.get("/agents/").status_code == 302
    assert auth.by_session(key) is None


def test_it_does_not_outlive_two_weeks_without_being_renewed(olga):
    client = Client()
    kept = Session.objects.get(session_key=enter(client))
    assert 13 <= (kept.expire_date - kept.expire_date.now(kept.expire_date.tzinfo)).days < 14
    Session.objects.update(expire_date=kept.expire_date.replace(year=kept.expire_date.year - 1))
    assert client.get("/agents/").status_code == 302


def test_every_page_offers_to_sign_out(olga):
    client = Client()
    enter(client)
    for path in ("/", "/agents/", "/tokens/", "/account/", "/people/"):
        assert 'action="/logout/"' in client.get(path).text
