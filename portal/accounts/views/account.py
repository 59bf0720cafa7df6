"""One's own account: the password, and the browsers one is signed in with. The rest is allauth's."""

from typing import Any

from allauth.account import signals
from allauth.account.adapter import get_adapter
from allauth.mfa.base.views import IndexView
from allauth.usersessions.internal.flows import sessions as flows
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.views import PasswordChangeView
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from portal.accounts.core import user_agent
from portal.accounts.forms.password import OwnPassword
from portal.accounts.models import Account
from portal.accounts.queries import second_factor
from portal.audit import actions as audit


class Overview(IndexView):
    """All of it on one page, and where somebody is sent who has to have a second factor and has none."""

    template_name = "account/overview.html"

    def get_context_data(self, **context: Any) -> dict[str, Any]:
        assert isinstance(self.request.user, Account)
        missing = second_factor.is_missing(self.request.user, self.request.session)
        return {**super().get_context_data(**context), "must_have_second_factor": missing}


class ChangePassword(PasswordChangeView):
    form_class = OwnPassword
    template_name = "account/password.html"
    success_url = reverse_lazy("mfa_index")

    def get_form(self, form_class: Any = None) -> Any:
        form = super().get_form(form_class)
        form.request = self.request
        return form

    def form_valid(self, form: Any) -> HttpResponse:
        response = super().form_valid(form)
        account = self.request.user
        signals.password_changed.send(sender=type(account), request=self.request, user=account)
        get_adapter().send_notification_mail("account/email/password_changed", account)
        messages.success(self.request, _("Your password is changed. You are signed out everywhere else."))
        return response


@require_http_methods(["GET", "HEAD", "POST"])
def browsers(request: HttpRequest) -> HttpResponse:
    """Where one is signed in. A POST signs out the one that `id` names, or all others (`id=others`)."""
    assert isinstance(request.user, Account)
    found = sorted(UserSession.objects.purge_and_list(request.user), key=lambda each: each.created_at, reverse=True)
    if request.method != "POST":
        rows = [(each, user_agent.words(each.user_agent)) for each in found]
        return render(request, "account/browsers.html", {"browsers": rows})
    asked = request.POST.get("id", "")
    ended = [each for each in found if _is_meant(each, asked)]
    if not ended and asked != "others":
        raise BadRequest
    _sign_out(request, ended)
    return redirect("usersessions_list")


def _is_meant(browser: UserSession, asked: str) -> bool:
    return not browser.is_current() if asked == "others" else str(browser.pk) == asked


def _sign_out(request: HttpRequest, browsers: list[UserSession]) -> None:
    account = request.user.pk
    flows.end_sessions(request, browsers)
    for browser in browsers:
        after = {"browser": user_agent.words(browser.user_agent)}
        audit.record("account.session_ended", account_id=account, subject=f"account {account}", after=after)
    messages.success(request, _("Signed out. Open pages there notice within seconds."))
