"""One's own tokens: the list, making one, changing one, revoking one."""

from dataclasses import asdict

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from portal.accounts import auth
from portal.accounts.actions import tokens as actions
from portal.accounts.actions.refusals import Refused
from portal.accounts.forms.tokens import TokenForm
from portal.accounts.permissions import Principal
from portal.accounts.queries import agents, tokens
from portal.accounts.queries.tokens import Listed
from portal.accounts.views import doors


@require_safe
def all_tokens(request: HttpRequest) -> HttpResponse:
    with doors.refusals():
        found, _more = tokens.page(auth.principal(request), limit=actions.MOST)
    return render(request, "tokens/list.html", {"tokens": found})


@require_http_methods(["GET", "HEAD", "POST"])
def new_token(request: HttpRequest) -> HttpResponse:
    """The answer to the form is the only page that ever shows the secret: it stands in no session and in no address."""
    principal = auth.principal(request)
    form = _form(request, principal)
    if request.method == "POST" and form.is_valid():
        try:
            with doors.refusals():
                made = actions.make(principal=principal, settings=form.settings)
        except Refused as refused:
            form.refuse(refused)
        else:
            return render(request, "tokens/made.html", {"token": made.token, "secret": made.secret}, status=201)
    return _page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
def token(request: HttpRequest, id: int) -> HttpResponse:
    principal = auth.principal(request)
    with doors.refusals():
        known = tokens.one(principal, id)
    form = _form(request, principal, known)
    if request.method == "POST" and form.is_valid():
        try:
            with doors.refusals():
                actions.change(principal=principal, id=id, values=asdict(form.settings))
        except Refused as refused:
            form.refuse(refused)
        else:
            messages.success(request, _("The token “%s” is saved.") % form.cleaned_data["name"])
            return redirect("tokens")
    return _page(request, form)


@require_POST
def revoke_token(request: HttpRequest, id: int) -> HttpResponse:
    principal = auth.principal(request)
    with doors.refusals():
        name = tokens.one(principal, id).name
        actions.revoke(principal=principal, id=id)
    messages.success(request, _("The token “%s” is revoked. Nobody comes in with it any more.") % name)
    return redirect("tokens")


def _form(request: HttpRequest, principal: Principal, known: Listed | None = None) -> TokenForm:
    data = request.POST if request.method == "POST" else None
    taken = tokens.names(principal, but=known.id if known else None) if data else ()
    return TokenForm(data, agents=agents.seen(principal), taken=taken, token=known)


def _page(request: HttpRequest, form: TokenForm) -> HttpResponse:
    return render(request, "tokens/form.html", {"form": form}, status=422 if form.errors else 200)
