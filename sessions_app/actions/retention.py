"""What is not kept any longer goes, a little at a time (2-lifecycle.md, "Enforcement").

The end of each kind of data is decided and told by the sweep's `Tick`, like every deadline. But what is much would be
deleted under the lock of its thread, where a user may be chatting: so it goes before, without a lock that anybody waits
for.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction

from portal.lib.outages import is_of_the_database
from sessions_app.actions import sweep_log
from sessions_app.queries import due

SESSIONS = 500  # that are looked at together
CHUNK = 5000  # messages of one transaction
_DELETING = 0x7E11  # names the lock of whoever deletes
MINUTES_KEPT = timedelta(days=1)
AT_ONCE, TIDY_STEPS = 1000, 20  # what is left after so many is for the next time


def steps() -> Iterator[int]:
    """Delete what was said in sessions whose transcript is over. Each step is a transaction of at most CHUNK messages,
    and gives their number; when nothing is left of them, the sweep takes these sessions."""
    while sessions := due.over(limit=SESSIONS):
        deleted = 0
        for number in _thin(sessions):
            deleted += number
            yield number
        if not deleted:
            return  # somebody else is deleting the rest


def thin() -> int:
    """All steps; how many messages went."""
    return sum(steps())


def _thin(sessions: Sequence[UUID]) -> Iterator[int]:
    """Several sessions together: most have fewer messages than a transaction is worth."""
    try:
        while number := _delete_messages(sessions):
            yield number
    except Exception as error:
        if is_of_the_database(error):
            raise
        if len(sessions) == 1:
            return sweep_log.failed(sessions[0], error)
        for session in sessions:
            yield from _thin([session])


def _delete_messages(sessions: Sequence[UUID]) -> int:
    """How many went; none while somebody else deletes. By place: by their ids PostgreSQL would read the whole table."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH gone AS (
                DELETE FROM chat_message WHERE ctid = ANY(ARRAY(
                    SELECT ctid FROM chat_message
                    WHERE session_id = ANY(%s) AND (SELECT pg_try_advisory_xact_lock(%s)) LIMIT %s))
                RETURNING id),
            unasked AS (DELETE FROM chat_turn WHERE message_id IN (SELECT id FROM gone))
            SELECT count(*) FROM gone
            """,
            [list(sessions), _DELETING, CHUNK],
        )
        number: int = cursor.fetchone()[0]
    return number


def tidy() -> None:
    """Forget what nobody asks for any more: visitors' tokens past their time, minutes of the enforcement."""
    sweep_log.forget_minutes(older_than=MINUTES_KEPT)
    for _ in range(TIDY_STEPS):
        if _forget_tokens(limit=AT_ONCE) < AT_ONCE:
            return


def _forget_tokens(*, limit: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM chat_visitor_token WHERE digest IN ("
            " SELECT digest FROM chat_visitor_token WHERE expires_at < statement_timestamp() LIMIT %s"
            " FOR UPDATE SKIP LOCKED)",
            [limit],
        )
        number: int = cursor.rowcount
    return number
