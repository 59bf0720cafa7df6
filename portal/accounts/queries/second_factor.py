"""Who has a second factor, and who has to (5-promises.md, "Security")."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from portal.accounts.models import Account
from portal.accounts.names import STAFF

# How somebody has signed in, as allauth notes it in their session.
RECORDS = "account_authentication_methods"
ELSEWHERE = "socialaccount"
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def of(account: Any) -> Any:
    """Those of an account, by its id or an expression for it. Recovery codes alone are none: they stand in for one that
    is lost."""
    return Authenticator.objects.filter(user_id=account, type__in=KINDS)


def exists(account_id: int) -> bool:
    return bool(of(account_id).exists())


def is_required(account: Account) -> bool:
    return settings.MFA_REQUIRED and account.role in STAFF


def is_missing(account: Account, session: SessionBase) -> bool:
    """Whether they have to set one up before anything else. Where they were signed in by their organization, that has
    seen to it."""
    if not is_required(account):
        return False
    records = session.get(RECORDS)
    methods = {record.get("method") for record in records} if isinstance(records, list) else set()
    return ELSEWHERE not in methods and not exists(account.pk)
