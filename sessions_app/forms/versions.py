"""Saving a policy as the next version, and what to do when somebody else has saved one meanwhile."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.agents.core.platforms import Platform
from sessions_app.core import policy_words
from sessions_app.core.policy import Reach, Setting
from sessions_app.forms.policy import Option, PolicyForm, typed
from sessions_app.queries.policies import Version

LONGEST_REASON = 500
REACHES = {
    Reach.RUNNING: (
        _("Running and new sessions"),
        _("Open sessions follow at once. One that has no time left under the new values ends now."),
    ),
    Reach.NEW: (
        _("New sessions only"),
        _("Open sessions keep the version they have, until a later one is for running sessions, too."),
    ),
}


class VersionForm(PolicyForm):
    """The policy of an agent, to be saved over the version it was filled from."""

    reach = forms.TypedChoiceField(
        label=_("Applies to"),
        choices=[(reach.value, title) for reach, (title, _effect) in REACHES.items()],
        coerce=Reach,
        initial=Reach.RUNNING.value,
        widget=forms.RadioSelect,
        error_messages=dict.fromkeys(("required", "invalid_choice"), _("Choose which sessions this is for.")),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.TextInput(attrs={"autocomplete": "off", "placeholder": _("Why? (optional)")}),
    )
    expected_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        platform: Platform,
        version: Version,
        only: Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data, platform=platform, current=version.policy, only=only, **kwargs)
        self.version = version
        self._others = {"platform": platform, "only": only, **kwargs}
        self.initial["expected_version"] = version.number

    def again(self, data: Mapping[str, Any], version: Version) -> Self:
        """Another form of this kind, over that version."""
        return type(self)(data, version=version, **self._others)

    @property
    def saved_for(self) -> Reach:
        """For which sessions a valid form is to be saved."""
        return Reach(self.cleaned_data["reach"])

    @property
    def reaches(self) -> list[Option]:
        """The cards of that choice."""
        cards = zip(self["reach"], REACHES.values(), strict=True)
        return [Option(radio.tag(), str(title), str(effect)) for radio, (title, effect) in cards]

    @property
    def expected(self) -> int:
        """The version the boxes were filled from; 0, which none has, when the form does not say."""
        return self.cleaned_data.get("expected_version") or 0


class RowForm(VersionForm):
    """The same in a row of a table, where the boxes stand apart from their <form> and have no labels. It does not ask
    for the reach: what is changed is for running sessions, too, and where nothing is changed nobody has to follow."""

    reach = None  # type: ignore[assignment]  # takes the field away

    def __init__(self, data: Mapping[str, Any] | None = None, *, form_id: str, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self._others["form_id"] = form_id
        for setting in self.settings:
            field = self.fields[setting.field]
            if isinstance(field, forms.ChoiceField):
                field.widget = forms.Select(choices=list(field.choices))  # type: ignore[arg-type]
            field.widget.attrs |= {"form": form_id, "aria-label": field.label}
            field.help_text = policy_words.allowed(setting, self.platform)

    @property
    def saved_for(self) -> Reach:
        return self.version.reach if self.policy == self.version.policy else Reach.RUNNING


@dataclass(frozen=True, slots=True)
class Disagreement:
    """One setting that two people have looked at, in words. `taken` says whose value now stands in the box:
    theirs where only they changed it, else mine.
    """

    title: str
    opened: str
    theirs: str
    mine: str
    taken: str

    @property
    def both(self) -> bool:
        """Whether both changed it, and not to the same."""
        return self.taken == "mine" and self.theirs not in (self.opened, self.mine)


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody's version has come between. `opened` is the one the form was filled from, where it says so; `form` is
    what to show now."""

    opened: Version | None
    theirs: Version
    disagreements: Sequence[Disagreement]
    form: VersionForm


def over(form: VersionForm, *, opened: Version | None, theirs: Version) -> Conflict:
    """The same form on top of `theirs`: what was typed stays, and what was not touched follows them. Saving it again
    is a decision by somebody who has seen both."""
    found = list(_disagreements(form, opened, theirs))
    untouched = {setting.field for setting, disagreement in found if disagreement.taken == "theirs"}
    data = {name: form.data.get(name, "") for name in form.fields}
    data |= {field: text for field, text in typed(theirs.policy, form.settings).items() if field in untouched}
    data["expected_version"] = theirs.number
    rebased = form.again(data, theirs)
    return Conflict(opened, theirs, [disagreement for _setting, disagreement in found], rebased)


def _disagreements(
    form: VersionForm, opened: Version | None, theirs: Version
) -> Iterator[tuple[Setting, Disagreement]]:
    """Every setting that somebody changed. Without `opened`, whatever is not as they have it counts as mine."""
    for setting in form.settings:
        base = opened or theirs
        was, now, mine = (getattr(p, setting.field) for p in (base.policy, theirs.policy, form.policy))
        if was == now == mine:
            continue
        yield (
            setting,
            Disagreement(
                title=gettext(setting.title),
                opened=gettext(policy_words.value(setting, was)),
                theirs=gettext(policy_words.value(setting, now)),
                mine=gettext(policy_words.value(setting, mine)),
                taken="theirs" if mine == was else "mine",
            ),
        )
