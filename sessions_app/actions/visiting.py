"""A visitor's way in: their token and their thread."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from portal.agents.models import Agent
from portal.lib import clock, tokens
from sessions_app.actions import rights
from sessions_app.models import Thread, VisitorToken
from sessions_app.queries import chats

VISITOR_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Opened:
    """A visitor's way in: the token is shown this once."""

    visitor_token: str
    user_id: UUID
    thread_id: UUID


def enter(agent: Agent, user: UUID, secret: str | None, *, session_key: str | None = None) -> Opened:
    """To the user's latest thread with the agent, or to a new one. Their token counts for 30 more days; who has none
    gets one, which counts no longer than the sign-in of `session_key` where there is one. In a transaction."""
    if secret is None:
        secret = _new_token(user, session_key)
    else:
        VisitorToken.objects.filter(digest=tokens.digest(secret)).update(expires_at=clock.now() + VISITOR_FOR)
    # One that the agent has handed on is still the chat that its page shows.
    thread = chats.with_agent(agent, user=user) or Thread.objects.create(user_id=user, agent=agent)
    return Opened(secret, user, thread.pk)


def revoke(secret: str) -> None:
    """The token stops counting. Open connections ask at once, at the latest after 5 s (5-promises.md, R15)."""
    VisitorToken.objects.filter(digest=tokens.digest(secret)).delete()
    rights.changed("visitors")


def _new_token(user: UUID, session_key: str | None) -> str:
    minted = tokens.mint(prefix=tokens.VISITOR)
    expires_at = clock.now() + VISITOR_FOR
    VisitorToken.objects.create(digest=minted.digest, user_id=user, expires_at=expires_at, session_key=session_key)
    return minted.secret
