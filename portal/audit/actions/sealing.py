"""Sealing: entries that were committed are linked to the chain, each to the one before it.

Writers do not wait for each other, so entries come without a place in the chain and get it here, a moment later, from
one sealer at a time. An entry waits as a link that is not filled in yet. So it does not matter that one with a lower id
is committed after one with a higher id: whatever waits is linked next.
"""

from typing import Any

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from portal.audit.core.chain import Head, next_head

BATCH = 1000
_SEALING = 0x5EA1ED  # names the lock of whoever seals
log = structlog.get_logger(__name__)


def seal() -> int:
    """Link all that waits, in transactions of at most BATCH; how many there were.

    Where the chain ends then is logged: with the logs kept elsewhere, nobody can write another chain unnoticed.
    """
    total = 0
    while number := _seal_some():
        total += number
        if number < BATCH:
            break
    return total


@transaction.atomic
def _seal_some() -> int:
    with connection.cursor() as cursor:
        # A statement of its own: what the one before has sealed is seen only by a snapshot taken after the lock.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_SEALING])
        cursor.execute(
            "SELECT entry.id, entry.at, entry.agent_slug, entry.digest FROM audit_link AS link"
            " JOIN audit_entry AS entry ON entry.id = link.entry_id"
            " WHERE link.seq IS NULL ORDER BY link.entry_id LIMIT %s",
            [BATCH],
        )
        waiting = cursor.fetchall()
        if waiting:
            _link(cursor, waiting)
    return len(waiting)


def _link(cursor: CursorWrapper, waiting: list[tuple[Any, ...]]) -> None:
    head = _head(cursor)
    entries, seqs, found = [], [], []
    for entry, at, agent_slug, digest in waiting:
        head = next_head(head, entry=entry, at=at, agent_slug=agent_slug, digest=bytes(digest))
        entries.append(entry)
        seqs.append(head.seq)
        found.append(head.digest)
    cursor.execute(
        "UPDATE audit_link AS link SET seq = sealed.seq, digest = sealed.digest"
        " FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS sealed (entry_id, seq, digest)"
        " WHERE link.entry_id = sealed.entry_id",
        [entries, seqs, found],
    )
    cursor.execute(
        "INSERT INTO audit_head (id, seq, digest) VALUES (1, %s, %s)"
        " ON CONFLICT (id) DO UPDATE SET seq = excluded.seq, digest = excluded.digest",
        [head.seq, head.digest],
    )
    transaction.on_commit(lambda: log.info("audit log sealed", links=head.seq, digest=head.digest.hex()))


def _head(cursor: CursorWrapper) -> Head:
    """Whichever goes further, the links or what was noted of them: where they differ, verifying says so, and the chain
    goes on."""
    cursor.execute(
        "(SELECT seq, digest FROM audit_head) UNION ALL"
        " (SELECT seq, digest FROM audit_link WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1)"
        " ORDER BY seq DESC LIMIT 1"
    )
    row = cursor.fetchone()
    return Head(row[0], bytes(row[1])) if row else Head()
