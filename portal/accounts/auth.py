"""From a credential to a principal."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest

from portal.accounts.models import Account, Token
from portal.accounts.permissions import ANONYMOUS, Principal, principal_of
from portal.lib import tokens
from portal.lib.prepared import Given, Prepared


def principal(request: HttpRequest) -> Principal:
    """Whoever is signed in on this request, loaded once for it."""
    account = request.user
    if not isinstance(account, Account):
        return ANONYMOUS
    known: Principal | None = getattr(request, "principal", None)
    if known is None:
        known = request.principal = principal_of(account)  # type: ignore[attr-defined]
    return known


def by_session(key: str) -> Principal | None:
    """The principal signed in under this key of the Portal's cookie, as of now. None where nobody is, any more."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    account = get_user(request)
    return principal_of(account) if isinstance(account, Account) and account.is_active else None


def by_token(secret: str) -> Principal | None:
    """The principal of a valid Portal token: the rights of its account, or less. None for any other word."""
    if not secret.startswith(tokens.PERSONAL):
        return None
    for read_only, *account in _TOKEN.rows(digest=tokens.digest(secret)):
        return principal_of(Account.from_db(None, _ACCOUNT, account), read_only=read_only)
    return None


_ACCOUNT = [field.attname for field in Account._meta.concrete_fields]
_TOKEN = Prepared(
    lambda: Token.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), digest=Given("digest"), account__is_active=True
    ).values_list("read_only", *(f"account__{name}" for name in _ACCOUNT))
)


def mint_token(*, account: Account, name: str) -> str:
    """A new token of this account. The secret is shown this once."""
    minted = tokens.mint(prefix=tokens.PERSONAL)
    Token.objects.create(account=account, name=name, digest=minted.digest)
    return minted.secret


def revoke_tokens(*, account: Account, name: str) -> None:
    """Every token of this account that bears this name stops counting."""
    Token.objects.filter(account=account, name=name).delete()
