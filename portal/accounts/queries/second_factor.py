"""Who has a second factor, and who has to (5-promises.md, "Security")."""

from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from portal.accounts.models import Account
from portal.accounts.names import STAFF
from portal.accounts.queries import sign_ins

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
    return ELSEWHERE not in sign_ins.methods(session) and not exists(account.pk)
