"""Turns that wait for a bot's answer."""

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from django.db import connection

from sessions_app.engines.turn import Kind, Turn
from sessions_app.models import ChatSession, Message

ASKED_AT_MOST_FOR = 60  # seconds after which a turn that was being asked may be asked again
TRIES = 5  # then it is given up
# In SQL: how long a turn is left to whoever is seeing to it. One that cannot even be given up waits for an hour.
PATIENCE = f"make_interval(secs => CASE WHEN tries > {TRIES} THEN 3600 ELSE {ASKED_AT_MOST_FOR} END)"
ASKED_WITHIN = 5  # seconds in which the process that took a message puts it to the bot


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A turn that is this process's to put to the bot."""

    message: UUID
    session: UUID
    platform: str
    turn: Turn


def forgotten(*, limit: int) -> list[UUID]:
    """Sessions with a turn that nobody is putting to the bot, because a process died: the longest forgotten first.

    Only the next turn of each counts: those behind one that is being asked wait for it."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            SELECT session_id FROM (
                SELECT DISTINCT ON (t.session_id) t.session_id, t.asked_at, t.tries, m.at
                FROM chat_turn t JOIN chat_message m ON m.id = t.message_id ORDER BY t.session_id, t.seq) AS next
            WHERE coalesce(asked_at + {PATIENCE}, at + make_interval(secs => %s)) < clock_timestamp()
            ORDER BY at LIMIT %s
            """,  # noqa: S608
            [ASKED_WITHIN, limit],
        )
        return [session for (session,) in cursor.fetchall()]


def claimed(message_id: UUID, *, session_id: UUID) -> Claimed:
    """What is to be put to the bot of a session for a message; one that was held may stand under the session before."""
    message = Message.objects.get(pk=message_id)
    session = ChatSession.objects.select_related("agent", "user").get(pk=session_id)
    agent, user = session.agent, session.user
    turn = Turn(
        agent_slug=agent.slug,
        session_id=str(session.pk),
        language=session.language,
        default_language=agent.default_language,
        kind=cast(Kind, message.kind),
        text=message.text,
        event=message.event,
        payload=message.payload,
        user_name=user.name if user.identified else "",  # “Visitor 7f3a” is what staff reads, nobody is called that
        returning=_has_been_here(session),
        script=agent.script,
    )
    return Claimed(message=message_id, session=session_id, platform=agent.platform, turn=turn)


def _has_been_here(session: ChatSession) -> bool:
    return ChatSession.objects.filter(user=session.user_id, agent=session.agent_id).exclude(pk=session.pk).exists()
