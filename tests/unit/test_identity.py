"""What a site may say of its user, and what not (3-api.md, "Who is calling")."""

from datetime import UTC, datetime
from typing import Any

import pytest

from portal.agents.core.identity import Identity, Unfit, read

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
AT = NOW.timestamp()
FINE = {"sub": "u-7", "exp": AT + 600}
DAY = 24 * 3600


def told(**claims: Any) -> Identity:
    return read(FINE | claims, agent="shop", now=NOW)


def test_what_the_site_says_is_the_identity() -> None:
    found = told(name="Ada", email="ada@example.com", locale="de-AT", role="queen")
    assert found == Identity(sub="u-7", name="Ada", email="ada@example.com", locale="de-AT")
    assert told(name=None) == Identity(sub="u-7")


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": AT - 59},  # the clocks may differ by a minute
        {"exp": AT + DAY + 60},
        {"exp": AT + 0.5},
        {"nbf": AT + 60, "iat": AT + 60},
        {"aud": "shop"},
        {"aud": ["billing", "shop"]},
        {"sub": "x" * 200},
        {"sub": "用户 7/é"},
    ],
)
def test_what_is_just_right_counts(claims: dict[str, Any]) -> None:
    assert told(**claims)


@pytest.mark.parametrize(
    ("claims", "sentence"),
    [
        ({"exp": AT - 60}, "It has expired"),
        ({"exp": -(10**400)}, "It has expired"),
        ({"exp": float("nan")}, "It has expired"),
        ({"exp": AT + DAY + 61}, "at most 24 hours"),
        ({"exp": float("inf")}, "at most 24 hours"),
        ({"exp": 10**400}, "at most 24 hours"),
        ({"exp": None}, "exp must be a number"),
        ({"exp": True}, "exp must be a number"),
        ({"exp": "2026-11-21T10:10:00Z"}, "exp must be a number"),
        ({"exp": [AT]}, "exp must be a number"),
        ({"nbf": AT + 61}, "nbf is in the future"),
        ({"iat": AT + 61}, "iat is in the future"),
        ({"iat": float("nan")}, "iat is in the future"),
        ({"iat": "now"}, "iat must be a number"),
        ({"aud": "billing"}, "aud names another agent"),
        ({"aud": []}, "aud names another agent"),
        ({"aud": {"shop": 1}}, "aud names another agent"),
        ({"sub": None}, "sub is required"),
        ({"sub": ""}, "sub is required"),
        ({"sub": "  "}, "sub is required"),
        ({"sub": 7}, "sub must be a text"),
        ({"sub": "x" * 201}, "at most 200"),
        ({"sub": "a\0b"}, "printable"),
        ({"sub": "a\nb"}, "printable"),
        ({"sub": "\ud800"}, "printable"),
        ({"sub": "visitor-0199c2"}, "must not begin with visitor-"),
        ({"sub": "portal:7"}, "Portal's own"),
        ({"name": "x" * 201}, "name must be a text of at most 200"),
        ({"email": "x" * 255}, "email must be a text of at most 254"),
        ({"locale": "x" * 36}, "locale must be a text of at most 35"),
        ({"name": {"first": "Ada"}}, "name must be a text"),
        ({"name": "a\0b"}, "printable"),
    ],
)
def test_what_cannot_be_is_named(claims: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Unfit, match=sentence):
        told(**claims)


def test_an_identity_that_never_expires_is_none() -> None:
    with pytest.raises(Unfit, match="exp must be a number"):
        read({"sub": "u-7"}, agent="shop", now=NOW)
