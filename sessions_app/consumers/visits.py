"""Who a connection is from, and whether they may be where they want to be."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from portal.agents.core.origins import may_chat
from portal.agents.models import Agent
from sessions_app.queries import chats, visitors


class Closed(Exception):
    """The connection ends, with a code of the protocol."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(frozen=True, slots=True)
class Visit:
    """Whose connection this is, and where it begins."""

    user: UUID
    thread: UUID


def visit(secret: str, thread: UUID | None, origin: str | None) -> Visit | None:
    """Who a hello is from: None for a token that does not count; Closed where they may not be."""
    user = visitors.user_of(secret)
    if user is None:
        return None
    thread = thread or chats.threads_of(user).values_list("pk", flat=True).first()
    agents = chats.agents_of(thread, user=user) if thread else []
    if thread is None or not agents:
        raise Closed(4404, "there is no such chat")
    if not welcome(origin, agents):
        raise Closed(4403, "this site may not chat with the agent")
    return Visit(user, thread)


def welcome(origin: str | None, agents: Iterable[Agent]) -> bool:
    """Whether a page of this origin may show a chat that has been with these agents. One that could show it before the
    chat was transferred can show it afterwards: a person's chat goes on where it is, wherever a transfer takes it."""
    return any(may_chat(origin, allowed=agent.allowed_origins, own=settings.OWN_ORIGINS) for agent in agents)


def origin(scope: dict[str, Any]) -> str | None:
    """Where the page behind a socket came from; programs do not say."""
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"origin"), None)
