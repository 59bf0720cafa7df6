"""Secrets that Portal itself must be able to read again, and nobody else: encrypted under a key made from SECRET_KEY.

What can be compared by its digest is stored as that (`portal/lib/tokens.py`). This is for keys that sign.
"""

import base64
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

PURPOSE = b"portal.lib.sealing"


class Unreadable(Exception):
    """It was sealed under another SECRET_KEY, or changed since."""


def seal(secret: str) -> str:
    """As it is stored: letters, digits, `-`, `_` and `=`."""
    return _box(*_keys()).encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Also what was sealed under one of SECRET_KEY_FALLBACKS. Raises Unreadable."""
    try:
        return _box(*_keys()).decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _keys() -> tuple[str, ...]:
    return (settings.SECRET_KEY, *map(str, settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _box(*keys: str) -> MultiFernet:
    return MultiFernet([Fernet(_derived(key)) for key in keys])


def _derived(key: str) -> bytes:
    """A key of its own: what leaks here tells nothing of what SECRET_KEY signs elsewhere."""
    derived = HKDF(algorithm=SHA256(), length=32, salt=None, info=PURPOSE).derive(key.encode())
    return base64.urlsafe_b64encode(derived)
