"""Who is at the browser."""

from django.http import HttpRequest

from portal.accounts.models import Account
from portal.accounts.names import STAFF, Role
from portal.accounts.queries.homes import home_of

__all__ = ["ADMINS", "OPERATORS", "STAFF", "home_of", "signed_in"]
OPERATORS = frozenset({Role.ADMIN, Role.OWNER})
ADMINS = frozenset({Role.ADMIN})


def signed_in(request: HttpRequest) -> Account | None:
    """The active account of this request; None for anybody else, and where nobody has looked yet (early errors)."""
    user = getattr(request, "user", None)
    return user if isinstance(user, Account) and user.is_active else None
