"""Guessing is hopeless, and locks out nobody but whoever guesses (5-promises.md, "Security")."""

import re
import threading

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client

from portal.accounts.actions import attempts, letters
from portal.accounts.models import Account, Attempts
from portal.accounts.names import Role
from portal.accounts.sign_in import limits
from tests import cast
from tests.integration.sign_in.attempts import guess, is_in, set_up_app, sign_in

pytestmark = pytest.mark.django_db


def test_after_some_guesses_nothing_is_looked_at_any_more(attacker: Client, olga: Account) -> None:
    assert guess(attacker, limits.PAIR.most) == [200] * limits.PAIR.most
    refused = sign_in(attacker)  # by now with the right one
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= limits.PAIR.seconds
    assert "That was tried too often. Nothing was looked at; try again in 5 minutes." in refused.text
    assert 'value="olga"' in refused.text
    assert not is_in(attacker)


def test_who_comes_from_elsewhere_gets_in(attacker: Client, owner: Client, olga: Account) -> None:
    guess(attacker, 30)
    assert sign_in(owner).status_code == 302
    assert is_in(owner)


def test_who_is_at_the_same_address_gets_in_with_another_name(attacker: Client, olga: Account) -> None:
    cast.account("otto")
    guess(attacker, 30)
    colleague = Client(REMOTE_ADDR=attacker.defaults["REMOTE_ADDR"])
    assert sign_in(colleague, "otto").status_code == 302


def test_a_browser_that_was_here_before_gets_in_from_the_very_same_address(attacker: Client, olga: Account) -> None:
    known = Client(REMOTE_ADDR=attacker.defaults["REMOTE_ADDR"])
    sign_in(known)
    known.post("/logout/")
    guess(attacker, limits.ADDRESS.most + 5)
    assert sign_in(attacker).status_code == 429
    assert sign_in(known).status_code == 302


def test_a_known_browser_guesses_no_longer_than_any_other(owner: Client, olga: Account) -> None:
    sign_in(owner)
    owner.post("/logout/")
    assert guess(owner, limits.BROWSER.most + 1)[-1] == 429


def test_a_known_browser_is_known_for_its_own_account_alone(attacker: Client, olga: Account) -> None:
    cast.account("mallory")
    sign_in(attacker, "mallory")
    attacker.post("/logout/")
    assert guess(attacker, limits.PAIR.most + 1)[-1] == 429


def test_a_forged_mark_of_a_browser_is_none(attacker: Client, olga: Account, settings: object) -> None:
    attacker.cookies[settings.DEVICE_COOKIE_NAME] = '{"1": "known"}'  # type: ignore[attr-defined]
    assert guess(attacker, limits.PAIR.most + 1)[-1] == 429


def test_many_names_from_one_address_are_guesses_as_well(attacker: Client) -> None:
    found = [sign_in(attacker, f"user-{number}", "wrong").status_code for number in range(limits.ADDRESS.most + 1)]
    assert (found[-2], found[-1]) == (200, 429)


def test_right_passwords_use_up_nothing(owner: Client, olga: Account) -> None:
    for _ in range(limits.PAIR.most + 5):
        owner.cookies.clear()
        assert sign_in(owner).status_code == 302


def test_signing_in_in_between_does_not_begin_the_count_anew(attacker: Client, olga: Account) -> None:
    cast.account("mallory")
    guess(attacker, limits.ADDRESS.most // 2, "somebody")
    sign_in(attacker, "mallory")
    attacker.cookies.clear()
    assert guess(attacker, limits.ADDRESS.most, "anybody")[-1] == 429


# ── an account that is guessed at from everywhere
@pytest.fixture
def guessed_at(olga: Account) -> None:
    for number in range(limits.NAME.most + 1):
        assert guess(Client(REMOTE_ADDR=f"192.0.2.{number}"), 1) == [200]


def test_the_password_alone_is_not_enough_then_and_a_letter_is(guessed_at: None, owner: Client) -> None:
    assert sign_in(owner).headers["Location"] == "/login/code/"
    assert not is_in(owner)
    letters.send_due()
    (letter,) = mail.outbox
    assert letter.to == ["olga@example.org"]
    (code,) = re.findall(r"^[A-Z0-9-]{6,}$", str(letter.body), re.MULTILINE)
    assert owner.post("/login/code/", {"code": "WRONG1"}).status_code == 200
    assert owner.post("/login/code/", {"code": code}).status_code == 302
    assert is_in(owner)


def test_who_guessed_right_then_is_not_in(guessed_at: None, attacker: Client) -> None:
    sign_in(attacker)
    for _ in range(5):
        attacker.post("/login/code/", {"code": "AAAAAA"})
    assert not is_in(attacker)


def test_a_browser_that_was_here_before_needs_no_letter(owner: Client, olga: Account) -> None:
    sign_in(owner)
    owner.post("/logout/")
    for number in range(limits.NAME.most + 1):
        guess(Client(REMOTE_ADDR=f"192.0.2.{number}"), 1)
    assert sign_in(owner).headers["Location"] == "/"


def test_who_has_a_second_factor_is_asked_for_that_and_nothing_else(owner: Client, olga: Account) -> None:
    cast.sign_in(owner, olga)
    set_up_app(owner)
    for number in range(limits.NAME.most + 1):
        guess(Client(REMOTE_ADDR=f"192.0.2.{number}"), 1)
    assert sign_in(Client(REMOTE_ADDR="198.51.100.21")).headers["Location"] == "/login/second-factor/"
    assert mail.outbox == []


# ── nothing tells whether there is an account
def _answer(client: Client, name: str) -> str:
    """Without what is another each time, and the name itself."""
    page = sign_in(client, name, "wrong").text
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"|x-csrftoken": "\w+"', "", page).replace(name, "…")


def test_a_wrong_password_and_a_wrong_name_get_the_same_page(olga: Account) -> None:
    cast.account("emil", Role.USER, is_active=False)
    nobody, known, off = (_answer(Client(), name) for name in ("nobody", "olga", "emil"))
    assert nobody == known == off
    assert "olga@example.org" not in known


@pytest.mark.parametrize("name", ["olga", "OLGA", "olga@example.org", "nobody", "nobody@example.org", "invited", "off"])
def test_each_takes_the_work_of_one_password(
    olga: Account, client: Client, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.account("off", is_active=False)
    invited = cast.account("invited")
    invited.set_unusable_password()
    invited.save()
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *a: hashed.append(1) or encode(self, *a))
    sign_in(client, name, "wrong")
    assert len(hashed) == 1


def test_the_name_that_was_typed_stands_nowhere(
    attacker: Client, olga: Account, caplog: pytest.LogCaptureFixture
) -> None:
    """It may be a password."""
    sign_in(attacker, "hunter2-my-password", "wrong")
    assert "hunter2" not in caplog.text
    assert not any(b"hunter2" in bytes(kept.key) for kept in Attempts.objects.all())


# ── counting
@pytest.mark.django_db(transaction=True)
def test_of_attempts_that_come_at_once_none_is_free() -> None:
    """Counting after the look would let all of them through: each finds what none has counted yet."""
    together = threading.Barrier(20)
    looked_at: list[bool] = []

    def attempt() -> None:
        together.wait(30)
        looked_at.append(not attempts.take([(limits.PAIR, "203.0.113.7:olga")]).over)
        connection.close()

    threads = [threading.Thread(target=attempt) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert looked_at.count(True) == limits.PAIR.most


def test_a_count_begins_anew_when_its_time_is_over() -> None:
    short = attempts.Limit("short", most=1, seconds=0)
    assert [bool(attempts.take([(short, "x")]).over) for _ in range(3)] == [False, False, False]


def test_what_counts_no_more_is_forgotten(olga: Account, attacker: Client) -> None:
    attempts.take([(attempts.Limit("short", most=1, seconds=0), "x")])
    guess(attacker, 1)
    attempts.forget_old()
    assert Attempts.objects.count() == 3
