"""Where people's work is."""

from django.urls import reverse

from portal.accounts.models import Account
from portal.accounts.names import Role

HOMES = {Role.TRANSLATOR: "localization", Role.USER: "my-sessions"}


def home_of(account: Account) -> str:
    """Where a person's work is: a translator lands on the messages (7-screens.md, 33), who only chats on their own
    sessions."""
    return reverse(HOMES.get(Role(account.role), "overview"))
