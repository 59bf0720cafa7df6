"""What of signing in is a deed for the audit log. allauth tells of it by signals."""

from typing import Any

import structlog
from allauth.account import signals as account_signals
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa import signals as mfa_signals
from allauth.mfa.models import Authenticator
from django.http import HttpRequest

from portal.accounts.models import Account
from portal.audit import actions as audit
from portal.lib import origin

log = structlog.get_logger(__name__)


def listen() -> None:
    for signal, deed in DEEDS:
        signal.connect(deed, dispatch_uid=f"portal.{deed.__name__}")


def signed_in(request: HttpRequest, user: Account, **_kwargs: Any) -> None:
    methods = [_method(record) for record in get_authentication_records(request, user)]
    _record("account.signed_in", user, after={"by": list(dict.fromkeys(methods))})


def signed_out(user: Account | None, **_kwargs: Any) -> None:
    if user is not None:
        _record("account.signed_out", user)


def password_changed(user: Account, **_kwargs: Any) -> None:
    _record("account.password_changed", user)


def password_reset(user: Account, **_kwargs: Any) -> None:
    _record("account.password_reset", user)


def email_changed(user: Account, to_email_address: Any, **_kwargs: Any) -> None:
    _record("account.email_changed", user, after={"email": to_email_address.email})


def factor_added(user: Account, authenticator: Authenticator, **_kwargs: Any) -> None:
    _record("account.second_factor_added", user, after={"kind": str(authenticator.type)})


def factor_removed(user: Account, authenticator: Authenticator, **_kwargs: Any) -> None:
    _record("account.second_factor_removed", user, before={"kind": str(authenticator.type)})


def codes_made(user: Account, **_kwargs: Any) -> None:
    _record("account.recovery_codes_made", user)


def wrong_factor(user: Account, **_kwargs: Any) -> None:
    """The password was right: whoever it is knows it."""
    log.warning("sign-in refused", why="second factor", account=user.pk, address=origin.current().address)


DEEDS = (
    (account_signals.user_logged_in, signed_in),
    (account_signals.user_logged_out, signed_out),
    (account_signals.password_changed, password_changed),
    (account_signals.password_set, password_changed),
    (account_signals.password_reset, password_reset),
    (account_signals.email_changed, email_changed),
    (mfa_signals.authenticator_added, factor_added),
    (mfa_signals.authenticator_removed, factor_removed),
    (mfa_signals.authenticator_reset, codes_made),
    (mfa_signals.authentication_failed, wrong_factor),
)


def _method(record: dict[str, Any]) -> str:
    """“password”, “totp”, “webauthn”, “recovery_codes”, “socialaccount”, “code”."""
    return str(record.get("type") or record.get("method"))


def _record(verb: str, account: Account, **what: Any) -> None:
    audit.record(verb, account_id=account.pk, subject=f"account {account.pk}", **what)
