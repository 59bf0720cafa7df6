"""Sessions in need of enforcement, and what goes wrong with them."""

import threading
from collections.abc import Iterable
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock
from uuid import UUID

from django.db import connection, connections, transaction

from portal.agents.models import Agent
from sessions_app.actions import _store, apply
from sessions_app.core.commands import Tick
from sessions_app.core.decision import Event
from sessions_app.models import ChatSession, ChatUser, SweepRun
from tests import cast

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def overdue(
    agent: Agent, number: int = 1, *, by: timedelta = 2 * HOUR, who: ChatUser | None = None
) -> list[ChatSession]:
    """Sessions that should have ended, and nobody has noticed."""
    sessions = [cast.chatting(agent, who or ada()) for _ in range(number)]
    for session in sessions:
        cast.pass_time(session.pk, by)
    return sessions


def ada() -> ChatUser:
    """The one user there is, where nobody else is named."""
    return ChatUser.objects.filter(external_id="ada").first() or cast.user("ada")


def ended(agent: Agent, *, ago: timedelta, messages: int = 0, who: ChatUser | None = None) -> ChatSession:
    """A session that ended so long ago, with so many more messages in its transcript."""
    (session,) = overdue(agent, who=who)
    apply([Tick(session=session.pk)])
    talk(session, messages)
    cast.pass_time(session.pk, ago)
    session.refresh_from_db()
    return session


def talk(session: ChatSession, messages: int) -> None:
    """Lines in the transcript, by SQL: there may be many."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO chat_message (id, thread_id, seq, session_id, at, sender, kind, text, event, language, held,
                after_end, interaction)
            SELECT gen_random_uuid(), %(thread)s, 1000 + n, %(session)s, now(), 'user', 'text', 'blah', '', 'en', false,
                false, true
            FROM generate_series(1, %(messages)s) AS n
            """,
            {"thread": session.thread_id, "session": session.pk, "messages": messages},
        )


def swept(by: str, *, ago: timedelta) -> None:
    """As if the last sweep of its kind had run so long ago."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO session_sweep_run (by, ran_at, took, handled)"
            " VALUES (%(by)s, clock_timestamp() - %(ago)s, interval '0', 0)"
            " ON CONFLICT (by) DO UPDATE SET ran_at = excluded.ran_at",
            {"by": by, "ago": ago},
        )


def ran(by: str) -> bool:
    """Whether a sweep of its kind has just run."""
    return SweepRun.objects.filter(by=by, ran_at__gte=_ago(SECOND * 5)).exists()


def _ago(by: timedelta):
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp() - %s", [by])
        return cursor.fetchone()[0]


def due_now(*sessions: ChatSession) -> None:
    """Their due time has come."""
    ChatSession.objects.filter(pk__in=[session.pk for session in sessions]).update(due_at=_ago(SECOND))


@contextmanager
def held(sql: str, *values: object):
    """Somebody else holds these locks meanwhile."""
    held, finished = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            held.set()
            finished.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert held.wait(10)
    try:
        yield
    finally:
        finished.set()
        holder.join()


@contextmanager
def poison(*sessions: ChatSession, error: Exception | None = None):
    """Whatever is written to the timeline of these sessions raises. Gives the number of tries so far."""
    ids = {session.pk for session in sessions}
    insert, tries = _store.insert_events, mock.Mock()

    def choke(events: Iterable[Event]) -> None:
        events = list(events)
        if any(event.session in ids for event in events):
            tries()
            raise error or ValueError("my card number is 4000 1234")
        insert(events)

    with mock.patch.object(_store, "insert_events", choke):
        yield tries


def ids(sessions: Iterable[ChatSession]) -> set[UUID]:
    return {session.pk for session in sessions}
