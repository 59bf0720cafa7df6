"""The secret with which a site signs who its users are (3-api.md, "Who is calling")."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from portal.accounts.permissions import NotVisible, Principal, Verb, demand
from portal.agents.models import Agent, IdentitySecret
from portal.audit import actions as audit
from portal.lib import clock, sealing, tokens

GRACE = timedelta(hours=1)  # that the one before still counts


@dataclass(frozen=True, slots=True)
class Made:
    """`secret` is shown this once. `previous_until`: when the one before stops counting; None where there was none."""

    secret: str
    previous_until: datetime | None


@transaction.atomic
def make_identity_secret(*, principal: Principal, agent: Agent) -> Made:
    """A new identity secret of the agent. Only the latest one before it goes on counting, for an hour: made twice, what
    was there counts no more. Raises NotVisible, NotAllowed."""
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent.pk)
    _lock(agent)
    until = clock.now() + GRACE
    secrets = IdentitySecret.objects.filter(agent=agent)
    secrets.filter(ends_at__isnull=False).delete()
    replaced = secrets.update(ends_at=until)
    secret = tokens.mint(prefix=tokens.IDENTITY).secret
    IdentitySecret.objects.create(agent=agent, sealed=sealing.seal(secret))
    audit.record(
        "agent.identity_secret_made",
        account_id=principal.account_id,
        agent_id=agent.pk,
        subject=f"agent {agent.slug}",
        after={"replaces_one": bool(replaced)},
    )
    return Made(secret, until if replaced else None)


def _lock(agent: Agent) -> None:
    """One at a time. Nobody who chats waits for it."""
    if not Agent.objects.select_for_update(no_key=True).filter(pk=agent.pk).exists():
        raise NotVisible
