"""What the tests of signing in do with a browser."""

import re
import time

from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.http import HttpResponse
from django.test import Client

from tests import cast


def sign_in(client: Client, name: str = "olga", password: str = cast.PASSWORD) -> HttpResponse:
    return client.post("/login/", {"username": name, "password": password})


def guess(client: Client, times: int, name: str = "olga") -> list[int]:
    return [sign_in(client, name, "wrong").status_code for _ in range(times)]


def is_in(client: Client) -> bool:
    return client.get("/agents/").status_code == 200


def shown_code(secret: str) -> str:
    """What an authenticator app shows now, and for some time."""
    left = 30 - time.time() % 30
    if left < 10:
        time.sleep(left)
    return str(format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))


def set_up_app(client: Client) -> str:
    """The secret that it shares from now on."""
    page = client.get("/account/authenticator/").text
    (secret,) = re.findall(r'<code class="secret">(\w+)</code>', page)
    assert client.post("/account/authenticator/", {"code": shown_code(secret)}).status_code == 302
    return secret
