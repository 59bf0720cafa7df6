"""What one types to sign in, or to choose another password."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import AddEmailForm, LoginForm, ResetPasswordForm
from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from portal.accounts.actions import letters

NAME = {"autocomplete": "username webauthn", "autocapitalize": "none", "spellcheck": "false", "autofocus": True}


class SignInForm(LoginForm):
    """allauth's field is called `login`, what a browser sends `username`, as everywhere."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("Username or e-mail")
        self.fields["login"].widget = forms.TextInput(NAME)
        self.fields["password"].help_text = ""
        self.fields["password"].widget = forms.PasswordInput({"autocomplete": "current-password"})

    def user_credentials(self) -> dict[str, Any]:
        """One word for both: looking for a name and for an address would take twice the time where there is such an
        address, and tell that there is."""
        return {"username": self.cleaned_data["login"], "password": self.cleaned_data["password"]}

    def add_prefix(self, field_name: str) -> str:
        return "username" if field_name == "login" else super().add_prefix(field_name)


class NewEmailForm(AddEmailForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("New address")
        self.fields["email"].help_text = _("A letter goes there; the old one counts until you have confirmed it.")
        self.fields["email"].widget = forms.EmailInput({"autocomplete": "email"})


class ResetForm(ResetPasswordForm):
    """Asks the database nothing: the answer and its time are the same whether there is an account or not."""

    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        help_text=_("Of your account. Your username is in the letter."),
        widget=forms.EmailInput({"autocomplete": "email", "autofocus": True}),
    )

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(self.cleaned_data["email"]))

    def save(self, request: HttpRequest, **_kwargs: Any) -> str:  # noqa: ARG002
        letters.put_reset(to=self.cleaned_data["email"])
        return str(self.cleaned_data["email"])
