"""Session data in the database, within the write path's transaction and under the locks of the sessions: a constant
number of statements, however many sessions and variables."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import connection

from sessions_app.core import data
from sessions_app.core.data import LARGEST, MEMORY, Change, Stored

# Whose memory is kept, of `told(session_id, user_id)`: somebody the site has identified, with an agent of their realm.
_REMEMBERED = """
    JOIN chat_user AS who ON who.id = told.user_id AND who.identified
    JOIN chat_session AS of ON of.id = told.session_id
    JOIN agents_agent AS bot ON bot.id = of.agent_id AND bot.realm = who.realm AND bot.remember
"""


# ── variables ────────────────────────────────────────────────────────────────────────────────────────────────────────
def load(wanted: Mapping[UUID, Collection[str]]) -> dict[UUID, Stored]:
    """Session → what is stored of these of its variables. The others are not read, whatever they take."""
    if not wanted:
        return {}
    taken = dict(_rows("SELECT session_id, bytes FROM chat_session_data WHERE session_id = ANY(%s)", list(wanted)))
    texts: dict[UUID, dict[str, str]] = {session: {} for session in wanted}
    sizes: dict[UUID, dict[str, int]] = {session: {} for session in wanted}
    for session, name, text, size in _rows(
        "SELECT v.session_id, v.name, v.value, v.size FROM unnest(%s::uuid[], %s::text[]) AS wanted(session_id, name)"
        " JOIN chat_variable v ON v.session_id = wanted.session_id AND v.name = wanted.name",
        *_columns(((session, name) for session, names in wanted.items() for name in names), 2),
    ):
        texts[session][name], sizes[session][name] = text, size
    return {
        session: Stored(bytes=taken.get(session, 0), texts=texts[session], sizes=sizes[session]) for session in wanted
    }


def store(changes: Sequence[Change], users: Mapping[UUID, UUID]) -> None:
    """Write the changes, in their order. `users` are those whose memory is to be kept, by session; of these only the
    identified ones, with an agent of their realm, have one."""
    folded = data.folded(changes)
    if not folded:
        return
    _remove((change.session, name) for change in folded for name in change.removed)
    _write((c.session, name, text, c.sizes[name]) for c in folded for name, text in c.written.items())
    _do(
        "INSERT INTO chat_session_data (session_id, bytes) SELECT * FROM unnest(%s::uuid[], %s::int[])"
        " ON CONFLICT (session_id) DO UPDATE SET bytes = excluded.bytes",
        *_columns(((change.session, change.bytes) for change in folded), 2),
    )
    _remember({users[c.session]: c for c in folded if c.session in users and MEMORY in c.names})


def _remove(gone: Iterable[tuple[UUID, str]]) -> None:
    sessions, names = _columns(gone, 2)
    if sessions:
        _do(
            "DELETE FROM chat_variable AS v USING unnest(%s::uuid[], %s::text[]) AS gone(session_id, name)"
            " WHERE v.session_id = gone.session_id AND v.name = gone.name",
            sessions,
            names,
        )


def _write(rows: Iterable[tuple[UUID, str, str, int]]) -> None:
    columns = _columns(rows, 4)
    if columns[0]:
        _do(
            "INSERT INTO chat_variable (session_id, name, value, size)"
            " SELECT * FROM unnest(%s::uuid[], %s::text[], %s::text[], %s::int[])"
            " ON CONFLICT (session_id, name) DO UPDATE SET value = excluded.value, size = excluded.size",
            *columns,
        )


def carry(pairs: Sequence[tuple[UUID, UUID]], sensitive: Mapping[UUID, Collection[str]]) -> None:
    """A transfer was picked up: variables of the first session of each pair go along into the second, which is new.

    `sensitive`, by first session, stay behind, and memory where the agents have different realms. What the second
    session has already stays.
    """
    if not pairs:
        return
    stay = [(source, name) for source, _ in pairs for name in sensitive.get(source, ())]
    _do(
        """
        WITH went AS (
            INSERT INTO chat_variable (session_id, name, value, size)
            SELECT pair.target, v.name, v.value, v.size
            FROM unnest(%s::uuid[], %s::uuid[]) AS pair(source, target)
            JOIN chat_variable AS v ON v.session_id = pair.source
            JOIN chat_session AS before ON before.id = pair.source
            JOIN chat_session AS now ON now.id = pair.target
            JOIN agents_agent AS left_bot ON left_bot.id = before.agent_id
            JOIN agents_agent AS new_bot ON new_bot.id = now.agent_id
            WHERE (v.name <> %s OR left_bot.realm = new_bot.realm)
              AND (v.session_id, v.name) NOT IN (SELECT * FROM unnest(%s::uuid[], %s::text[]))
            ON CONFLICT (session_id, name) DO NOTHING
            RETURNING session_id, size)
        INSERT INTO chat_session_data (session_id, bytes) SELECT session_id, sum(size) FROM went GROUP BY session_id
        ON CONFLICT (session_id) DO UPDATE SET bytes = chat_session_data.bytes + excluded.bytes
        """,
        *_columns(pairs, 2),
        MEMORY,
        *_columns(stay, 2),
    )


def erase(sessions: Sequence[UUID]) -> None:
    """Remove all there is: variables, and what the bot understood. A user's memory is not a session's, and stays."""
    if sessions:
        _do("DELETE FROM chat_variable WHERE session_id = ANY(%s)", list(sessions))
        _do("DELETE FROM chat_session_data WHERE session_id = ANY(%s)", list(sessions))


# ── memory ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def recall(sessions: Mapping[UUID, UUID]) -> None:
    """New session → its user: their memory becomes its variable `memory`, in place of one that was carried along; not
    where the rest would leave no room for it. Nothing where there is none, or nobody to be remembered."""
    if not sessions:
        return
    _do(
        f"""
        WITH recalled AS (
            SELECT told.session_id, m.value, m.size, coalesce(d.bytes, 0) - coalesce(v.size, 0) + m.size AS bytes
            FROM unnest(%s::uuid[], %s::uuid[]) AS told(session_id, user_id) {_REMEMBERED}
            JOIN chat_memory AS m ON m.user_id = who.id
            LEFT JOIN chat_session_data AS d ON d.session_id = told.session_id
            LEFT JOIN chat_variable AS v ON v.session_id = told.session_id AND v.name = %s),
        written AS (
            INSERT INTO chat_variable (session_id, name, value, size)
            SELECT session_id, %s, value, size FROM recalled WHERE bytes < %s
            ON CONFLICT (session_id, name) DO UPDATE SET value = excluded.value, size = excluded.size)
        INSERT INTO chat_session_data (session_id, bytes) SELECT session_id, bytes FROM recalled WHERE bytes < %s
        ON CONFLICT (session_id) DO UPDATE SET bytes = excluded.bytes
        """,  # noqa: S608
        *_columns(sessions.items(), 2),
        MEMORY,
        MEMORY,
        LARGEST,  # the whole object has one byte more than `bytes`
        LARGEST,
    )


def forget(sessions: Sequence[UUID]) -> None:
    """Remove the memory of the users of these sessions who have none left whose data is kept: it is kept as long."""
    if sessions:
        _do(
            "DELETE FROM chat_memory AS m USING chat_session AS erased"
            " WHERE erased.id = ANY(%s) AND m.user_id = erased.user_id AND NOT EXISTS ("
            "  SELECT 1 FROM chat_session AS s WHERE s.user_id = m.user_id AND s.data_erased_at IS NULL)",
            list(sessions),
        )


def _remember(last: Mapping[UUID, Change]) -> None:
    """By user, the change of their memory that came last."""
    if not last:
        return
    # Two writers with several users each must not wait for each other.
    _do("SELECT 1 FROM chat_memory WHERE user_id = ANY(%s) ORDER BY user_id FOR UPDATE", list(last))
    kept = sorted((user, c) for user, c in last.items() if MEMORY in c.written)
    if kept:
        _do(
            f"""
            INSERT INTO chat_memory (user_id, value, size, updated_at)
            SELECT who.id, told.value, told.size, clock_timestamp()
            FROM unnest(%s::uuid[], %s::uuid[], %s::text[], %s::int[]) AS told(session_id, user_id, value, size)
            {_REMEMBERED} ORDER BY who.id
            ON CONFLICT (user_id) DO UPDATE
            SET value = excluded.value, size = excluded.size, updated_at = excluded.updated_at
            """,  # noqa: S608
            *_columns(((c.session, user, c.written[MEMORY], c.sizes[MEMORY]) for user, c in kept), 4),
        )
    gone = [(c.session, user) for user, c in last.items() if MEMORY in c.removed]
    if gone:
        _do(
            f"""
            DELETE FROM chat_memory USING unnest(%s::uuid[], %s::uuid[]) AS told(session_id, user_id) {_REMEMBERED}
            WHERE chat_memory.user_id = who.id
            """,  # noqa: S608
            *_columns(gone, 2),
        )


# ── what the bot understood ──────────────────────────────────────────────────────────────────────────────────────────
def understand(found: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Session → what its bot made of the latest turns, as `core.internal.understood` or `internal.then` gives it. In
    one statement what was kept before is gone on from, as `internal.then` does: the database's half of it."""
    if not found:
        return
    rows = ((session, json.dumps(dict(what), ensure_ascii=False)) for session, what in found.items())
    _do(
        """
        INSERT INTO chat_session_data (session_id, bytes, understood)
        SELECT session_id, 0, understood FROM unnest(%s::uuid[], %s::jsonb[]) AS new(session_id, understood)
        ON CONFLICT (session_id) DO UPDATE SET understood =
            coalesce(chat_session_data.understood, '{}')
            || CASE WHEN excluded.understood ? 'current' AND chat_session_data.understood ? 'current'
               THEN jsonb_build_object('previous', chat_session_data.understood -> 'current') ELSE '{}' END
            || excluded.understood
        """,
        *_columns(rows, 2),
    )


def unlearn(sessions: Sequence[UUID]) -> None:
    """Their transcripts are erased: what the bot understood has words of them."""
    if sessions:
        _do("UPDATE chat_session_data SET understood = NULL WHERE session_id = ANY(%s)", list(sessions))


# ── statements ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _columns(rows: Iterable[Sequence[Any]], width: int) -> list[list[Any]]:
    """Rows as arrays, one per column."""
    found = list(rows)
    return [[row[place] for row in found] for place in range(width)]


def _do(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def _rows(statement: str, *values: Any) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[Any] = cursor.fetchall()
    return found
