"""The sessions of a page as a file (7-screens.md, 14): all that match its filter, not those of one page."""

from functools import partial

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_POST

from portal.accounts import auth
from portal.lib.spreadsheets import BOM
from sessions_app import exports
from sessions_app.actions import exporting
from sessions_app.forms import filters
from sessions_app.queries import tabs
from sessions_app.views import doors


@require_POST
def sessions_export(request: HttpRequest) -> HttpResponseBase:
    """CSV, or JSON with `format=json`. The CSV is for a spreadsheet, so it begins with a byte order mark."""
    principal = auth.principal(request)
    form = "json" if request.POST.get("format") == "json" else "csv"
    with doors.refusals():
        tab = tabs.tab(principal, request.POST.get("agent") or None)
        wanted = filters.asked(request.POST.get("query", ""), tab).wanted
        ask = partial(auth.by_session, request.session.session_key or "")
        export = exporting.begin(principal=principal, ask=ask, wanted=wanted, form=form)
    return exports.as_json(export) if form == "json" else exports.csv(export, mark=BOM)
