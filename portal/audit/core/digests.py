"""What the digests of the audit log are made of (5-promises.md, "Security").

This is a format: what was sealed with it years ago is verified with it. Nothing here changes; a new format would stand
beside it.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

# The texts that can be erased. They enter the chain as salted digests alone.
FIELDS = ("subject", "reason", "before", "after", "address")
BEGINNING = bytes(32)  # what the first link follows


def canonical(value: Any) -> str:
    """The one way to write this JSON value. Raises ValueError for what JSON has no word for."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def of_text(text: str, *, salt: bytes) -> bytes:
    """Without the salt nobody can tell by trying which text it was."""
    return sha256(salt + text.encode()).digest()


def of_entry(
    *, verb: str, account_id: int | None, agent_id: int | None, request_id: str, texts: Mapping[str, bytes | None]
) -> bytes:
    """Of what is known of a deed when it is recorded. `texts` are the digests of its FIELDS, None where it has none."""
    told = {name: digest.hex() for name in FIELDS if (digest := texts[name]) is not None}
    return _of(["entry", verb, account_id, agent_id, request_id, told])


def of_link(*, previous: bytes, seq: int, entry: int, at: datetime, agent_slug: str, digest: bytes) -> bytes:
    """Of a link of the chain: of the one before it, of the entry's digest, and of what the database gave the entry."""
    instant = at.astimezone(UTC).isoformat(timespec="microseconds")
    return _of(["link", previous.hex(), seq, entry, instant, agent_slug, digest.hex()])


def _of(parts: list[Any]) -> bytes:
    return sha256(canonical(parts).encode()).digest()
