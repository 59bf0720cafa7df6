"""Who executes a request with an `Idempotency-Key`, and the answer that is kept of it: rows of `KeptAnswer`.

Every statement is a transaction of its own, and the database's clock says how old a row is.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet

from portal.lib import ids
from portal.rest.keyed import Keyed
from portal.rest.models import KeptAnswer

KEPT_FOR = timedelta(hours=24)
DEAD_AFTER = timedelta(seconds=60)  # longer than any operation takes: whoever claimed it does not come back


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to execute a request and to keep its answer, until somebody else takes it over."""

    keyed: Keyed
    id: UUID


def take(keyed: Keyed) -> Claim | None:
    """The claim on a key that is new, whose time is over, or whose request nobody executes any more. One statement:
    of any number that ask at once, one gets it."""
    claim = Claim(keyed, ids.uuid7())
    digests, rights = (keyed.address, keyed.body), sorted(keyed.caller.rights)
    values: list[Any] = [keyed.caller.name, keyed.key, *digests, rights, claim.id, KEPT_FOR, DEAD_AFTER]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO rest_kept_answer AS kept (caller, key, address, body, rights, claim, claimed_at, headers)
            VALUES (%s, %s, %s, %s, %s, %s, statement_timestamp(), '{}')
            ON CONFLICT (caller, key) DO UPDATE SET
                address = excluded.address, body = excluded.body, rights = excluded.rights, claim = excluded.claim,
                claimed_at = excluded.claimed_at, status = NULL, headers = excluded.headers, content = NULL
            WHERE kept.claimed_at <= statement_timestamp() - %s
               OR kept.status IS NULL AND kept.claimed_at <= statement_timestamp() - %s
                  AND kept.address = excluded.address AND kept.body = excluded.body
            """,
            values,
        )
        return claim if cursor.rowcount == 1 else None


def find(keyed: Keyed) -> KeptAnswer | None:
    """What stands under this key of this caller, whatever request it came with. Who may not `take` it finds it."""
    return _rows(keyed).first()


def keep(claim: Claim, *, status: int, headers: Mapping[str, str], content: bytes | None) -> None:
    """The answer of whoever still holds the claim. Of one that was taken over nothing is kept."""
    _held(claim).update(status=status, headers=dict(headers), content=content)


def let_go(claim: Claim) -> None:
    """As if the key had never come."""
    _held(claim).delete()


def forget_old(*, limit: int) -> int:
    """Delete the oldest keys whose time is over, at most `limit`; answers how many. Waits for nobody."""
    values: list[Any] = [KEPT_FOR, limit]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            DELETE FROM rest_kept_answer WHERE id = ANY (ARRAY(
                SELECT id FROM rest_kept_answer WHERE claimed_at <= statement_timestamp() - %s
                ORDER BY claimed_at LIMIT %s FOR UPDATE SKIP LOCKED
            ))
            """,
            values,
        )
        return int(cursor.rowcount)


def _rows(keyed: Keyed) -> QuerySet[KeptAnswer]:
    return KeptAnswer.objects.filter(caller=keyed.caller.name, key=keyed.key)


def _held(claim: Claim) -> QuerySet[KeptAnswer]:
    return _rows(claim.keyed).filter(claim=claim.id)
