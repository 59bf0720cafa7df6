"""Sign in, sign out, change the password: Django's own views in our frame."""

from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView, redirect_to_login
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.views.decorators.cache import never_cache
from django_htmx.http import HttpResponseClientRedirect

from portal.admin import people
from portal.admin.passwords import OwnPassword
from portal.demo import people as cast


class SignIn(LoginView):
    """Afterwards everybody lands where their work is."""

    template_name = "portal/login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        hint = {"demo_accounts": cast.ACCOUNTS, "demo_password": cast.PASSWORD} if settings.DEMO else {}
        return super().get_context_data(**context, **hint)

    def get_redirect_url(self) -> str:
        asked = super().get_redirect_url()
        return "" if asked.startswith(self.request.path) else asked  # `?next=/login/` would go round for ever

    def get_default_redirect_url(self) -> str:
        account = people.signed_in(self.request)
        return people.home_of(account) if account else super().get_default_redirect_url()


def to_sign_in(request: HttpRequest) -> HttpResponseBase:
    """To the sign-in page and back here. htmx would swap that page into a table row, so it is told to go there."""
    htmx = getattr(request, "htmx", None)
    if not htmx:
        return redirect_to_login(request.get_full_path(), reverse("login"))
    there = redirect_to_login(htmx.current_url_abs_path or "/", reverse("login"))
    return HttpResponseClientRedirect(there.url)


def addresses() -> list[URLPattern]:
    change = PasswordChangeView.as_view(
        form_class=OwnPassword, template_name="portal/password.html", success_url=reverse_lazy("overview")
    )
    return [
        path("login/", SignIn.as_view(), name="login"),
        path("logout/", LogoutView.as_view(), name="logout"),
        path("account/password/", never_cache(login_required(change)), name="account-password"),
    ]
