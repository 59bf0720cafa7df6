"""Secrets and the keys they are made with."""

import json
import subprocess
import sys
from typing import Any

import pytest

from portal.env import ROOT
from portal.lib import sealing, tokens

HASHERS = """
import json, django
django.setup()
from django.contrib.auth.hashers import get_hasher
first = get_hasher()
print(json.dumps([first.algorithm, first.iterations]))
"""


def test_a_secret_has_256_random_bits_and_is_stored_as_a_digest():
    first, second = (tokens.mint(prefix=tokens.PERSONAL) for _ in range(2))
    assert first.secret != second.secret
    assert len(first.secret.removeprefix(tokens.PERSONAL)) == 43  # of 64 signs each
    assert first.secret.encode() not in first.digest
    assert len(first.digest) == 32


def test_what_was_sealed_and_changed_since_is_not_read():
    sealed = sealing.seal("a secret")
    for place in range(0, len(sealed), 7):
        changed = sealed[:place] + ("A" if sealed[place] != "A" else "B") + sealed[place + 1 :]
        with pytest.raises(sealing.Unreadable):
            sealing.unseal(changed)


def test_a_key_is_replaced_without_losing_what_was_sealed_under_it(settings: Any) -> None:
    sealed, before = sealing.seal("a secret"), settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another " * 8, []
    with pytest.raises(sealing.Unreadable):
        sealing.unseal(sealed)
    settings.SECRET_KEY_FALLBACKS = [before]
    assert sealing.unseal(sealed) == "a secret"


def test_older_keys_are_a_setting():
    environment = {"SECRET_KEY": "new " * 13, "SECRET_KEY_FALLBACKS": "old-1, old-2", "PORTAL_ENV_FILE": "none"}
    asked = "from portal import settings; print(settings.SECRET_KEY_FALLBACKS)"
    done = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "['old-1', 'old-2']"


def test_passwords_are_hashed_slowly():
    """The tests themselves use another one, which is quick: this asks a process of its own."""
    environment = {"SECRET_KEY": "x" * 50, "DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_ENV_FILE": "none"}
    done = subprocess.run(
        [sys.executable, "-c", HASHERS], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    algorithm, iterations = json.loads(done.stdout)
    assert algorithm == "pbkdf2_sha256"
    assert iterations >= 600_000
