"""One variable of the session data, typed as JSON."""

import json
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.lib import strict_json
from sessions_app.core import merging
from sessions_app.core.data import READ_ONLY
from sessions_app.core.limits import LONGEST_VARIABLE

LONGEST_TEXT = 65_536  # characters of a value that is put into a form


class VariableForm(forms.Form):
    """`was` is the compact JSON that the form began with, "" for a new variable: what is sent is the difference, and
    what somebody else has changed meanwhile is not written over."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=LONGEST_VARIABLE,
        strip=False,
        help_text=gettext_lazy("1 to 100 characters; “internal” is Portal’s own."),
        widget=forms.TextInput(attrs={"class": "code", "autocomplete": "off", "spellcheck": "false", "dir": "auto"}),
    )
    value = forms.CharField(
        label=gettext_lazy("Value"),
        strip=False,
        help_text=gettext_lazy('JSON: "a text" in quotes, 12.5, true, a list [1, 2], an object {"key": "value"}.'),
        widget=forms.Textarea(attrs={"class": "code", "rows": 8, "spellcheck": "false", "maxlength": 1_000_000}),
    )
    was = forms.CharField(required=False, strip=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self["was"].value():  # it is there already, and keeps its name
            self.fields["name"].widget.attrs["readonly"] = True

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name == READ_ONLY:
            raise forms.ValidationError(_("“internal” is read-only: Portal writes it. Nothing was changed."))
        return name

    def clean_value(self) -> Any:
        """Any JSON but null."""
        try:
            value = strict_json.loads(self.cleaned_data["value"].encode(errors="surrogatepass"))
        except strict_json.NotJson as error:
            raise forms.ValidationError(_("%s Nothing was changed.") % error) from None
        if value is None:
            raise forms.ValidationError(_("null removes a variable: use Remove for that. Nothing was changed."))
        return value

    def patch(self, stored: str | None) -> dict[str, Any]:
        """The merge patch from what is stored, compact JSON or None, to what is typed. Raises merging.NullMember."""
        before = json.loads(stored) if stored else None
        return {self.cleaned_data["name"]: merging.between(before, self.cleaned_data["value"])}

    def begin_with(self, was: str) -> None:
        """Show the same text again, as if it had been typed over that."""
        self.data = {**dict(self.data.items()), "was": was}


def pretty(text: str) -> str:
    """Compact JSON, as one edits it."""
    return json.dumps(json.loads(text), ensure_ascii=False, indent=2)
