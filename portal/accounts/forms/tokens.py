"""What one types to make a token, or to change one. Whether values can be so is said by the action."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.accounts.actions.refusals import Refused
from portal.accounts.actions.tokens import LONGEST_NAME, Settings
from portal.accounts.names import Scope
from portal.accounts.queries.agents import AgentName
from portal.accounts.queries.tokens import Listed
from portal.lib import clock

NEVER, KEEP = "never", "keep"
DAYS: Mapping[str, str | Promise] = {
    "7": _("in 7 days"),
    "30": _("in 30 days"),
    "90": _("in 90 days"),
    "365": _("in a year"),
}
EFFECTS = {
    Scope.ACCOUNT: _("Everything you may do here, as long as you may do it."),
    Scope.BACKEND: _("Starts sessions, writes messages as any side, reads and writes session data. Nothing else."),
}
REACHES = {
    "all": _("Every agent you see, those to come as well."),
    "some": _("Those chosen below. There are no others for it."),
}


class Option(NamedTuple):
    """One card of a choice."""

    tag: str
    title: Any
    effect: Any


class TokenForm(forms.Form):
    """`agents` are those whoever makes it sees, `taken` the names of their other tokens; `token` is the one that is
    changed, if it is not a new one."""

    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        help_text=_("What carries it, so that you know later what stops when you revoke it."),
        error_messages={"required": _("A token needs a name that says what it is for.")},
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    expires_at = forms.ChoiceField(
        label=_("Expires"),
        help_text=_("Afterwards it opens nothing. What is forgotten somewhere does less harm then."),
        error_messages={"required": _("Choose when it expires. It may be never.")},
    )
    scope = forms.ChoiceField(
        label=_("What it may do"),
        choices=[(scope.value, scope.label) for scope in Scope],
        initial=Scope.ACCOUNT,
        widget=forms.RadioSelect,
    )
    read_only = forms.BooleanField(
        label=_("Read only"), required=False, help_text=_("It looks at things and changes none.")
    )
    reach = forms.ChoiceField(
        label=_("For which agents"),
        choices=[("all", _("All agents")), ("some", _("Some agents"))],
        initial="all",
        widget=forms.RadioSelect,
    )
    agents = forms.MultipleChoiceField(label=_("Agents"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(
        self,
        data: Any = None,
        *,
        agents: Sequence[AgentName],
        taken: Collection[str] = (),
        token: Listed | None = None,
    ) -> None:
        super().__init__(data, initial=_typed(token) if token else None)
        self.offered, self.taken, self.token = agents, taken, token
        self._offer("expires_at", _expiries(token))
        self._offer("agents", [(agent.slug, agent.name) for agent in agents])

    def _offer(self, field: str, choices: Sequence[tuple[str, Any]]) -> None:
        self.fields[field].choices = choices  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """Two of one name could not be told apart; and a form that is sent again by reloading makes no second token."""
        name: str = self.cleaned_data["name"]
        if name in self.taken:
            raise forms.ValidationError(_("You have a token of this name already."))
        return name

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("reach") == "some" and not self.cleaned_data.get("agents") and not self.errors:
            self.add_error("agents", gettext("Choose at least one agent."))
        return self.cleaned_data

    def refuse(self, refused: Refused) -> None:
        """Put each sentence beside its field; what was typed stays."""
        for field, sentences in refused.errors.items():
            self.add_error(field, list(sentences))

    @property
    def settings(self) -> Settings:
        given = self.cleaned_data
        return Settings(
            name=given["name"],
            expires_at=self._expiry(given["expires_at"]),
            scope=Scope(given["scope"]),
            read_only=given["read_only"],
            agents=tuple(given["agents"]) if given["reach"] == "some" else None,
        )

    def _expiry(self, chosen: str) -> datetime | None:
        if chosen == KEEP and self.token:
            return self.token.expires_at
        return None if chosen == NEVER else clock.now() + timedelta(days=int(chosen))

    # ── as the page draws it ───────────────────────────────────────────────────────────────────────────────────────
    @property
    def scopes(self) -> list[Option]:
        return _cards(self["scope"], EFFECTS.values())

    @property
    def reaches(self) -> list[Option]:
        return _cards(self["reach"], REACHES.values())

    @property
    def boxes(self) -> list[tuple[str, AgentName]]:
        return [(box.tag(), agent) for box, agent in zip(self["agents"], self.offered, strict=True)]


def _cards(field: Iterable[Any], effects: Iterable[Any]) -> list[Option]:
    return [Option(radio.tag(), radio.choice_label, effect) for radio, effect in zip(field, effects, strict=True)]


def _expiries(token: Listed | None) -> list[tuple[str, Any]]:
    first = ("", _("Choose…")) if token is None else (KEEP, _as_it_is(token))
    never = [] if token and token.expires_at is None else [(NEVER, _("never"))]
    return [first, *DAYS.items(), *never]


def _as_it_is(token: Listed) -> str:
    if token.expires_at is None:
        return gettext("never, as it is")
    return gettext("on %s UTC, as it is") % f"{token.expires_at:%Y-%m-%d %H:%M}"


def _typed(token: Listed) -> dict[str, Any]:
    """Field → what stands in its box."""
    return {
        "name": token.name,
        "expires_at": KEEP,
        "scope": token.scope,
        "read_only": token.read_only,
        "reach": "all" if token.agents is None else "some",
        "agents": [agent.slug for agent in token.agents or ()],
    }
