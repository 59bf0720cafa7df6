"""Browsers that somebody has signed in with before, known by a cookie (OWASP, "Device cookies").

Who attacks an account has none, so what they use up is not what its owner has: they are never locked out of a browser
they use. The cookie lets nobody in.
"""

from secrets import token_urlsafe

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponseBase

from portal.accounts.models import Account

COUNTS_FOR = 365 * 24 * 3600  # seconds
MOST = 5  # accounts of one browser
SALT = "portal.accounts.devices"


def known(request: HttpRequest, typed: str) -> str | None:
    """What this browser is called for the account that `typed` names; None where it has never signed in with it."""
    kept = _kept(request)
    if not kept:
        return None
    for account in Account.objects.filter(pk__in=[int(id) for id in kept]):
        if typed.casefold() in (account.username.casefold(), account.email.casefold()):
            return kept[str(account.pk)]
    return None


def remember(request: HttpRequest, response: HttpResponseBase, account: Account) -> None:
    """This browser has signed in with this account."""
    kept = _kept(request)
    called = kept.pop(str(account.pk), None) or token_urlsafe(16)
    latest = dict([*kept.items(), (str(account.pk), called)][-MOST:])
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(latest, salt=SALT),
        max_age=COUNTS_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def _kept(request: HttpRequest) -> dict[str, str]:
    """By the id of the account."""
    try:
        kept = signing.loads(request.COOKIES.get(settings.DEVICE_COOKIE_NAME, ""), salt=SALT, max_age=COUNTS_FOR)
    except signing.BadSignature:
        return {}
    return dict(kept)
