"""The pages an agent has, for whoever looks at it; and the secrets its site signs with."""

from dataclasses import dataclass

import structlog
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.accounts.permissions import Principal, Verb, allows
from portal.agents.models import IdentitySecret
from portal.lib import sealing

log = structlog.get_logger(__name__)


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


def identity_secrets(agent_id: int) -> list[str]:
    """Those that count now, the newest first: one, and for a while after a rotation the one before it."""
    counts = Q(ends_at__isnull=True) | Q(ends_at__gt=Now())
    found = IdentitySecret.objects.filter(counts, agent=agent_id).order_by("-pk").values_list("sealed", flat=True)
    return [secret for sealed in found if (secret := _unsealed(sealed, agent_id))]


def has_identity_secret(agent_id: int) -> bool:
    return IdentitySecret.objects.filter(agent=agent_id).exists()


def _unsealed(sealed: str, agent_id: int) -> str:
    try:
        return sealing.unseal(sealed)
    except sealing.Unreadable:
        log.error("identity secret cannot be read under this SECRET_KEY; make a new one", agent=agent_id)
        return ""
