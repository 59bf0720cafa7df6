"""The key that signs this copy's sessions, made once and kept beside its data."""

import os
import secrets
from pathlib import Path


def ensure(home: Path) -> None:
    """Write `home`/secret_key when it is missing; only its owner may read it. `portal.env.secret_key` reads it."""
    home.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(home / "secret_key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with open(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
