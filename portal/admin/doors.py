"""Sign in, sign out: allauth's views in our frame."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import LoginView
from allauth.account.views import logout as sign_out
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_POST
from django_htmx.http import HttpResponseClientRedirect

from portal.demo import people as cast


class SignIn(LoginView):
    """Afterwards everybody lands where their work is."""

    template_name = "account/login.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        hint = {"demo_accounts": cast.ACCOUNTS, "demo_password": cast.PASSWORD} if settings.DEMO else {}
        sso = settings.OIDC_NAME if settings.OIDC_SERVER else ""
        return {**super().get_context_data(**context), **hint, "sso": sso}

    def get_next_url(self) -> str | None:
        asked = super().get_next_url()
        return None if asked and asked.startswith(self.request.path) else asked  # `?next=/login/`: round for ever

    def get_authenticated_redirect_url(self) -> str:
        return self.get_next_url() or get_adapter().get_login_redirect_url(self.request)

    def form_invalid(self, form: Any) -> HttpResponse:
        """429 and when to come back, where it was tried too often."""
        response: HttpResponse = super().form_invalid(form)
        attempt = getattr(self.request, "attempt", None)
        if attempt is not None and attempt.wait:
            response.status_code = 429
            response.headers["Retry-After"] = str(attempt.wait)
        return response


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and back here."""
    htmx = getattr(request, "htmx", None)
    asked = (htmx.current_url_abs_path or "/") if htmx else request.get_full_path()
    return lead(request, redirect_to_login(asked, reverse("account_login")).url)


def lead(request: HttpRequest, there: str) -> HttpResponseBase:
    """To another page. htmx would swap it into a table row, so it is told to go there."""
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(there)
    return HttpResponseRedirect(there)


def addresses() -> list[URLPattern]:
    return [
        path("login/", SignIn.as_view(), name="account_login"),
        path("logout/", require_POST(sign_out), name="account_logout"),
    ]
