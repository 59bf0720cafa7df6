"""What a site says of its user in a signed identity, and whether it may say so (3-api.md, "Who is calling").

Whoever signed it has the agent's secret: each refusal says what is wrong with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

LONGEST = 4096  # characters of the whole JWT
LONGEST_SUB = 200
LONGEST_CLAIMS = {"name": 200, "email": 254, "locale": 35}
FURTHEST = timedelta(hours=24)
SKEW = timedelta(minutes=1)  # between the site's clock and Portal's
ANONYMOUS = "visitor-"  # how Portal names people nobody has identified
ACCOUNT = "portal:"  # and those who chat as the Portal account they are signed in with
RESERVED = f"Ids that begin with {ACCOUNT} are Portal's own: they name people by their Portal account. Use another id."


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody a site vouches for. What it did not say is empty. Whom the Portal itself vouches for has an `account`,
    and is signed in under `session_key`."""

    sub: str
    name: str = ""
    email: str = ""
    locale: str = ""
    account: int | None = None
    session_key: str | None = None


class Unfit(ValueError):
    """The text is a sentence for whoever signs."""


def read(claims: Mapping[str, Any], *, agent: str, now: datetime) -> Identity:
    """The identity in the claims of a JWT whose signature is right; `agent` is the slug. Raises Unfit."""
    _in_time(claims, now)
    _for_this(claims.get("aud"), agent)
    said = {name: _text(claims.get(name), name, most) for name, most in LONGEST_CLAIMS.items()}
    sub = _sub(claims.get("sub"))
    return Identity(sub=sub, name=said["name"], email=said["email"], locale=said["locale"])


def _in_time(claims: Mapping[str, Any], now: datetime) -> None:
    expires = _instant(claims.get("exp"), "exp", required=True)
    latest, skew = now.timestamp(), SKEW.total_seconds()
    if not expires > latest - skew:
        raise Unfit("It has expired; sign a new one.")
    if not expires <= latest + FURTHEST.total_seconds() + skew:
        raise Unfit("exp is too far ahead: at most 24 hours.")
    for name in ("nbf", "iat"):
        if not _instant(claims.get(name), name) <= latest + skew:
            raise Unfit(f"{name} is in the future; check the clock of the server that signs.")


def _instant(value: Any, name: str, *, required: bool = False) -> float:
    if value is None and not required:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unfit(f"{name} must be a number: seconds since 1970.")
    found: float = value
    return found


def _for_this(audience: Any, agent: str) -> None:
    """A site need not name an agent: the secret is of one alone. Where it does, it is this one."""
    named = audience if isinstance(audience, list) else [audience]
    if audience is not None and agent not in named:
        raise Unfit("aud names another agent.")


def _sub(value: Any) -> str:
    sub = _text(value, "sub", LONGEST_SUB)
    if not sub.strip():
        raise Unfit(f"sub is required: your own id of the user, 1 to {LONGEST_SUB} printable characters.")
    if sub.startswith(ANONYMOUS):
        raise Unfit(f"sub must not begin with {ANONYMOUS}: that is how anonymous visitors are named.")
    if is_reserved(sub):
        raise Unfit(f"sub: {RESERVED}")
    return sub


def is_reserved(user_id: str) -> bool:
    """Whether no program outside the Portal may call a user so."""
    return user_id.startswith(ACCOUNT)


def _text(value: Any, name: str, most: int) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > most or not value.isprintable():
        raise Unfit(f"{name} must be a text of at most {most} printable characters.")
    return value
