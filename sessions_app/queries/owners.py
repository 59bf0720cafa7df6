"""Whose sessions they are: what the permission function is asked about."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from portal.lib.prepared import Prepared, among
from sessions_app.models import ChatSession


@dataclass(frozen=True, slots=True)
class Owner:
    """The agent and the user of a session."""

    session: UUID
    agent_id: int
    user_id: UUID


_OWNERS = Prepared(lambda: ChatSession.objects.filter(among("id", "sessions")).values_list("pk", "agent_id", "user_id"))


def owners(sessions: Iterable[UUID]) -> dict[UUID, Owner]:
    """Of those sessions that there are."""
    return {row[0]: Owner(*row) for row in _OWNERS.rows(sessions=list(sessions))}
