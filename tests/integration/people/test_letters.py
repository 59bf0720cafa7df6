"""What people are told by letter, and what an admin does for somebody who has lost their second factor."""

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from portal.accounts.actions import letters
from portal.accounts.names import Role
from portal.audit.models import Entry
from tests import cast
from tests.integration.sign_in.attempts import is_in, set_up_app, sign_in

pytestmark = pytest.mark.django_db
NINA = {"username": "nina", "name": "Nina", "email": "nina@example.org", "role": "translator"}


@pytest.fixture
def root(client: Client) -> Client:
    return cast.sign_in(client, cast.admin())


def test_who_is_invited_gets_the_address_by_letter(root: Client) -> None:
    page = root.post("/people/invite/", NINA)
    letters.send_due()
    (letter,) = mail.outbox
    assert letter.to == ["nina@example.org"]
    (address,) = [word for word in letter.body.split() if "/invitation/" in word]
    assert address in page.text


def test_who_has_lost_their_second_factor_gets_in_by_an_admin(root: Client) -> None:
    olga = cast.account("olga", Role.OWNER, email="olga@example.org")
    set_up_app(cast.sign_in(Client(), olga))
    assert "Remove second factor" in root.get(f"/people/{olga.pk}/").text
    assert root.get(f"/api/v1/people/{olga.pk}").json()["second_factor"] is True
    root.post(f"/people/{olga.pk}/second-factor/")
    assert not Authenticator.objects.filter(user=olga).exists()
    assert Entry.objects.filter(verb="account.second_factor_removed").exists()
    letters.send_due()
    assert "has removed the second factor" in mail.outbox[-1].body
    olgas = Client()
    sign_in(olgas)
    assert is_in(olgas)


def test_nobody_removes_their_own_by_that_way(root: Client) -> None:
    me = cast.account("rosa", Role.ADMIN)
    client = cast.sign_in(Client(), me)
    set_up_app(client)
    assert client.delete(f"/api/v1/people/{me.pk}/second-factor").json()["code"] == "invalid"
    assert Authenticator.objects.filter(user=me).exists()
