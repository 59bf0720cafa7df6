"""Where people's work is."""

from django.urls import reverse

from portal.accounts.models import Account
from portal.accounts.names import Role


def home_of(account: Account) -> str:
    """Where a person's work is: a translator lands on the messages (7-screens.md, 33)."""
    return reverse("localization" if account.role == Role.TRANSLATOR else "overview")
