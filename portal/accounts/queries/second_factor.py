"""Who has a second factor, and who has to (5-promises.md, "Security")."""

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase

from portal.accounts.models import Account
from portal.accounts.names import STAFF

# How somebody has signed in, as allauth notes it in their session.
RECORDS = "account_authentication_methods"
ELSEWHERE = "socialaccount"


def exists(account_id: int) -> bool:
    """Recovery codes alone are none: they stand in for one that is lost."""
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    return bool(Authenticator.objects.filter(user_id=account_id, type__in=kinds).exists())


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
