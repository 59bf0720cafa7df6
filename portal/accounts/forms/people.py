"""What one types to invite somebody, to give a role, to give an agent. Whether it can be so is said by the actions."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.accounts.actions.people import LONGEST_NAME, NewPerson
from portal.accounts.actions.refusals import Refused
from portal.accounts.names import GrantRole, Role
from portal.accounts.queries.agents import AgentName
from portal.accounts.queries.people import Filter

ROLES = {
    Role.ADMIN: _("Sets policy for every agent, sees every session, manages people."),
    Role.OWNER: _("Builds agents and runs those that are theirs."),
    Role.TRANSLATOR: _("Edits messages in the languages that an owner gives them."),
    Role.USER: _("Chats, and manages nothing but tokens of their own."),
}
PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class Refusable(forms.Form):
    def refuse(self, refused: Refused) -> None:
        """Put each sentence beside its field, or on top where it has none here; what was typed stays."""
        for field, sentences in refused.errors.items():
            self.add_error(field if field in self.fields else None, list(sentences))


class InvitationForm(Refusable):
    name = forms.CharField(
        label=_("Name"), max_length=LONGEST_NAME, help_text=_("As others see them."), widget=forms.TextInput(PLAIN)
    )
    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        help_text=_("They sign in with it. Letters, digits and @ . + - _"),
        widget=forms.TextInput(PLAIN),
    )
    email = forms.CharField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput(PLAIN), help_text=_("Only admins see it.")
    )
    role = forms.ChoiceField(
        label=_("Role"), choices=Role.choices, initial=Role.OWNER, help_text=_("What they come to the Portal for.")
    )

    @property
    def person(self) -> NewPerson:
        given = self.cleaned_data
        return NewPerson(name=given["name"], username=given["username"], email=given["email"], role=Role(given["role"]))


class RoleForm(Refusable):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class MemberForm(Refusable):
    """`agents` are those whose members whoever gives may change."""

    username = forms.CharField(
        label=_("Username"),
        max_length=150,
        help_text=_("Of somebody who has an account."),
        widget=forms.TextInput(PLAIN),
    )
    agent = forms.ChoiceField(label=_("Agent"))
    role = forms.ChoiceField(
        label=_("As"),
        choices=GrantRole.choices,
        initial=GrantRole.TRANSLATOR,
        help_text=_("An owner does everything with the agent, its members included."),
    )
    languages = forms.MultipleChoiceField(
        label=_("Languages"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("What a translator edits, of those the agent speaks. They take the place of those they had."),
    )

    def __init__(self, data: Any = None, *, agents: Sequence[AgentName], **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.offered = {agent.slug: agent for agent in agents}
        spoken = sorted({tag for agent in agents for tag in agent.languages})
        self.fields["agent"].choices = [(agent.slug, agent.name) for agent in agents]  # type: ignore[attr-defined]
        self.fields["languages"].choices = [(tag, tag) for tag in spoken]  # type: ignore[attr-defined]

    @property
    def agent_id(self) -> int:
        return self.offered[self.cleaned_data["agent"]].id


class SearchForm(forms.Form):
    """The list's address: what is unreadable there is not filtered by."""

    q = forms.CharField(label=_("Search"), required=False, max_length=200)
    role = forms.ChoiceField(label=_("Role"), required=False, choices=[("", _("Any role")), *Role.choices])

    @property
    def wanted(self) -> Filter:
        self.is_valid()
        return Filter(q=self.cleaned_data.get("q", ""), role=self.cleaned_data.get("role", ""))
