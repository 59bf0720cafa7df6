"""What was typed about a variable, saved: or told beside its field why it was not."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.accounts.permissions import Principal
from sessions_app.actions import data, deeds
from sessions_app.core.data import Unusable
from sessions_app.core.decision import Refusal
from sessions_app.core.merging import NullMember
from sessions_app.forms.session_data import VariableForm

REFUSED: Mapping[Refusal, Promise] = {
    Refusal.SESSION_ENDED: gettext_lazy(
        "The session has ended meanwhile: its data is not changed any more. Nothing was changed."
    ),
    Refusal.INTERNAL_READ_ONLY: gettext_lazy("“internal” is read-only: Portal writes it. Nothing was changed."),
}


def saved(principal: Principal, session: UUID, form: VariableForm) -> bool:
    """Whether what the form says is in the session data now; else the form says why not."""
    if not form.is_valid() or not _is_as_shown(principal, session, form):
        return False
    try:
        patch = form.patch(_merged_into(principal, session, form.cleaned_data["name"]))
    except NullMember as member:
        form.add_error("value", _null(member))
        return False
    field, refused = _refused(principal, session, patch)
    if refused:
        form.add_error(field, refused)
    return not refused


def removed(principal: Principal, session: UUID, name: str) -> str:
    """Remove a variable; why that was not done, or "". One that is gone already is removed."""
    return _refused(principal, session, {name: None})[1]


def _stored(principal: Principal, session: UUID, name: str) -> tuple[str | None, bool]:
    """Its compact JSON, or the mask, and whether it is that."""
    found = data.read(principal=principal, session=session, names=[name])
    return dict(found.variables).get(name), name in found.masked


def _is_as_shown(principal: Principal, session: UUID, form: VariableForm) -> bool:
    """What is there now is what the form began with; nobody's change is written over unseen."""
    stored, _masked = _stored(principal, session, form.cleaned_data["name"])
    was = form.cleaned_data["was"]
    if (stored or "") == was:
        return True
    if not was:
        form.add_error("name", _("There is a variable of this name already: edit that one. Nothing was changed."))
        return False
    form.begin_with(stored or "")
    form.add_error("value", _changed_meanwhile(stored))
    return False


def _changed_meanwhile(stored: str | None) -> str:
    if stored is None:
        return _("The variable was removed meanwhile. Your text is kept here: save it again to add it anew.")
    shown = stored if len(stored) <= 200 else f"{stored[:200]}…"
    return _("It was changed meanwhile, to %s. Your text is kept here: save it again to put it in its place.") % shown


def _merged_into(principal: Principal, session: UUID, name: str) -> str | None:
    """What the patch starts from. Of a masked variable nothing is known: what is sent is merged into it."""
    stored, masked = _stored(principal, session, name)
    return None if masked else stored


def _null(member: NullMember) -> str:
    return (
        _("“%s” is null, which a merge patch takes for “remove this”: leave it out. Nothing was changed.")
        % member.name[:100]
    )


def _refused(principal: Principal, session: UUID, patch: Mapping[str, Any]) -> tuple[str, str]:
    """The field that it is about, and why it was not done; "" where it was."""
    try:
        data.change(principal=principal, session=session, patch=patch)
    except Unusable as error:
        return "name", str(error)
    except deeds.Refused as refused:
        return "value", refused.outcome.why or str(REFUSED.get(refused.refusal, refused.refusal.value))
    return "", ""
