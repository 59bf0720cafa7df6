"""E-mails: nothing is lost, nobody waits for them, and they tell nobody who has an account."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.tokens import default_token_generator
from django.core import mail
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import urlsafe_base64_encode

from portal.accounts.actions import letters, resets
from portal.accounts.models import Account, Letter
from tests import cast
from tests.integration.sign_in import mail_server
from tests.integration.sign_in.attempts import is_in, set_up_app, sign_in

pytestmark = pytest.mark.django_db
SMTP = "django.core.mail.backends.smtp.EmailBackend"


@pytest.fixture
def smtp(settings: Any) -> Any:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = SMTP, "127.0.0.1", 5
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    return settings


@pytest.fixture
def server(smtp: Any) -> Iterator[list[str]]:
    with mail_server.running() as (port, taken):
        smtp.EMAIL_PORT = port
        yield taken


def ask(client: Client, address: str) -> Any:
    return client.post("/login/forgotten/", {"email": address})


def test_a_letter_goes_out_by_smtp_once(server: list[str]) -> None:
    letters.put(to="olga@example.org", subject="Grüße", text="Hello, Olga")
    assert [letters.send_due(), letters.send_due()] == [1, 0]
    (taken,) = server
    assert "To: olga@example.org" in taken
    assert "Hello, Olga" in taken
    assert not Letter.objects.exists()


def test_while_the_mail_server_is_away_letters_wait(smtp: Any) -> None:
    smtp.EMAIL_PORT = 1
    letters.put(to="olga@example.org", subject="Hello", text="Olga")
    letters.put(to="otto@example.org", subject="Hello", text="Otto")
    assert letters.send_due() == 2  # one that cannot be sent holds up no other
    assert letters.send_due() == 0
    assert list(Letter.objects.values_list("tries", flat=True)) == [1, 1]
    with mail_server.running() as (port, taken):
        smtp.EMAIL_PORT = port
        Letter.objects.update(due_at=Now())
        assert letters.send_due() == 2
        assert len(taken) == 2


def test_after_three_days_a_letter_is_given_up(smtp: Any) -> None:
    smtp.EMAIL_PORT = 1
    letters.put(to="olga@example.org", subject="Hello", text="Olga")
    Letter.objects.update(created_at=Now() - timedelta(days=3, seconds=1))
    letters.send_due()
    assert not Letter.objects.exists()


def test_a_letter_that_nobody_can_read_holds_up_no_other(db: None) -> None:
    Letter.objects.create(sealed="of another key")
    letters.put(to="olga@example.org", subject="Hello", text="Olga")
    assert letters.send_due() == 2
    assert [letter.to for letter in mail.outbox] == [["olga@example.org"]]


def test_who_reads_the_database_reads_no_letters(olga: Account) -> None:
    letters.put(to="olga@example.org", subject="Code", text="The code is 1234")
    assert not {"olga", "1234", "Code"} & set(Letter.objects.get().sealed.split())


# ── another password
def test_the_letter_is_sent_to_who_has_the_address_and_to_nobody_else(client: Client, olga: Account) -> None:
    cast.account("off", email="off@example.org", is_active=False)
    for address in ("OLGA@example.org", "nobody@example.org", "off@example.org"):
        ask(client, address)
    letters.send_due()
    (letter,) = mail.outbox
    assert letter.to == ["OLGA@example.org"]
    assert "/login/forgotten/" in letter.body


def test_asking_takes_the_same_work_and_gets_the_same_answer_for_everybody(client: Client, olga: Account) -> None:
    found = []
    for address in ("olga@example.org", "nobody@example.org"):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = ask(client, address)
        found.append((answer.status_code, answer.headers["Location"], len(queries)))
    assert found[0] == found[1]


def test_it_is_not_asked_for_without_end(client: Client, olga: Account) -> None:
    assert [ask(client, "olga@example.org").status_code for _ in range(6)] == [302] * 5 + [429]


def address_of(account: Account) -> str:
    (reset,) = resets.of(account.email)
    return reset.address.partition("testserver")[2] or "/" + reset.address.split("/", 3)[3]


def choose(client: Client, address: str) -> Any:
    shown = client.get(address)
    if shown.status_code != 302:
        return shown
    new = {"password1": "another long secret", "password2": "another long secret"}
    return client.post(shown.headers["Location"], new)


def test_a_reset_counts_once(client: Client, olga: Account) -> None:
    address = address_of(olga)
    assert choose(client, address).status_code == 302
    assert sign_in(Client(), password="another long secret").status_code == 302
    assert "counts no more" in choose(Client(), address).text


def test_a_reset_counts_for_an_hour(client: Client, olga: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    address = address_of(olga)
    now = resets.ResetToken._now
    monkeypatch.setattr(resets.ResetToken, "_now", lambda self: now(self) + resets.COUNTS_FOR + timedelta(seconds=1))
    assert "counts no more" in choose(client, address).text
    assert olga.check_password(cast.PASSWORD)


def test_an_invitation_is_no_reset_and_a_reset_no_invitation(client: Client, olga: Account) -> None:
    invited = cast.account("nina", email="nina@example.org")
    invited.set_unusable_password()
    invited.save()
    uid, _, key = address_of(invited).strip("/").split("/")[-1].partition("-")
    base64 = urlsafe_base64_encode(str(invited.pk).encode())
    assert client.get(f"/invitation/{base64}/{key}/").status_code == 200  # 302 leads to the form
    assert "counts no more" in client.get(f"/login/forgotten/{uid}-{default_token_generator.make_token(invited)}/").text


def test_a_reset_gets_nobody_past_the_second_factor(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    set_up_app(client)
    other = Client()
    choose(other, address_of(olga))
    assert not is_in(other)
    assert sign_in(other, password="another long secret").headers["Location"] == "/login/second-factor/"


def test_who_changes_their_address_confirms_the_new_one(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    client.post("/account/email/", {"email": "new@example.org", "action_add": "yes"})
    olga.refresh_from_db()
    assert olga.email == "olga@example.org"
    letters.send_due()
    (letter,) = [each for each in mail.outbox if each.to == ["new@example.org"]]
    (path,) = [word.split("/", 3)[3] for word in str(letter.body).split() if "/account/email/" in word]
    assert client.post(f"/{path}").status_code == 302
    olga.refresh_from_db()
    assert olga.email == "new@example.org"


def test_a_changed_password_is_told_by_letter(client: Client, olga: Account) -> None:
    cast.sign_in(client, olga)
    new = {"new_password1": "another long secret", "new_password2": "another long secret"}
    client.post("/account/password/", {"old_password": cast.PASSWORD, **new})
    letters.send_due()
    (letter,) = mail.outbox
    assert letter.to == ["olga@example.org"]
    assert "Was it not you?" in letter.body
    assert "another long secret" not in letter.body
