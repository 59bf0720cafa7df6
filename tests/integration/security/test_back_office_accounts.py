"""The back office is no way into somebody else's account: what one signs in with, or is reached by, is not changed
there."""

import pytest
from django.test import Client

from portal.accounts.models import Account
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> Account:
    return cast.account("olga", email="olga@example.org")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(cast.admin())
    return client


def test_nobody_gets_another_password_there(admin: Client, olga: Account) -> None:
    sent = {"password1": "taken over by root", "password2": "taken over by root", "usable_password": "true"}
    admin.post(f"/admin/accounts/account/{olga.pk}/password/", sent)
    assert Account.objects.get(pk=olga.pk).check_password(cast.PASSWORD)


@pytest.mark.parametrize("field", ["username", "email", "password"])
def test_nobody_gets_another_name_to_sign_in_with_or_address_there(admin: Client, olga: Account, field: str) -> None:
    before = getattr(olga, field)
    sent = {"username": "olga", "first_name": "Olga", "last_name": "", "email": "olga@example.org"}
    none = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}
    admin.post(f"/admin/accounts/account/{olga.pk}/change/", {**sent, **none, field: "root@evil.example"})
    olga.refresh_from_db()
    assert (olga.first_name, getattr(olga, field)) == ("Olga", before)


def test_no_record_of_it_shows_a_secret(admin: Client, olga: Account) -> None:
    page = admin.get(f"/admin/accounts/account/{olga.pk}/change/")
    assert page.status_code == 200
    assert olga.password not in page.text
    assert olga.password.rpartition("$")[2][:8] not in page.text
