"""Writing the audit log. Callers are in the transaction of the deed: both are kept, or neither."""

from collections.abc import Iterable, Mapping, Sequence
from secrets import token_bytes
from typing import Any

from django.db import connection

from portal.audit.core import digests
from portal.audit.core.digests import FIELDS
from portal.lib import origin

SALT_BYTES = 16
Texts = Mapping[str, str | None]

# Column of the arrays that are sent → its type.
_GIVEN = {"agent_id": "bigint", "digest": "bytea"} | {
    column: kind
    for name in FIELDS
    for column, kind in ((name, "text"), (f"{name}_salt", "bytea"), (f"{name}_digest", "bytea"))
}
_DIGESTS = ", ".join(f"{name}_digest" for name in FIELDS)
_WORDS = ", ".join(f"{name}, {name}_salt" for name in FIELDS)
# The three rows of each deed, in one statement. The agent's name is looked up here: it may be gone when somebody asks.
_APPEND = f"""
WITH given AS MATERIALIZED (
    SELECT nextval(pg_get_serial_sequence('audit_entry', 'id')) AS id, each.*
    FROM unnest({", ".join(f"%({column})s::{kind}[]" for column, kind in _GIVEN.items())}) AS each ({", ".join(_GIVEN)})
), entry AS (
    INSERT INTO audit_entry (id, at, verb, account_id, agent_id, agent_slug, request_id, digest, {_DIGESTS})
    SELECT given.id, clock_timestamp(), %(verb)s, %(account_id)s::bigint, agent_id, coalesce(slug, ''), %(request_id)s,
        digest, {_DIGESTS}
    FROM given LEFT JOIN agents_agent AS agent ON agent.id = agent_id ORDER BY given.id
), words AS (
    INSERT INTO audit_words (entry_id, {_WORDS}) SELECT id, {_WORDS} FROM given
)
INSERT INTO audit_link (entry_id) SELECT id FROM given
"""  # noqa: S608


def record(
    verb: str,
    *,
    account_id: int | None,
    subject: str,
    agent_id: int | None = None,
    before: Any = None,
    after: Any = None,
    reason: str = "",
) -> None:
    """Append one deed. Address and request id come from the request under way, if there is one. `before` and `after`
    are JSON values."""
    texts = {"subject": subject, "reason": reason, "before": _written(before), "after": _written(after)}
    _append(verb, account_id, [(agent_id, texts)])


def record_all(
    verb: str, *, account_id: int | None, subjects: Iterable[tuple[str, int | None]], reason: str = ""
) -> None:
    """Append one deed on many subjects, each a pair of what it was done to and its agent; one statement."""
    _append(verb, account_id, [(agent_id, {"subject": subject, "reason": reason}) for subject, agent_id in subjects])


def _written(value: Any) -> str | None:
    return None if value is None else digests.canonical(value)


def _append(verb: str, account_id: int | None, deeds: Sequence[tuple[int | None, Texts]]) -> None:
    if not deeds:
        return
    where = origin.current()
    shared = {"verb": verb, "account_id": account_id, "request_id": where.request_id}
    rows = [_row(agent_id, {**texts, "address": where.address}, **shared) for agent_id, texts in deeds]
    columns = {column: [row[column] for row in rows] for column in _GIVEN}
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, {**shared, **columns})


def _row(agent_id: int | None, texts: Texts, **shared: Any) -> dict[str, Any]:
    row: dict[str, Any] = {"agent_id": agent_id}
    for name in FIELDS:
        row |= _salted(name, texts.get(name))
    found = {name: row[f"{name}_digest"] for name in FIELDS}
    return row | {"digest": digests.of_entry(agent_id=agent_id, texts=found, **shared)}


def _salted(name: str, text: str | None) -> dict[str, Any]:
    """The columns of one text; there is none where it is empty."""
    if not text:
        return {name: None, f"{name}_salt": None, f"{name}_digest": None}
    salt = token_bytes(SALT_BYTES)
    return {name: text, f"{name}_salt": salt, f"{name}_digest": digests.of_text(text, salt=salt)}
