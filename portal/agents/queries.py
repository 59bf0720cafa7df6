"""The pages an agent has, for whoever looks at it."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Principal, Verb, allows


@dataclass(frozen=True, slots=True)
class Tab:
    """A page of an agent: the name of its address, which takes the slug, and what it takes to open it."""

    name: str
    label: Promise
    verb: Verb


TABS = (
    Tab("agent", _("Overview"), Verb.SEE_AGENT),
    Tab("agent-sessions", _("Sessions"), Verb.SEE_SESSIONS),
    Tab("session-policy", _("Session Policy"), Verb.EDIT_AGENT),
    Tab("agent-localization", _("Localization"), Verb.EDIT_MESSAGES),
    Tab("agent-settings", _("Settings"), Verb.EDIT_AGENT),
)


def tabs(principal: Principal, agent_id: int) -> list[Tab]:
    """Those this principal may open, in order."""
    return [tab for tab in TABS if allows(principal, tab.verb, agent_id=agent_id)]
