"""What the Portal is compared with: PostgreSQL alone, and plain Django (`plain/`)."""

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator

from psycopg import conninfo

from portal import env
from tests.load import seed
from tests.load.place import HOME, Database, Place
from tests.load.processes import Broken, Process
from tools import postgres

CLIENTS = 32
CONVERSATIONS = 1000
# What one interaction of a user writes, in one statement: its place in the thread, the session's clock, the message.
ONE_INTERACTION = f"""
\\set n random(1, :chats)
WITH seed AS (SELECT :n::int AS n), thread AS (
    UPDATE chat_thread SET last_seq = last_seq + 1 FROM seed WHERE id = {seed.THREAD} RETURNING id, last_seq
), session AS (
    UPDATE chat_session SET inactive_since = clock_timestamp(), last_interaction_at = clock_timestamp(),
        touched_at = clock_timestamp(), user_turns = user_turns + 1, interactions = interactions + 1,
        messages = messages + 1, idle_at = clock_timestamp() + interval '1 day',
        ends_at = clock_timestamp() + interval '1 day', row_version = row_version + 1
    FROM seed WHERE id = {seed.SESSION} RETURNING id, language
)
INSERT INTO chat_message (id, thread_id, seq, session_id, at, sender, kind, text, event, language, client_id, held,
    after_end, interaction)
SELECT gen_random_uuid(), thread.id, thread.last_seq, session.id, clock_timestamp(), 'user', 'text',
    'Where is my order? It was to arrive on Tuesday, and nobody tells me anything.', '', session.language,
    gen_random_uuid()::text, false, false, true
FROM thread, session;
"""


def pgbench(database: Database, *, chats: int, seconds: int) -> float:
    """Interactions per second that PostgreSQL alone can keep, with statements prepared and one commit for each."""
    with tempfile.NamedTemporaryFile("w", dir=HOME, suffix=".sql") as script:
        script.write(ONE_INTERACTION)
        script.flush()
        options = ["-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "2", "-T", str(seconds), "-D", f"chats={chats}"]
        command = [str(postgres.binaries() / "pgbench"), *options, "-f", script.name]
        place = {f"PG{name.upper()}": str(value) for name, value in _place(database).items()}
        done = subprocess.run(command, env=os.environ | place, capture_output=True, text=True, timeout=seconds + 60)
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if not found:
        raise Broken(f"pgbench: {done.stderr.strip()[:500]}")
    return float(found[1])


def _place(database: Database) -> dict[str, object]:
    """As libpq's variables name it: a password does not belong on a command line."""
    names = {"host": "host", "port": "port", "user": "user", "password": "password", "dbname": "database"}
    return {names[name]: value for name, value in conninfo.conninfo_to_dict(database.url).items() if name in names}


@contextlib.contextmanager
def plain(place: Place) -> Iterator[Process]:
    """Plain Django on a database of its own, with CONVERSATIONS in it."""
    with place.empty_database() as database:
        command = [sys.executable, "-m", "tests.load.plain.prepare", str(CONVERSATIONS)]
        subprocess.run(command, cwd=env.ROOT, env=os.environ | {"DATABASE_URL": database.url}, check=True, timeout=120)
        with place.plain(database) as process:
            yield process


def conversations() -> list[str]:
    return [str(n + 1) for n in range(CONVERSATIONS)]
