"""Very many sessions, made by SQL from one that the Portal made: whatever columns there are, the rows are like its own.

The instants of each are those of the first, all moved by the same stretch, so that its deadline is where it is wanted.
"""

from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from tests.load.place import Database

AT_ONCE = 500_000
# Ids that SQL can tell from the number of a chat, so that `pgbench` finds its rows without a table to look them up in.
KINDS = {"user": "0001", "thread": "0002", "session": "0003"}
USER, THREAD, SESSION = (
    f"('00000000-0000-7000-{kind}-' || lpad(to_hex(seed.n), 12, '0'))::uuid" for kind in KINDS.values()
)
# Table → its columns that differ from chat to chat, and the column by which the first one's rows are found.
TABLES: dict[str, tuple[dict[str, str], str, str]] = {
    "chat_user": ({"id": USER, "external_id": "'load-' || seed.n"}, "id", "user_id"),
    "chat_thread": ({"id": THREAD, "user_id": USER}, "id", "thread_id"),
    "chat_session": ({"id": SESSION, "thread_id": THREAD, "user_id": USER}, "id", "id"),
    "chat_message": ({"id": "gen_random_uuid()", "thread_id": THREAD, "session_id": SESSION}, "session_id", "id"),
    "chat_event": ({"session_id": SESSION}, "session_id", "id"),
    "chat_session_data": ({"session_id": SESSION}, "session_id", "id"),
}
NEVER = "clock_timestamp() + interval '23 hours'"  # while it is measured


def session_id(n: int) -> str:
    """The session of chat `n`."""
    return f"00000000-0000-7000-{KINDS['session']}-{n:012x}"


def chats(
    database: Database, *, template: str, number: int, first: int = 1, due: str = NEVER, history: bool = True
) -> None:
    """Users with a thread and a session each, numbered from `first`.

    `due` is SQL for the instant at which a session ends, asked once per session. Without `history` there is nothing in
    the threads: for sessions that only have to exist.
    """
    tables = [name for name in TABLES if history or name not in ("chat_message", "chat_event")]
    with database.connect() as connection:
        # As a copy of a database would be loaded: what foreign keys insist on is right by construction.
        connection.execute("SET session_replication_role = replica")
        owner = _owner(connection, template)
        for start, end in _portions(first, number):
            _number(connection, owner, start, end, due)
            for table in tables:
                connection.execute(_copies(connection, table), owner)
            connection.execute("DROP TABLE seed")
        connection.execute("VACUUM (ANALYZE)")


def _portions(first: int, number: int) -> Iterator[tuple[int, int]]:
    for start in range(first, first + number, AT_ONCE):
        yield start, min(start + AT_ONCE, first + number) - 1


def _owner(connection: psycopg.Connection[Any], template: str) -> dict[str, Any]:
    """The ids by which the first one's rows are found."""
    row = connection.execute(
        "SELECT id, thread_id, user_id, ends_at FROM chat_session WHERE id = %s", [template]
    ).fetchone()
    assert row is not None, "what was prepared is there"
    return dict(zip(("id", "thread_id", "user_id", "ends_at"), row, strict=True))


def _number(connection: psycopg.Connection[Any], owner: dict[str, Any], start: int, end: int, due: str) -> None:
    connection.execute(
        f"CREATE TEMP TABLE seed AS SELECT n, ({due}) - %(ends_at)s AS later"
        " FROM generate_series(%(start)s::int, %(end)s::int) AS n",
        {**owner, "start": start, "end": end},
    )


def _copies(connection: psycopg.Connection[Any], table: str) -> sql.Composed:
    own, key, of_owner = TABLES[table]
    values = {name: sql.SQL(own.get(name) or _moved(name, kind)) for name, kind in _columns(connection, table)}
    return sql.SQL(
        "INSERT INTO {table} ({names}) SELECT {values} FROM seed, {table} AS first WHERE {key} = {owner}"
    ).format(
        table=sql.Identifier(table),
        names=sql.SQL(", ").join(map(sql.Identifier, values)),
        values=sql.SQL(", ").join(values.values()),
        key=sql.Identifier("first", key),
        owner=sql.Placeholder(of_owner),
    )


def _moved(name: str, kind: str) -> str:
    return f'first."{name}" + seed.later' if kind == "timestamp with time zone" else f'first."{name}"'


def _columns(connection: psycopg.Connection[Any], table: str) -> list[tuple[str, str]]:
    """Those that are written: not what the database numbers or computes by itself."""
    return connection.execute(
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_name = %s AND is_identity = 'NO' AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    ).fetchall()
