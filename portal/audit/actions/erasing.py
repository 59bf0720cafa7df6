"""Erasing words of the audit log. What was done, by which account, to which agent and when, stays; so does the chain.
It holds digests, which nobody can try texts against once the salt is gone."""

from collections.abc import Collection

from django.db import connection

from portal.audit.core.digests import FIELDS


def erase(*, entries: Collection[int], fields: Collection[str] = FIELDS) -> int:
    """Erase these texts (of FIELDS) of these entries; how many entries have lost something. There is no way back.

    Raises ValueError for a field that is none of FIELDS.
    """
    if unknown := set(fields) - set(FIELDS):
        raise ValueError(f"The audit log has no words called {sorted(unknown)}.")
    if not fields:
        return 0
    gone = ", ".join(f"{name} = NULL, {name}_salt = NULL" for name in FIELDS if name in fields)
    there = " OR ".join(f"{name} IS NOT NULL" for name in FIELDS if name in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE audit_words SET {gone} WHERE entry_id = ANY(%s) AND ({there})",  # noqa: S608
            [list(entries)],
        )
        number: int = cursor.rowcount
    return number
