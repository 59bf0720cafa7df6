"""The audit log: who did what, on what, with what came before and after (7-screens.md, 40)."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from portal.accounts import auth
from portal.accounts.forms.audit import asked
from portal.accounts.permissions import Verb, allows
from portal.accounts.queries import audit as entries
from portal.accounts.views import doors
from portal.audit import actions, queries
from portal.audit.actions import Report
from portal.audit.core.differences import Difference, differences
from portal.audit.queries import Shown

AT_ONCE = 4  # differences that are shown without opening them
DIGITS = 16  # of a digest: enough to compare two


@dataclass(frozen=True, slots=True)
class Row:
    entry: Shown
    differences: Sequence[Difference]

    @property
    def folded(self) -> bool:
        return len(self.differences) > AT_ONCE

    @property
    def what(self) -> str:
        """`session.transcript_read` → "session · transcript read"."""
        return self.entry.verb.replace(".", " · ").replace("_", " ")


@require_safe
def audit(request: HttpRequest) -> HttpResponse:
    principal = auth.principal(request)
    wanted = asked(request.META["QUERY_STRING"])
    with doors.refusals():
        found, until = entries.page(principal, wanted.wanted, after=wanted.after)
    context = {
        "asked": wanted,
        "rows": [Row(entry, differences(entry.before, entry.after)) for entry in found],
        "verbs": queries.verbs(),
        "older": wanted.but(cursor=str(until)) if until else "",
        "newest": wanted.but() if wanted.after else "",
        "filtered": bool(wanted.given.keys() - {"cursor"}),
        "may_verify": allows(principal, Verb.VERIFY_AUDIT),
    }
    return render(request, "audit/list.html", context)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Says what was found on the page one goes back to."""
    if not allows(auth.principal(request), Verb.VERIFY_AUDIT):
        raise PermissionDenied
    report = actions.verify()
    say = messages.error if report.fault else messages.success
    say(request, _in_words(report))
    return redirect("audit")


def _in_words(report: Report) -> str:
    if report.fault:
        return _(
            "The audit log is not as it was written. %(fault)s The %(links)s entries before that fit. Nothing was "
            "changed; keep a copy of the database before anybody repairs it."
        ) % {"fault": report.fault.sentence, "links": f"{report.links:,}"}
    said = [
        _("The audit log is as it was written: all %(links)s entries fit, one after the other.")
        % {"links": f"{report.links:,}"}
    ]
    if report.erased:
        said.append(
            ngettext(
                "Words of %(erased)s entry were erased, as they may be.",
                "Words of %(erased)s entries were erased, as they may be.",
                report.erased,
            )
            % {"erased": f"{report.erased:,}"}
        )
    said.append(_("The chain ends with %(digest)s….") % {"digest": report.digest[:DIGITS]})
    return " ".join(said)
