"""One session with what its page names beside it: who talks, where it came from and went, where it can go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from portal.accounts.permissions import NotVisible, Principal
from portal.agents.models import Agent
from sessions_app.queries import people, sessions, targets
from sessions_app.queries.shown import Shown, public_id
from sessions_app.queries.targets import Target


class Sibling(NamedTuple):
    """A session that a transfer links with this one, by its public id; without one it is not for this reader."""

    id: str
    agent: str


HIDDEN = Sibling("", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A session at one instant. `pending` is the agent that is to pick up, by name."""

    shown: Shown
    talker: str
    came_from: Sibling | None
    went_to: Sibling | None
    pending: str
    targets: Sequence[Target]


def look(principal: Principal, session: UUID) -> Look:
    """Raises NotVisible."""
    found = sessions.one(principal, session)
    if found is None:
        raise NotVisible
    facts = found.facts
    siblings = _siblings(principal, [id for id in (facts.transferred_from, facts.transferred_to) if id])
    return Look(
        shown=found,
        talker=people.names([facts.live_chat_by]).get(facts.live_chat_by or "", ""),
        came_from=siblings.get(facts.transferred_from, HIDDEN) if facts.transferred_from else None,
        went_to=siblings.get(facts.transferred_to, HIDDEN) if facts.transferred_to else None,
        pending=_name(found.pending_to),
        targets=_targets(principal, facts.agent) if facts.is_open else (),
    )


def _siblings(principal: Principal, ids: Sequence[UUID]) -> Mapping[UUID, Sibling]:
    if not ids:
        return {}
    rows = sessions.visible(principal).filter(pk__in=ids).values_list("pk", "version", "agent__name")
    return {id: Sibling(public_id(id, version), agent) for id, version, agent in rows}


def _name(slug: str | None) -> str:
    return Agent.objects.filter(slug=slug).values_list("name", flat=True).first() or "" if slug else ""


def _targets(principal: Principal, agent_id: int) -> Sequence[Target]:
    """Every other agent they see."""
    return targets.offered(principal, Agent(pk=agent_id))
