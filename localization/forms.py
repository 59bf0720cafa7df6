"""The editor of one text."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from localization.core.checks import Finding
from localization.queries import Row, sentence


class TextForm(forms.Form):
    """What a translator typed, and the version they saw. Whether it is a good text is decided by the action."""

    text = forms.CharField(
        label=_("Text"),
        help_text=_("Plain text, at most 500 characters."),
        strip=False,
        required=False,  # an empty text has its own sentence
        widget=forms.Textarea(attrs={"rows": 3, "autofocus": True, "spellcheck": "true"}),
    )
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, data: Mapping[str, Any] | None = None, *, row: Row) -> None:
        # What readers get now is the best thing to start from, unless it is in another language.
        text = "" if row.status == "missing" else row.resolved.text
        super().__init__(data, auto_id=f"{row.place}-%s", initial={"text": text, "version": row.version})
        self.fields["text"].widget.attrs |= {"lang": row.language.tag, "dir": row.language.direction}

    def refuse(self, findings: tuple[Finding, ...]) -> None:
        """Put the sentences beside the text; what was typed stays."""
        for finding in findings:
            self.add_error("text", sentence(finding))

    def over(self, theirs: Row) -> "TextForm":
        """The same text by a writer who has now seen `theirs`: saving again is a decision, no accident."""
        return TextForm({"text": self.cleaned_data["text"], "version": theirs.version}, row=theirs)
