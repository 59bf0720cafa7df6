"""The demo's password opens the demo's accounts in the demo, and nothing anywhere else.

Its accounts have no password of their own in the database, so there is none to leak into another copy. A sign-in by
the demo's password remembers this backend: outside the demo it does not even last.
"""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.contrib.auth.backends import BaseBackend
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext as _

from portal.accounts.models import Account
from portal.demo import people


class PasswordBackend(AuthenticationBackend):
    """An account's own password, by its name or its e-mail. It is never the demo's, whoever stored that."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> Any:
        if credentials.get("password") == people.PASSWORD:
            return None
        return super().authenticate(request, **credentials)

    def _check_password(self, user: Any, password: str) -> Any:
        found = super()._check_password(user, password)
        self._stash_user(None)  # nobody is told that there is an account, and that it is off
        return found


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
