"""The session policy as a form. Every field, bound, default and sentence comes from `core.policy.SETTINGS`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django import forms
from django.forms import BoundField
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.agents.core.platforms import Platform
from portal.lib import durations
from sessions_app.core import policy as core
from sessions_app.core import policy_words
from sessions_app.core.policy import BY_FIELD, Policy, Refusal, Setting

# Stored with every version, and not yet looked at by anything that runs. Whoever makes it work deletes it here, and the
# pages stop saying so.
NOT_YET_ENFORCED = frozenset({"warn_before"})
SECTIONS: Sequence[tuple[Promise, tuple[str, ...]]] = (
    (_("How long a session lasts"), ("session_duration", "idle_timeout", "max_duration", "warn_before")),
    (_("What the user sees at the end"), ("end_behavior",)),
    (_("How many at once"), ("max_concurrent_per_user", "when_full")),
    (_("How long things are kept"), ("auto_archive_after", "session_data_retention", "transcript_retention")),
    (_("Models"), ("allow_model_override",)),
)

_WHOLE = re.compile(r"[+-]?\d{1,18}")


# ── the kinds of settings ──────────────────────────────────────────────────────────────────────────────────────────
class DurationField(forms.CharField):
    """`30m`, `1h 30m`, `4:00`, `PT30M`, or a number of minutes (of days where that is the setting's unit)."""

    def __init__(self, *, setting: Setting, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.setting = setting

    def clean(self, value: Any) -> timedelta | None:
        text = super().clean(value)
        if not text and self.setting.blank:
            return None
        try:
            given = durations.parse(text, bare_unit="days" if self.setting.kind == "days" else "minutes")
        except durations.NotADuration as wrong:
            raise forms.ValidationError(str(wrong)) from wrong
        return timedelta(seconds=round(given.total_seconds()))  # as it is said back


class CountField(forms.CharField):
    """A whole number in digits of any script, or blank."""

    def __init__(self, *, setting: Setting, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)
        self.setting = setting

    def clean(self, value: Any) -> int | None:
        text = super().clean(value)
        if not text:
            return None
        if not _WHOLE.fullmatch(text):
            raise forms.ValidationError(gettext("“%s” is not a whole number.") % text[:40])
        return int(text)


def _field(setting: Setting, platform: Platform) -> forms.Field:
    about: dict[str, Any] = {
        "label": gettext(setting.title),
        "help_text": format_html(
            '{} <span class="bounds">{}</span>', gettext(setting.effect), policy_words.allowed(setting, platform)
        ),
    }
    match setting.kind:
        case "flag":
            return forms.BooleanField(required=False, **about)
        case "choice":
            assert setting.choices is not None, "a choice has choices"
            titles = [(choice.value, gettext(policy_words.CHOICES[choice].title)) for choice in setting.choices]
            other = dict.fromkeys(("required", "invalid_choice"), _refusal(setting, "", platform))
            choice = forms.TypedChoiceField(choices=titles, coerce=setting.choices, error_messages=other, **about)
            choice.widget = forms.RadioSelect(choices=titles)
            return choice
        case "count":
            return CountField(setting=setting, widget=_box(setting, inputmode="numeric"), **about)
        case _:
            return DurationField(setting=setting, widget=_box(setting), **about)


def _refusal(setting: Setting, value: Any, platform: Platform) -> str:
    """What the core says to a value."""
    policy = replace(core.default_policy(platform), **{setting.field: value})
    return core.refusals(policy, platform)[0].sentence


def _box(setting: Setting, **attrs: str) -> forms.TextInput:
    blank = policy_words.value(setting, None) if setting.blank else ""
    return forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "placeholder": blank, **attrs})


# ── the form ───────────────────────────────────────────────────────────────────────────────────────────────────────
class PolicyForm(forms.Form):
    """A policy as it is typed. `current` is what the boxes are filled from and compared with, the platform's defaults
    where nothing is saved yet; `only` leaves the other settings as they are in it."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        platform: Platform,
        current: Policy | None = None,
        only: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        self.platform, self.saved = platform, current is not None
        self.current = current or core.default_policy(platform)
        self.settings = [BY_FIELD[field] for field in only] if only else list(core.SETTINGS)
        super().__init__(data, initial=typed(self.current, self.settings), **kwargs)
        for setting in self.settings:
            self.fields[setting.field] = _field(setting, platform)

    def clean(self) -> dict[str, Any]:
        """What could be read is held to its bounds, whether or not the rest could be."""
        read = {s.field: self.cleaned_data[s.field] for s in self.settings if s.field in self.cleaned_data}
        candidate = replace(core.default_policy(self.platform), **read)
        self.refuse(tuple(r for r in core.refusals(candidate, self.platform) if r.field in read))
        return self.cleaned_data

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Put each sentence beside its field; what was typed stays. Of settings that are not here, on top."""
        for refusal in refusals:
            self.add_error(refusal.field if refusal.field in self.fields else None, refusal.sentence)

    @property
    def readable(self) -> Policy:
        """The policy typed so far: where a box cannot be read or is out of bounds, what is current."""
        return replace(self.current, **{s.field: self.cleaned_data[s.field] for s in self._read()})

    @property
    def policy(self) -> Policy:
        """The policy of a valid form."""
        assert self.is_valid(), "only a valid form has a policy"
        return self.readable

    def _read(self) -> Iterator[Setting]:
        return (s for s in self.settings if self.is_bound and not self.errors.get(s.field))

    @property
    def sections(self) -> list["Section"]:
        return [Section(str(title), [Row(self, BY_FIELD[field]) for field in fields]) for title, fields in SECTIONS]

    @property
    def rows(self) -> list["Row"]:
        return [Row(self, setting) for setting in self.settings]


def typed(policy: Policy, settings: Sequence[Setting] = core.SETTINGS) -> dict[str, Any]:
    """Field → what stands in its box."""
    return {setting.field: policy_words.typed(setting, getattr(policy, setting.field)) for setting in settings}


# ── how a field is shown ───────────────────────────────────────────────────────────────────────────────────────────
@dataclass(frozen=True, slots=True)
class Option:
    """One card of a choice."""

    tag: str
    title: str
    effect: str


@dataclass(frozen=True, slots=True)
class Row:
    """A setting on the page: its box, and what Portal understood of it."""

    form: PolicyForm
    setting: Setting

    @property
    def field(self) -> BoundField:
        return self.form[self.setting.field]

    @property
    def kind(self) -> str:
        return self.setting.kind

    @property
    def enforced(self) -> bool:
        return self.setting.field not in NOT_YET_ENFORCED

    @property
    def value(self) -> Any:
        return getattr(self.form.readable, self.setting.field)

    @property
    def changed(self) -> bool:
        return self.form.is_bound and bool(self.value != getattr(self.form.current, self.setting.field))

    @property
    def echo(self) -> str:
        """The value in words, with the old one when it is another; nothing for what cannot be read."""
        if self.form.is_bound and self.field.errors:
            return ""
        now = self._words(self.value)
        if self.changed and self.form.saved:
            was = self._words(getattr(self.form.current, self.setting.field))
            return gettext("%(now)s · was %(was)s") % {"now": now, "was": was}
        return gettext("%s (default)") % now if self.default else now

    @property
    def default(self) -> bool:
        return bool(self.value == self.setting.default_for(self.form.platform))

    @property
    def words(self) -> str:
        return self._words(self.value)

    @property
    def options(self) -> list[Option]:
        """The cards of a choice."""
        assert self.setting.choices is not None, "a choice has choices"
        of = [policy_words.CHOICES[choice] for choice in self.setting.choices]
        return [
            Option(radio.tag(), gettext(choice.title), gettext(choice.effect))
            for radio, choice in zip(self.field, of, strict=True)
        ]

    def _words(self, value: Any) -> str:
        return gettext(policy_words.value(self.setting, value))


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    rows: Sequence[Row]
