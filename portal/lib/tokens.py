"""Secrets that programs carry: made once, shown once, stored as a digest."""

import hashlib
import secrets
from typing import NamedTuple

PERSONAL = "pat_"
VISITOR = "vis_"
IDENTITY = "ids_"  # what a site signs with: not a credential by itself


class Minted(NamedTuple):
    secret: str  # shown to its owner, once
    digest: bytes  # stored


def mint(*, prefix: str) -> Minted:
    """A new secret of 256 random bits behind a prefix that tells its kind (and lets scanners find leaks)."""
    secret = prefix + secrets.token_urlsafe(32)
    return Minted(secret, digest(secret))


def digest(secret: str) -> bytes:
    """SHA-256. The secret has full entropy, so a slow hash would only slow the hot path."""
    return hashlib.sha256(secret.encode()).digest()
