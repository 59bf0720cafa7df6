"""From a credential to a principal."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from typing import NamedTuple

from django.conf import settings
from django.contrib.auth import get_user
from django.db.models import BooleanField, ExpressionWrapper, Q
from django.db.models.functions import Now
from django.http import HttpRequest

from portal.accounts.actions import tokens as actions
from portal.accounts.models import Account, Token
from portal.accounts.names import Scope
from portal.accounts.permissions import ANONYMOUS, Principal, bound, principal_of, principals_of
from portal.accounts.queries import second_factor, sign_ins
from portal.lib import tokens
from portal.lib.prepared import Prepared, among
from portal.lib.together import Together


def principal(request: HttpRequest) -> Principal:
    """Whoever is signed in on this request, loaded once for it."""
    account = request.user
    if not isinstance(account, Account):
        return ANONYMOUS
    known: Principal | None = getattr(request, "principal", None)
    if known is None:
        known = ANONYMOUS if second_factor.is_missing(account, request.session) else principal_of(account)
        request.principal = known  # type: ignore[attr-defined]
    return known


def by_session(key: str) -> Principal | None:
    """The principal signed in under this key of the Portal's cookie, as of now. None where nobody is, any more."""
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    account = get_user(request)
    if not isinstance(account, Account) or not account.is_active or sign_ins.is_over(request.session):
        return None
    if second_factor.is_missing(account, request.session):
        return None
    return principal_of(account)


def by_token(secret: str) -> Principal | None:
    """The principal of a valid Portal token: the rights of its account, or less. None for any other word."""
    if not secret.startswith(tokens.PERSONAL):
        return None
    return _by_digest(tokens.digest(secret))


class _Known(NamedTuple):
    """A token that counts. `unnoted`: that it was used is written down nowhere, or a minute ago."""

    digest: bytes
    id: int
    scope: str
    read_only: bool
    agents: list[int] | None
    until: datetime | None
    unnoted: bool

    def limit(self, principal: Principal) -> Principal:
        limited = replace(
            principal,
            read_only=self.read_only,
            backend=self.scope == Scope.BACKEND,
            token_id=self.id,
            until=self.until,
        )
        return limited if self.agents is None else bound(limited, self.agents)


_ACCOUNT = [field.attname for field in Account._meta.concrete_fields]
_TOKENS = Prepared(
    lambda: (
        Token.objects.filter(
            Q(expires_at__isnull=True) | Q(expires_at__gt=Now()), among("digest", "digests"), account__is_active=True
        )
        .annotate(unnoted=ExpressionWrapper(actions.UNNOTED, BooleanField()))
        .values_list(
            *("digest", "pk", "scope", "read_only", "agent_ids", "expires_at", "unnoted"),
            *(f"account__{name}" for name in _ACCOUNT),
        )
    )
)


def _by_digests(digests: Sequence[bytes]) -> list[Principal | None]:
    """Two queries, for all the requests that come at once; and one statement where one of the tokens has not been used
    for a minute."""
    rows = _TOKENS.rows(digests=list(set(digests)))
    known = [_Known(*row[: len(_Known._fields)]) for row in rows]
    principals = principals_of([Account.from_db(None, _ACCOUNT, row[len(_Known._fields) :]) for row in rows])
    if unnoted := [token.id for token in known if token.unnoted]:
        actions.note_use(unnoted)
    found = {bytes(token.digest): token.limit(who) for token, who in zip(known, principals, strict=True)}
    return [found.get(digest) for digest in digests]


_by_digest = Together(_by_digests)


def mint_token(*, account: Account, name: str) -> str:
    """A new token of this account. The secret is shown this once."""
    minted = tokens.mint(prefix=tokens.PERSONAL)
    Token.objects.create(account=account, name=name, digest=minted.digest)
    return minted.secret


def revoke_tokens(*, account: Account, name: str) -> None:
    """Every token of this account that bears this name stops counting."""
    Token.objects.filter(account=account, name=name).delete()
