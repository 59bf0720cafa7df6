"""What one types to change an agent's settings. Whether values can be so is said by the core."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.agents.core.platforms import Platform
from portal.agents.models import Identity, Status
from sessions_app.actions import agents as actions
from sessions_app.core import agents as core
from sessions_app.core.agents import LONGEST_NAME, MOST, NotAnOrigin, Settings
from sessions_app.forms.agents import BotFields, LanguageFields, Option
from sessions_app.queries.targets import Target

A_LINE_EACH = ("allowed_origins", "models", "sensitive_variables")
LONGEST_LINES = 20_000  # far more than as many as there can be take


def _lines(rows: int, **attrs: str) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "spellcheck": "false", "class": "code", "dir": "ltr", **attrs})


def _at_most(field: str, said: Any) -> Any:
    """With its bound behind. Both are translated when the page is made."""
    return format_lazy("{} {}", said, format_lazy(_("At most {}."), MOST[field][0]))


class ModelFields(forms.Form):
    """What the bot thinks with."""

    model = forms.CharField(
        label=_("Model"),
        required=False,
        max_length=LONGEST_NAME,
        help_text=_("Used unless a session is given another one. Left empty, the bot decides."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "class": "code", "dir": "ltr"}),
    )
    models = forms.CharField(
        label=_("Models to choose from"),
        required=False,
        max_length=LONGEST_LINES,
        widget=_lines(3),
        help_text=_at_most(
            "models",
            _("What a session can be given instead where its policy allows an override, one per line."),
        ),
    )


class TransferFields(forms.Form):
    """Where users may go to. A target that whoever edits does not see stays, by its slug."""

    transfer_targets = forms.MultipleChoiceField(
        label=_("Agents that users may go to"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_at_most(
            "transfer_targets", _("You can transfer users to any agent you see; they themselves may go to these.")
        ),
    )

    def offer(self, targets: Sequence[Target]) -> None:
        self.destinations = targets
        choices = [(target.slug, target.name or target.slug) for target in targets]
        self.fields["transfer_targets"].choices = choices  # type: ignore[attr-defined]

    @property
    def targets(self) -> list[Option]:
        boxes = zip(self["transfer_targets"], self.destinations, strict=True)
        return [Option(box.tag(), target.name or target.slug, target.slug, _about(target)) for box, target in boxes]


class DataFields(forms.Form):
    """What is kept of users, and what of it is seen."""

    remember = forms.BooleanField(
        label=_("Memory"),
        required=False,
        help_text=_("What the bot remembers of an identified user goes on into their next session. Off, nothing does."),
    )
    sensitive_variables = forms.CharField(
        label=_("Sensitive variables"),
        required=False,
        max_length=LONGEST_LINES,
        widget=_lines(3),
        help_text=_at_most(
            "sensitive_variables", _("Names of variables that pages, exports and webhooks mask, one per line.")
        ),
    )


class SettingsForm(BotFields, LanguageFields, ModelFields, TransferFields, DataFields):
    """Everything of an agent that is set here but its policy. `seen` tells what the form was filled from."""

    status = forms.ChoiceField(
        label=_("Status"),
        choices=Status.choices,
        help_text=_("A disabled agent starts no sessions. Those that run go on until they end."),
    )
    allowed_origins = forms.CharField(
        label=_("Allowed sites"),
        required=False,
        max_length=LONGEST_LINES,
        widget=_lines(3, placeholder="https://shop.example"),
        help_text=_("Which sites may embed the chat, one per line. Empty means any. Portal's own pages always may."),
    )
    identity = forms.ChoiceField(
        label=_("Identity"),
        choices=Identity.choices,
        help_text=_("Whether your site says who its users are, signed with the secret below."),
    )
    script = forms.CharField(
        label=_("Script"),
        required=False,
        strip=False,  # its first line may be indented
        widget=_lines(24, wrap="off"),
        help_text=_("What the scripted bot understands and says, in YAML. Left empty, it gets one to start from."),
    )
    seen = forms.CharField(max_length=64, widget=forms.HiddenInput)

    def __init__(self, data: Any = None, *, current: Settings, targets: Sequence[Target] = (), **kwargs: Any) -> None:
        self.current = current
        super().__init__(data, spoken=current.languages, initial=_typed(current), **kwargs)
        self.fields["platform"].widget = forms.Select(choices=self.fields["platform"].choices)  # type: ignore[attr-defined]
        self.offer(targets)
        if self.scripted is False:
            del self.fields["script"]

    @property
    def scripted(self) -> bool:
        """Whether the agent is, or is to be, a scripted one: only those have a script."""
        return Platform.SCRIPTED in (self.current.platform, self.data.get("platform"))

    def clean_script(self) -> str:
        return core.unix(self.cleaned_data["script"])

    def clean_allowed_origins(self) -> tuple[str, ...]:
        found, wrong = [], []
        for line in self.cleaned_data["allowed_origins"].split():
            try:
                found.append(core.origin(line))
            except NotAnOrigin as sentence:
                wrong.append(str(sentence))
        if wrong:
            raise forms.ValidationError(wrong)
        return tuple(found)

    def clean_models(self) -> tuple[str, ...]:
        return _each_line(self.cleaned_data["models"])

    def clean_sensitive_variables(self) -> tuple[str, ...]:
        return _each_line(self.cleaned_data["sensitive_variables"])

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not self.errors:
            self.refuse(actions.refusals(actions.with_script(self.settings)))
        return values

    def over(self, theirs: Settings, targets: Sequence[Target]) -> "SettingsForm":
        """The same form by somebody who has now seen `theirs`: saving it again is a decision."""
        data = self.data.copy()  # type: ignore[attr-defined]  # what was sent is a QueryDict
        data["seen"] = actions.fingerprint(theirs)
        form = SettingsForm(data, current=theirs, targets=targets)
        form.full_clean()
        return form

    @property
    def values(self) -> dict[str, Any]:
        """Fields of Settings: those that are on the page."""
        given = {name: value for name, value in self.cleaned_data.items() if name in core.FIELDS}
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        return given | lists | {"platform": Platform(given["platform"])}

    @property
    def settings(self) -> Settings:
        return core.tidied(replace(self.current, **self.values))


def _each_line(text: str) -> tuple[str, ...]:
    lines = (line.strip() for line in text.splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))


def _typed(settings: Settings) -> dict[str, Any]:
    """Field → what stands in its box."""
    values = {name: getattr(settings, name) for name in core.FIELDS}
    lines = {name: "\n".join(values[name]) for name in A_LINE_EACH}
    lists = {name: list(values[name]) for name in ("languages", "transfer_targets")}
    return values | lines | lists | {"seen": actions.fingerprint(settings)}


def _about(target: Target) -> str:
    if not target.name:
        return gettext("You do not see this agent.")
    return "" if target.active else gettext("Disabled: nobody gets there now.")
