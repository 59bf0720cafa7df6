"""Choosing another password by e-mail: the address under which it is done, and for how long it counts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.urls import reverse
from django.utils.http import base36_to_int

COUNTS_FOR = timedelta(hours=1)


class ResetToken(PasswordResetTokenGenerator):
    """Django's: it counts once, and no longer when the password or the address is another. An hour, where invitations
    count for days: a mailbox keeps its letters."""

    key_salt = "portal.accounts.actions.resets"

    def check_token(self, user: Any, token: str | None) -> bool:
        return super().check_token(user, token) and self._age(token or "") <= COUNTS_FOR.total_seconds()

    def _age(self, token: str) -> int:
        return int(self._num_seconds(self._now())) - base36_to_int(token.split("-")[0])


@dataclass(frozen=True, slots=True)
class Reset:
    """What one needs to know to choose another password."""

    name: str
    username: str
    address: str
    minutes: int


def of(email: str) -> Iterator[Reset]:
    """One for each active account with this e-mail address."""
    # allauth makes what is defined here when it is loaded.
    from allauth.account.utils import filter_users_by_email, user_pk_to_url_str

    for account in filter_users_by_email(email, is_active=True, prefer_verified=True):
        key = {"uidb36": user_pk_to_url_str(account), "key": ResetToken().make_token(account)}
        address = settings.PORTAL_URL + reverse("account_reset_password_from_key", kwargs=key)
        yield Reset(account.name, account.username, address, round(COUNTS_FOR.total_seconds() / 60))
