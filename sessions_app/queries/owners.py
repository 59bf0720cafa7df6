"""Whose sessions they are: what the permission function is asked about."""

from dataclasses import dataclass
from uuid import UUID

from portal.lib.prepared import Given, Prepared
from sessions_app.models import ChatSession


@dataclass(frozen=True, slots=True)
class Owner:
    """The agent and the user of a session."""

    session: UUID
    agent_id: int
    user_id: UUID


_OWNER = Prepared(lambda: ChatSession.objects.filter(pk=Given("session")).values_list("pk", "agent_id", "user_id"))


def owner(session: UUID) -> Owner | None:
    """None where there is no such session."""
    return next((Owner(*row) for row in _OWNER.rows(session=session)), None)
