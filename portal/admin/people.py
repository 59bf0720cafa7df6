"""Who is at the browser, and where their work is."""

from django.http import HttpRequest
from django.urls import reverse

from portal.accounts.models import Account
from portal.accounts.names import Role

STAFF = frozenset({Role.ADMIN, Role.OWNER, Role.TRANSLATOR})
OPERATORS = frozenset({Role.ADMIN, Role.OWNER})
ADMINS = frozenset({Role.ADMIN})


def signed_in(request: HttpRequest) -> Account | None:
    """The active account of this request; None for anybody else, and where nobody has looked yet (early errors)."""
    user = getattr(request, "user", None)
    return user if isinstance(user, Account) and user.is_active else None


def home_of(account: Account) -> str:
    """Where a person's work is: a translator lands on the messages (7-screens.md, 33)."""
    return reverse("localization" if account.role == Role.TRANSLATOR else "overview")
