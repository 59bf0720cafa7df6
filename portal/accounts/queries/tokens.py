"""One's tokens, as one sees them."""

from dataclasses import dataclass
from datetime import datetime

from portal.accounts.models import Token
from portal.accounts.names import Scope
from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, allows
from portal.accounts.queries import agents
from portal.accounts.queries.agents import AgentName
from portal.lib import clock


@dataclass(frozen=True, slots=True)
class Listed:
    """A token without its secret. `agents` is None for all that its account sees; `unseen` counts those it is bound to
    that are gone, or no longer for its account: they are out of its reach."""

    id: int
    name: str
    scope: Scope
    read_only: bool
    agents: tuple[AgentName, ...] | None
    unseen: int
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    expired: bool


def page(principal: Principal, *, limit: int, before: int | None = None) -> tuple[list[Listed], bool]:
    """One's tokens, the newest first, those made before the token `before`; and whether there are more. Three queries.
    Raises NotAllowed."""
    if not allows(principal, Verb.SEE_TOKENS):
        raise NotAllowed
    found = Token.objects.filter(account=principal.account_id).order_by("-pk")
    rows = list((found if before is None else found.filter(pk__lt=before))[: limit + 1])
    return _listed(principal, rows[:limit]), len(rows) > limit


def one(principal: Principal, id: int) -> Listed:
    """Raises NotAllowed, NotVisible."""
    if not allows(principal, Verb.SEE_TOKENS):
        raise NotAllowed
    found = Token.objects.filter(account=principal.account_id, pk=id).first()
    if found is None:
        raise NotVisible
    return _listed(principal, [found])[0]


def names(principal: Principal, *, but: int | None = None) -> frozenset[str]:
    """Those of one's tokens, without that of the id `but`."""
    found = Token.objects.filter(account=principal.account_id)
    return frozenset((found if but is None else found.exclude(pk=but)).values_list("name", flat=True))


def _listed(principal: Principal, tokens: list[Token]) -> list[Listed]:
    names = {agent.id: agent for agent in agents.seen(principal)} if any(t.agent_ids for t in tokens) else {}
    now = clock.now()
    return [_one(token, names, now) for token in tokens]


def _one(token: Token, names: dict[int, AgentName], now: datetime) -> Listed:
    known = [names[id] for id in token.agent_ids or () if id in names]
    return Listed(
        id=token.pk,
        name=token.name,
        scope=Scope(token.scope),
        read_only=token.read_only,
        agents=None if token.agent_ids is None else tuple(known),
        unseen=len(token.agent_ids or ()) - len(known),
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        expired=token.expires_at is not None and token.expires_at <= now,
    )
