"""How often somebody may try to sign in, counted in the database: a limit that went away with Redis would be none.

Counted before the password is looked at, and given back when it was right: of attempts that come at once none is free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models.functions import Now
from django.utils.crypto import salted_hmac

from portal.accounts.models import Attempts


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in so many seconds, counted from the first."""

    name: str
    most: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Taken:
    """What was counted: `over` are the limits that are passed, with the seconds until each is free again."""

    keys: tuple[bytes, ...]
    over: Mapping[Limit, int]


def take(counted: Sequence[tuple[Limit, str]]) -> Taken:
    """Count one more of each, in one statement: pairs of the limit and what it counts by."""
    by_key = {_key(limit, what): limit for limit, what in counted}
    keys = sorted(by_key)  # in one order everywhere, so that nobody waits for each other in a circle
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO accounts_attempts AS kept (key, count, until)
                SELECT key, 1, statement_timestamp() + make_interval(secs => seconds)
                FROM unnest(%s::bytea[], %s::int[]) AS given (key, seconds)
            ON CONFLICT (key) DO UPDATE SET
                count = CASE WHEN kept.until <= statement_timestamp() THEN 1 ELSE kept.count + 1 END,
                until = CASE WHEN kept.until <= statement_timestamp() THEN excluded.until ELSE kept.until END
            RETURNING key, count, ceil(extract(epoch FROM until - statement_timestamp()))::int
            """,
            [keys, [by_key[key].seconds for key in keys]],
        )
        counts = [(by_key[bytes(key)], count, left) for key, count, left in cursor.fetchall()]
    return Taken(tuple(keys), {limit: max(1, left) for limit, count, left in counts if count > limit.most})


def give_back(taken: Taken) -> None:
    """It was right: whoever signs in often is not somebody who guesses."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE accounts_attempts SET count = count - 1 WHERE key = ANY (ARRAY(
                SELECT key FROM accounts_attempts WHERE key = ANY (%s) AND count > 0 ORDER BY key FOR UPDATE
            ))
            """,
            [list(taken.keys)],
        )


def forget_old() -> None:
    """What counts no more."""
    Attempts.objects.filter(until__lte=Now()).delete()


def _key(limit: Limit, what: str) -> bytes:
    """What is typed for a name may be a password: nobody shall read it here."""
    return salted_hmac("portal.accounts.attempts", f"{limit.name}:{what}", algorithm="sha256").digest()
