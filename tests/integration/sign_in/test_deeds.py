"""What of signing in stands in the audit log."""

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.audit import actions as audit
from portal.audit.models import Entry, Words
from tests import cast
from tests.integration.sign_in.attempts import set_up_app, sign_in

pytestmark = pytest.mark.django_db


def verbs() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("verb", flat=True))


def test_coming_and_going(owner: Client, olga: Account) -> None:
    sign_in(owner)
    owner.post("/logout/")
    assert verbs() == ["account.signed_in", "account.signed_out"]
    words = Words.objects.order_by("pk").first()
    assert words is not None
    assert (words.subject, words.address) == (f"account {olga.pk}", "198.51.100.20")
    assert words.after == '{"by":["password"]}'
    assert audit.verify().fault is None


def test_a_refused_sign_in_is_logged_and_does_not_fill_the_audit_log(attacker: Client, olga: Account) -> None:
    for _ in range(30):
        sign_in(attacker, "olga", "wrong")
    assert verbs() == []


@pytest.mark.django_db(transaction=True)
def test_passwords_and_second_factors(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    set_up_app(client)
    new = {"new_password1": "another long secret", "new_password2": "another long secret"}
    client.post("/account/password/", {"old_password": cast.PASSWORD, **new})
    assert {"account.second_factor_added", "account.password_changed"} <= set(verbs())


def test_a_browser_that_was_signed_out(client: Client, owner: Client, olga: Account) -> None:
    sign_in(owner)
    sign_in(client)
    client.post("/account/browsers/", {"id": "others"})
    assert verbs()[-1] == "account.session_ended"
    assert owner.get("/agents/").status_code == 302
    assert client.get("/agents/").status_code == 200
