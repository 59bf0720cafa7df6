"""What an agent has behind it: whether anybody was ever in its chat, and who still is."""

from datetime import datetime

from django.db.models import Q, QuerySet

from sessions_app.models import ChatSession, Thread
from sessions_app.queries import sessions


def exists(agent_id: int) -> bool:
    """Whether there is a chat with it, or a session it was ever to answer; emulator sessions count as well."""
    return Thread.objects.filter(agent=agent_id).exists() or _sessions(agent_id).exists()


def open_now(agent_id: int, now: datetime) -> int:
    """How many sessions somebody is in at `now`: open ones, also in the emulator; those that a human goes on with; and
    those on their way to this agent, or away from it."""
    going_on = Q(agent=agent_id) & (sessions.in_state("open", now) | Q(live_chat_by__isnull=False))
    return _sessions(agent_id).filter(going_on | Q(pending_until__gt=now)).count()


def _sessions(agent_id: int) -> QuerySet[ChatSession]:
    return ChatSession.objects.filter(Q(agent=agent_id) | Q(pending_to=agent_id))
