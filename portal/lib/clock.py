"""The one clock. No process clock decides anything (4-architecture.md, "The write path")."""

from datetime import datetime

from django.db import connection


def now() -> datetime:
    """The database's wall clock at this instant, aware, UTC, in microseconds.

    `clock_timestamp()` goes on inside a transaction, `now()` of SQL does not: a command that waited for a lock
    must be judged by the instant at which it got it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
    return instant
