"""Olga, who signs in, and somebody who would like to be her."""

import pytest
from django.test import Client

from portal.accounts.models import Account
from tests import cast


@pytest.fixture
def olga(db: None) -> Account:
    return cast.account("olga", first_name="Olga", email="olga@example.org")


@pytest.fixture
def attacker() -> Client:
    return Client(REMOTE_ADDR="203.0.113.7")


@pytest.fixture
def owner() -> Client:
    """Olga at home, with a browser that has never been here."""
    return Client(REMOTE_ADDR="198.51.100.20")
