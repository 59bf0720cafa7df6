"""JWTs signed with HS256: the signature is the library's. What is in them, whoever asks judges by the database's clock:
a process's own decides nothing."""

from collections.abc import Mapping
from typing import Any

import jwt
from jwt.types import Options

ALGORITHM = "HS256"
OPTIONS: Options = {
    "verify_signature": True,
    "verify_exp": False,
    "verify_nbf": False,
    "verify_iat": False,
    "verify_aud": False,
    "verify_iss": False,
    "verify_sub": False,
    "verify_jti": False,
}


def signed(claims: dict[str, Any], key: str | bytes) -> str:
    return jwt.encode(claims, key, algorithm=ALGORITHM)


def claims(token: str, key: str | bytes) -> Mapping[str, Any] | None:
    """None where it is no JWT, or not one that this key signed."""
    try:
        return jwt.decode(token, key, algorithms=[ALGORITHM], options=OPTIONS)
    # Beside its own errors the library lets through what JSON and UTF-8 raise of a broken header.
    except (jwt.PyJWTError, ValueError, RecursionError):
        return None
