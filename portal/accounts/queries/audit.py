"""The audit log, as far as it is for whoever asks (1-product.md, "Permissions")."""

from collections.abc import Sequence

from django.db.models import Q

from portal.accounts.permissions import NotAllowed, Principal, Verb, agents_q, allows
from portal.audit import queries
from portal.audit.queries import Filter, Place, Shown

PER_PAGE = 50


def page(
    principal: Principal, wanted: Filter, *, limit: int = PER_PAGE, after: Place | None = None
) -> tuple[Sequence[Shown], Place | None]:
    """A page, newest first, and where the next one begins. One query. Raises NotAllowed."""
    demand_reading(principal)
    return queries.page(_visible(principal), wanted, limit=limit, after=after)


def demand_reading(principal: Principal) -> None:
    """Raises NotAllowed for whoever no entry is for. A token that is bound to agents reads about these."""
    bound = principal.agents or ()
    if not allows(principal, Verb.OPEN_AUDIT) and not any(
        allows(principal, Verb.SEE_AUDIT, agent_id=agent) for agent in bound
    ):
        raise NotAllowed


def _visible(principal: Principal) -> Q:
    """Of the agents they run, everybody's deeds; of those they translate, their own. What was done to no agent is for
    admins."""
    seen = agents_q(principal, Verb.SEE_AUDIT, agent="agent_id")
    own = agents_q(principal, Verb.SEE_OWN_EDITS, agent="agent_id") & Q(account_id=principal.account_id)
    return seen | own if seen else seen  # an empty Q is all there is, but nothing when it is or-ed
