"""The demo's password opens the demo's accounts in the demo, and nothing anywhere else.

Its accounts have no password of their own in the database, so there is none to leak into another copy. A sign-in by
the demo's password remembers this backend: outside the demo it does not even last.
"""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.accounts.models import Account
from portal.demo import people


class PasswordBackend(ModelBackend):
    """An account's own password, which is never the demo's, whoever stored that."""

    def authenticate(
        self, request: HttpRequest | None, username: str | None = None, password: str | None = None, **kwargs: Any
    ) -> Any:
        if password == people.PASSWORD:
            return None
        return super().authenticate(request, username=username, password=password, **kwargs)


class DemoBackend(BaseBackend):
    """The demo's password, for those of its accounts that have not been given one of their own."""

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002  Django names it
        username: str | None = None,
        password: str | None = None,
        **_kwargs: Any,
    ) -> Account | None:
        if not settings.DEMO or username not in people.USERNAMES or password != people.PASSWORD:
            return None
        account = Account.objects.filter(username=username, is_active=True).first()
        return None if account is None or account.has_usable_password() else account

    def get_user(self, user_id: int) -> Account | None:
        return Account.objects.filter(pk=user_id, is_active=True).first() if settings.DEMO else None


class NotTheDemoPassword:
    """Nobody chooses the password that every visitor of the demo reads."""

    def validate(self, password: str, user: Account | None = None) -> None:  # noqa: ARG002  Django's signature
        if password == people.PASSWORD:
            raise ValidationError(_("This is the password of the demo, which everybody knows."), code="demo_password")

    def get_help_text(self) -> str:
        return _("Your password can’t be one that everybody knows.")
