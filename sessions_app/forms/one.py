"""What a human writes to a user."""

from typing import Any
from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from sessions_app.core.limits import LONGEST_TEXT


class Words(forms.CharField):
    """Text as it was typed. A browser sends each end of a line as two characters, and counts it as one."""

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n")


class WriteForm(forms.Form):
    """One message. `client_id` makes of two submits one message."""

    text = Words(
        max_length=LONGEST_TEXT,
        strip=False,
        error_messages={
            "required": _("Nothing was sent: there is no text."),
            "max_length": _("Nothing was sent: a message has at most %(limit_value)d characters, this %(show_value)d."),
        },
    )
    client_id = forms.UUIDField(initial=uuid4, required=False)

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"]
        if not text.strip():
            raise forms.ValidationError(self.fields["text"].error_messages["required"])
        return text
