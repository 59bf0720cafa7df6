"""Where somebody who was invited chooses their password."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.views import PasswordResetConfirmView
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _

from portal.accounts.models import Account


class Invitation(PasswordResetConfirmView):
    """Django's own, for accounts that wait for a first password. The address counts once, and leaves the browser's
    address line before the form is shown."""

    template_name = "people/password.html"
    success_url = reverse_lazy("account_login")

    def get_user(self, uidb64: str) -> Account | None:
        account: Any = super().get_user(uidb64)
        waits = account is not None and account.is_active and not account.has_usable_password()
        return account if waits else None

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, _("Your password is set. Sign in with it."))
        return super().form_valid(form)
