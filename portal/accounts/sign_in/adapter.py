"""What allauth asks of us about accounts."""

from typing import Any

import structlog
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.account.models import EmailAddress, Login
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import ngettext

from portal.accounts.actions import letters
from portal.accounts.models import Account
from portal.accounts.queries import homes, second_factor
from portal.accounts.sign_in import devices, limits
from portal.lib import clock, origin

log = structlog.get_logger(__name__)


class Adapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002  allauth names it
        """People are invited."""
        return False

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return homes.home_of(request.user) if isinstance(request.user, Account) else settings.LOGIN_URL

    def get_client_ip(self, request: HttpRequest) -> str:
        return origin.current().address or request.META.get("REMOTE_ADDR") or "0.0.0.0"  # noqa: S104  unknown

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Nobody needs to be told that they have signed in, or out: they see it."""
        if kwargs.get("message_template", args[2] if len(args) > 2 else None) not in SEEN_ANYWAY:
            super().add_message(*args, **kwargs)

    # ── how often ──────────────────────────────────────────────────────────────────────────────────────────────────
    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Counts the attempt. Raises ValidationError where it is one too many, and notes on the request for how many
        seconds (`wait`)."""
        attempt = limits.begin(request, _typed(credentials))
        request.attempt = attempt  # type: ignore[attr-defined]
        if attempt.wait:
            log.warning("sign-in refused", why="too often", address=origin.current().address, wait=attempt.wait)
            raise ValidationError(_too_often(attempt.wait), code="too_often")

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        account = super().authenticate(request, **credentials)
        if account is not None:
            limits.was_right(request.attempt)  # type: ignore[attr-defined]
        return account

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ARG002
        """What was typed for a name is not logged: it may be a password."""
        log.warning("sign-in refused", why="wrong", address=origin.current().address)

    def is_login_by_code_required(self, login: Login) -> bool:
        """When the account is being guessed at: see `limits`."""
        attempt = getattr(self.request, "attempt", None)
        if attempt is None or not attempt.guessed_at or second_factor.exists(login.user.pk):
            return False
        return EmailAddress.objects.get_primary_email(login.user) is not None

    def post_login(self, request: HttpRequest, user: Any, **kwargs: Any) -> HttpResponse:
        response: HttpResponse = super().post_login(request, user, **kwargs)
        devices.remember(request, response, user)
        return response

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:  # noqa: ARG002
        """To whoever has shown by a passkey, or by their organization, who they are."""
        return render(request, "account/inactive.html", status=403)

    # ── once more ──────────────────────────────────────────────────────────────────────────────────────────────────
    def is_reauthentication_required(self, *, app: str, **_kwargs: Any) -> bool:  # noqa: ARG002
        """Not of somebody who has just signed in."""
        records = get_authentication_records(self.request, self.request.user)
        latest = max((record["at"] for record in records), default=0.0)
        return bool(clock.now().timestamp() - latest >= app_settings.REAUTHENTICATION_TIMEOUT)

    # ── e-mail ─────────────────────────────────────────────────────────────────────────────────────────────────────
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Written now, sent by a worker (`portal/accounts/actions/letters.py`)."""
        message = self.render_mail(template_prefix, email, {**context, "portal": settings.PORTAL_URL, "email": email})
        letters.put(to=email, subject=str(message.subject), text=str(message.body))

    def format_email_subject(self, subject: str) -> str:
        return subject


SEEN_ANYWAY = frozenset({"account/messages/logged_in.txt", "account/messages/logged_out.txt"})


def _typed(credentials: dict[str, Any]) -> str:
    return str(credentials.get("username", ""))


def _too_often(seconds: int) -> str:
    minutes = max(1, -(-seconds // 60))
    return ngettext(
        "That was tried too often. Nothing was looked at; try again in %(minutes)d minute.",
        "That was tried too often. Nothing was looked at; try again in %(minutes)d minutes.",
        minutes,
    ) % {"minutes": minutes}
