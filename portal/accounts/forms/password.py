"""Changing one's own password."""

from allauth.account.adapter import get_adapter
from django.contrib.auth.forms import PasswordChangeForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest


class OwnPassword(PasswordChangeForm):
    """The old password is whatever signs one in now: an account of the demo has none of its own yet. It may be tried as
    often as at the sign-in."""

    request: HttpRequest

    def clean_old_password(self) -> str:
        old: str = self.cleaned_data["old_password"]
        if get_adapter().authenticate(self.request, username=self.user.get_username(), password=old) != self.user:
            raise ValidationError(self.error_messages["password_incorrect"], code="password_incorrect")
        return old
