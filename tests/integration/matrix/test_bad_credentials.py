"""Tokens and identities that do not count: forged, expired, foreign, cut short. Each is refused with the code of the
contract, the log says so, and neither the log nor the answer says what was shown (5-promises.md, "Security")."""

import base64
import hmac
import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings as configured
from django.test import Client

from portal.accounts import auth
from portal.accounts.models import Account, Token
from portal.agents.models import Agent
from portal.lib import clock, redis_client, tokens
from sessions_app.actions import chats, visiting
from sessions_app.models import ChatUser, VisitorToken
from tests import cast
from tests.integration.chat.client import Client as Chat
from tests.integration.chat.identities import Site
from tests.integration.live import ears

pytestmark = pytest.mark.django_db

TELLING = 12  # so many characters of a secret in a row are too many


@dataclass(frozen=True)
class House:
    """The shop with its owner, a program of hers and a visitor, and the site that signs for it; another agent."""

    olga: Account
    shop: Agent
    site: Site
    other_site: Site
    program: str
    visitor: str

    def token(self, **changed: Any) -> str:
        secret = auth.mint_token(account=self.olga, name="bad")
        Token.objects.filter(digest=tokens.digest(secret)).update(**changed)
        return secret


@pytest.fixture
def house(db: None) -> House:
    redis_client.client().flushdb()
    olga = cast.account("olga")
    shop, billing = cast.agent("shop", owner=olga), cast.agent("billing", owner=olga)
    program = auth.mint_token(account=olga, name="good")
    opened = chats.visit(agent=shop, user_id=None, secret=None)
    return House(olga, shop, Site(shop), Site(billing), program, opened.visitor_token)


@pytest.fixture(autouse=True)
def _all_that_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, logger="websockets")  # of the test's own client, which would log every frame
    caplog.set_level(logging.DEBUG)


def quiet_about(secret: str, *texts: str) -> None:
    """Nothing of it is in these: no part that would help whoever reads them."""
    for start in range(max(len(secret) - TELLING, 1)):
        part = secret[start : start + TELLING]
        assert not any(part in text for text in texts), f"{part} is told"


# ── tokens
def _revoked(house: House) -> str:
    secret = house.token()
    auth.revoke_tokens(account=house.olga, name="bad")
    return secret


def _visitor_logged_out(house: House) -> str:
    visiting.revoke(house.visitor)
    return house.visitor


def _visitor_expired(house: House) -> str:
    VisitorToken.objects.update(expires_at=clock.now())
    return house.visitor


def _of_a_closed_account(house: House) -> str:
    Account.objects.update(is_active=False)
    return house.program


TOKENS: dict[str, Callable[[House], str]] = {
    "made up": lambda _: tokens.mint(prefix=tokens.PERSONAL).secret,
    "made up for a visitor": lambda _: tokens.mint(prefix=tokens.VISITOR).secret,
    "cut short": lambda house: house.program[:-1],
    "cut short of a visitor": lambda house: house.visitor[:-1],
    "half of it": lambda house: house.program[: len(house.program) // 2],
    "longer": lambda house: house.program + "A",
    "in other letters": lambda house: "pat_" + house.program[4:].swapcase(),
    "under another prefix": lambda house: "vis_" + house.program[4:],
    "without its prefix": lambda house: house.program[4:],
    "its digest": lambda house: "pat_" + tokens.digest(house.program).hex(),
    "expired": lambda house: house.token(expires_at=clock.now()),
    "revoked": _revoked,
    "of a closed account": _of_a_closed_account,
    "of a visitor, expired": _visitor_expired,
    "of a visitor who logged out": _visitor_logged_out,
    "what a site signs with": lambda house: house.site.secret,
    "what a site signs": lambda house: house.site.vouch(),
    "the key of a sign-in": lambda house: ears.signed_in(house.olga),
    "what Portal signs with": lambda _: configured.SECRET_KEY,
    "a query": lambda _: "pat_' OR 1=1 --",
    "huge": lambda _: "pat_" + "x" * 100_000,
}


@pytest.mark.parametrize("what", TOKENS)
def test_a_token_that_does_not_count_opens_nothing(house: House, caplog: pytest.LogCaptureFixture, what: str) -> None:
    secret = TOKENS[what](house)
    response = Client(headers={"Authorization": f"Bearer {secret}"}).get("/api/v1/sessions")
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"
    assert _logged(caplog, "credential refused") == [{"what": "token", "address": "127.0.0.1"}]
    quiet_about(secret, response.text, str(response.headers), caplog.text)


OF_VISITORS = [what for what in TOKENS if what not in ("huge", "what a site signs")]


@pytest.mark.parametrize("what", OF_VISITORS)
def test_nor_does_it_begin_a_chat(house: House, caplog: pytest.LogCaptureFixture, what: str) -> None:
    secret = TOKENS[what](house)
    response = _begin(visitor_token=secret)
    assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
    assert _logged(caplog, "credential refused") == [{"what": "visitor token", "address": "127.0.0.1"}]
    quiet_about(secret, response.text, str(response.headers), caplog.text)


def test_what_is_too_long_for_a_token_is_not_even_looked_up(house: House, caplog: pytest.LogCaptureFixture) -> None:
    secret = TOKENS["huge"](house)
    response = _begin(visitor_token=secret)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    quiet_about(secret[:200], response.text, caplog.text)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("what", OF_VISITORS)
def test_nor_does_it_open_a_connection(house: House, site: str, caplog: pytest.LogCaptureFixture, what: str) -> None:
    secret = TOKENS[what](house)
    with Chat(site, secret) as chat:
        assert chat.closed() == 4401
    assert chat.frames[-1]["code"] == "unauthenticated"
    assert {"what": "token", "address": "127.0.0.1"} in _logged(caplog, "credential refused")
    quiet_about(secret, json.dumps(chat.frames), caplog.text)


def _begin(**body: Any) -> Any:
    return Client().post("/api/v1/chat/shop", body, content_type="application/json")


def _logged(caplog: pytest.LogCaptureFixture, event: str) -> list[dict[str, Any]]:
    """What these lines say, beside what every line says."""
    told = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    common = ("event", "level", "logger", "timestamp", "request_id")
    return [{name: line[name] for name in line if name not in common} for line in told if line["event"] == event]


# ── identities
def _part(value: Any) -> str:
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def _jwt(header: Any, claims: Any, key: str | bytes, digest: str = "sha256") -> str:
    signed = f"{_part(header)}.{_part(claims)}"
    key = key.encode() if isinstance(key, str) else key
    return f"{signed}.{_part(hmac.new(key, signed.encode(), digest).digest())}"


def _claims(**changed: Any) -> dict[str, Any]:
    claims = {"sub": "u-7", "name": "Ada Lovelace", "exp": int(time.time()) + 600} | changed
    return {name: value for name, value in claims.items() if value is not None}


def _headed(**header: Any) -> Callable[[House], str]:
    """Signed rightly, under another header."""
    return lambda house: _jwt({"alg": "HS256", "typ": "JWT"} | header, _claims(), house.site.secret)


def _said(**claims: Any) -> Callable[[House], str]:
    return lambda house: _jwt({"alg": "HS256"}, _claims(**claims), house.site.secret)


def _signed_with(key: str | bytes) -> Callable[[House], str]:
    return lambda _: _jwt({"alg": "HS256"}, _claims(), key)


def _unsigned(alg: str) -> Callable[[House], str]:
    return lambda _: f"{_part({'alg': alg})}.{_part(_claims())}."


OWN_KEY = {"kty": "oct", "k": _part(b"x" * 32)}
IDENTITIES: dict[str, Callable[[House], str]] = {
    "alg none": _unsigned("none"),
    "alg None": _unsigned("None"),
    "alg NONE": _unsigned("NONE"),
    "no alg": lambda house: _jwt({"typ": "JWT"}, _claims(), house.site.secret),
    "alg none, signed all the same": _headed(alg="none"),
    "alg RS256, signed with the secret": _headed(alg="RS256"),
    "alg ES256, signed with the secret": _headed(alg="ES256"),
    "alg HS512": lambda house: _jwt({"alg": "HS512"}, _claims(), house.site.secret, "sha512"),
    "alg HS384": lambda house: _jwt({"alg": "HS384"}, _claims(), house.site.secret, "sha384"),
    "alg a list": _headed(alg=["HS256"]),
    "wrong key": _signed_with("x" * 43),
    "no key": _signed_with(b"x"[:0]),
    "the key of another agent": lambda house: _jwt({"alg": "HS256"}, _claims(), house.other_site.secret),
    "the key of Portal": _signed_with(configured.SECRET_KEY),
    "a token of Portal as key": lambda house: _jwt({"alg": "HS256"}, _claims(), house.program),
    "a key it brings along": lambda _: _jwt({"alg": "HS256", "jwk": OWN_KEY}, _claims(), b"x" * 32),
    "a key that is a file": lambda _: _jwt({"alg": "HS256", "kid": "../../../../dev/null"}, _claims(), b""),
    "a key from elsewhere": lambda _: _jwt({"alg": "HS256", "jku": "https://evil.example"}, _claims(), b"x" * 32),
    "what must be understood and is not": _headed(crit=["exp-not-needed"], **{"exp-not-needed": True}),
    "for another agent": _said(aud="billing"),
    "expired": _said(exp=int(time.time()) - 120),
    "never expires": _said(exp=None),
    "expires too late": _said(exp=int(time.time()) + 25 * 3600),
    "not yet": _said(nbf=int(time.time()) + 3600),
    "nobody": _said(sub=None),
    "nobody at all": _said(sub=""),
    "a visitor": _said(sub="visitor-1"),
    "somebody of Portal": _said(sub="portal:1"),
    "a number": _said(sub=7),
    "claims that are a list": lambda house: _jwt({"alg": "HS256"}, ["u-7"], house.site.secret),
    "claims that are none": lambda house: _jwt({"alg": "HS256"}, b"u-7", house.site.secret),
    "claims as deep as can be": lambda house: _jwt({"alg": "HS256"}, b"[" * 2500, house.site.secret),
    "signature cut short": lambda house: house.site.vouch()[:-2],
    "no signature": lambda house: house.site.vouch().rsplit(".", 1)[0] + ".",
    "two parts": lambda house: house.site.vouch().rsplit(".", 1)[0],
    "four parts": lambda house: house.site.vouch() + ".x",
    "other claims under the signature": lambda house: _swapped(house.site.vouch()),
    "twice encoded": lambda house: _part(house.site.vouch().encode()),
    "no JWT": lambda _: "x" * 40,
}
TOO_LONG = ("x" * 4097, "x" * 100_000)


def _swapped(jwt: str) -> str:
    head, _, signature = jwt.split(".")
    return f"{head}.{_part(_claims(sub='root'))}.{signature}"


@pytest.mark.parametrize("what", IDENTITIES)
def test_an_identity_that_does_not_count_makes_nobody_anybody(
    house: House, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    identity = IDENTITIES[what](house)
    response = _begin(identity=identity)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    assert list(response.json()["errors"]) == ["identity"]
    (line,) = _logged(caplog, "identity refused")
    assert (line["agent"], bool(line["reason"])) == ("shop", True)
    assert not ChatUser.objects.filter(identified=True).exists()
    quiet_about(identity, response.text, caplog.text)
    quiet_about(house.site.secret, response.text, caplog.text)
    assert "Lovelace" not in response.text + caplog.text


@pytest.mark.parametrize("identity", TOO_LONG, ids=len)
def test_what_is_too_long_for_an_identity_is_not_even_read(
    house: House, caplog: pytest.LogCaptureFixture, identity: str
) -> None:
    response = _begin(identity=identity)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    quiet_about(identity[:200], response.text, caplog.text)


@pytest.mark.django_db(transaction=True)
def test_over_the_socket_they_are_refused_alike(
    house: House, site: str, caplog: pytest.LogCaptureFixture, settings: Any
) -> None:
    settings.CHAT_FRAMES_BURST = len(IDENTITIES) + 1
    with Chat(site, house.visitor) as chat:
        chat.until("ready")
        for make in IDENTITIES.values():
            identity = make(house)
            error = chat.until("error", client_id=chat.send("identify", identity=identity))
            assert (error["code"], error["detail"].startswith("identity: ")) == ("invalid", True)
            quiet_about(identity, json.dumps(error), caplog.text)
    assert len(_logged(caplog, "credential refused")) == len(IDENTITIES)
    assert not ChatUser.objects.filter(identified=True).exists()
