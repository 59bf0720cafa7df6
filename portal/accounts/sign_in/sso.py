"""What allauth asks of us about single sign-on (OpenID Connect).

Whoever the organization names by a verified e-mail address is the account that was invited with it. Others are let in
only where the operator says as what (OIDC_NEW_PEOPLE).
"""

from collections.abc import Callable

import structlog
from allauth.core.exceptions import SignupClosedException
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.openid_connect import views
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException

from portal.accounts.models import Account

log = structlog.get_logger(__name__)


def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _told(request, lambda: views.login(request, provider_id))


def finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _told(request, lambda: views.callback(request, provider_id))


def _told(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """A provider that is away, or says what cannot be read, is told in words."""
    try:
        return view()
    except (RequestException, ValueError, KeyError) as error:
        log.warning("single sign-on failed", error=type(error).__name__)
        return render(request, "socialaccount/authentication_error.html", status=502)


class Adapter(DefaultSocialAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002
        return bool(settings.OIDC_NEW_PEOPLE) and any(address.verified for address in sociallogin.email_addresses)

    def new_user(self, request: HttpRequest, sociallogin: SocialLogin) -> Account:  # noqa: ARG002
        return Account(role=settings.OIDC_NEW_PEOPLE)

    def is_auto_signup_allowed(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Nobody types here who they are. An unverified address that an account has is nobody's way in."""
        if not super().is_auto_signup_allowed(request, sociallogin):
            raise SignupClosedException
        return True
