"""What allauth asks of us about single sign-on (OpenID Connect).

Whoever the organization names by a verified e-mail address is the account that was invited with it. Others are let in
only where the operator says as what (OIDC_NEW_PEOPLE).
"""

from typing import Any

import structlog
from allauth.core.exceptions import SignupClosedException
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from requests import RequestException, Session

from portal.accounts.models import Account

WELL_KNOWN = "/.well-known/openid-configuration"
log = structlog.get_logger(__name__)


class Checked(OpenIDConnectOAuth2Adapter):
    """Looks closer than allauth, which believes what comes over TLS: at who the provider says it is, and at the
    signature of what it says of people."""

    @property
    def openid_config(self) -> dict[str, Any]:
        config: dict[str, Any] = super().openid_config
        asked = self.get_provider().server_url.removesuffix(WELL_KNOWN).rstrip("/")
        if str(config["issuer"]).rstrip("/") != asked:
            raise ValueError("this is another issuer")
        return config

    def _decode_id_token(self, app: SocialApp, id_token: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=self.openid_config["issuer"],
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
            verify_signature=True,
        )
        return claims


def begin(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _told(request, OAuth2LoginView, provider_id)


def finish(request: HttpRequest, provider_id: str) -> HttpResponse:
    return _told(request, OAuth2CallbackView, provider_id)


def _told(request: HttpRequest, view: Any, provider_id: str) -> HttpResponse:
    """A provider that is away, or says what cannot be read, is told in words."""
    try:
        response: HttpResponse = view.adapter_view(Checked(request, provider_id))(request)
        return response
    except SocialApp.DoesNotExist:
        raise Http404 from None
    except (RequestException, ValueError, KeyError, TypeError) as error:
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

    def get_requests_session(self) -> Session:
        """Follows nobody elsewhere: what it sends are secrets."""
        session: Session = super().get_requests_session()
        session.max_redirects = 0
        return session
