"""The codes of a second factor: how often one may be tried, and that each of an app counts once.

Whoever tries one knows the password. So the account counts, from wherever it is tried; but a browser that is known for
it counts for itself, and its owner is not locked out by those who guess.
"""

from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.base import forms
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from portal.accounts.actions import attempts
from portal.accounts.actions.attempts import Limit
from portal.accounts.sign_in import devices
from portal.accounts.sign_in.adapter import refuse_too_often

CODES = Limit("codes", most=10, seconds=600)


class Counted(forms.BaseAuthenticateForm):
    def clean_code(self) -> str:
        taken = attempts.take([(CODES, self._counted_by())])
        if taken.over:
            raise refuse_too_often(taken.over[CODES])
        code = str(super().clean_code())
        attempts.give_back(taken)
        if self.authenticator.type == Authenticator.Type.TOTP and not self._is_first(code):
            raise ValidationError(_("This code was used already. Wait for the next one."), code="used")
        return code

    def _counted_by(self) -> str:
        browser = devices.known(context.request, self.user.get_username())
        return f"{self.user.pk}:{browser or ''}"

    def _is_first(self, code: str) -> bool:
        """allauth forgets it after one period, while clocks that differ let it count in those beside it."""
        counts_for = app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1)
        key = f"portal.code.{self.user.pk}.{normalize_user_code(code)}"
        return bool(cache.add(key, True, timeout=counts_for))


class AuthenticateForm(Counted, forms.AuthenticateForm):
    """Signing in."""


class ReauthenticateForm(Counted, forms.ReauthenticateForm):
    """Showing once more that one is oneself."""
