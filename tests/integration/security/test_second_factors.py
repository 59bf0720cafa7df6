"""A second factor that is guessed at, and one that was overheard. Who does it knows the password already."""

import json
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.db import connection
from django.test import Client

from portal.accounts.models import Account
from tests import cast

pytestmark = pytest.mark.django_db
LOGIN, SECOND = "/login/", "/login/second-factor/"
PERIOD = 30  # seconds that a code is shown


@pytest.fixture
def olga() -> Account:
    return cast.account("olga", email="olga@example.org")


@pytest.fixture
def secret(olga: Account) -> str:
    made = totp.generate_totp_secret()
    totp.TOTP.activate(olga, made)
    return made


class Clock:
    """The time by which codes are made and taken."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(totp, "time", made)
    return made


def code_of(secret: str, clock: Clock) -> str:
    return totp.format_hotp_value(totp.hotp_value(secret, int(clock.now) // PERIOD))


def half_way_in(address: str = "192.0.2.7") -> Client:
    client = Client(REMOTE_ADDR=address)
    sent = client.post(LOGIN, {"username": "olga", "password": cast.PASSWORD})
    assert sent.headers["Location"].startswith(SECOND)
    return client


def is_in(client: Client) -> bool:
    return client.get("/account/").status_code == 200


def test_the_password_alone_opens_nothing(olga, secret):
    client = half_way_in()
    assert not is_in(client)
    assert client.get("/api/v1/agents").status_code == 401


def test_with_the_code_one_is_in(olga, secret, clock):
    client = half_way_in()
    client.post(SECOND, {"code": code_of(secret, clock)})
    assert is_in(client)


def test_a_code_counts_once_for_as_long_as_it_could_count(olga, secret, clock):
    """Also when it is no longer the one that the app shows, and whatever the cache has forgotten by then."""
    code = code_of(secret, clock)
    half_way_in().post(SECOND, {"code": code})
    for _ in range(4):
        overheard = half_way_in()
        overheard.post(SECOND, {"code": code})
        assert not is_in(overheard)
        clock.now += PERIOD
        _forget_after(PERIOD)


def _forget_after(seconds: int) -> None:
    """What the cache was told to keep for no longer than this is gone."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE portal_cache SET expires = expires - make_interval(secs => %s)", [seconds])


def test_codes_cannot_be_tried_one_after_the_other(olga, secret, clock):
    """Of a million one counts. Signing in anew with the password begins no new count, nor does another address."""
    right = code_of(secret, clock)
    wrong = [f"{number:06}" for number in range(40) if f"{number:06}" != right]
    for number, code in enumerate(wrong):
        half_way_in(f"192.0.2.{number}").post(SECOND, {"code": code})
    guesser = half_way_in("192.0.2.200")
    guesser.post(SECOND, {"code": right})
    assert not is_in(guesser)


def test_a_recovery_code_counts_once(olga, secret):
    codes = RecoveryCodes.activate(olga).get_unused_codes()
    first, second = half_way_in(), half_way_in()
    first.post(SECOND, {"code": codes[0]})
    second.post(SECOND, {"code": codes[0]})
    assert (is_in(first), is_in(second)) == (True, False)


def test_what_makes_codes_is_not_to_be_read_in_the_database(olga, secret):
    RecoveryCodes.activate(olga)
    kept: list[Any] = list(Authenticator.objects.values_list("data", flat=True))
    assert len(kept) == 2
    codes = RecoveryCodes.activate(olga).get_unused_codes()
    for word in (secret, *codes):
        assert word not in json.dumps(kept)
