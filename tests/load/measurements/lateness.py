"""How late the end of a session is committed, with the worker and the beat of the Procfile."""

import contextlib
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from functools import partial

from tests.load import rounds, seed
from tests.load.place import Database, Place
from tests.load.plan import Plan
from tests.load.processes import Broken
from tests.load.report import Bound, Row

A_SECOND = 100  # sessions that end in each second, at random instants
SPREAD_SECONDS = 20
QUICK_SPREAD_SECONDS = 8
Processes = Mapping[str, subprocess.Popen[bytes]]
PATIENCE_SECONDS = 600  # how late is what is to be known, so long as it ends
# A session's row was written last by the transaction that ended it.
LATE = """
SELECT extract(epoch FROM pg_xact_commit_timestamp(xmin) - ended_at)::float8
FROM chat_session WHERE state = 'ended' ORDER BY 1
"""


def measure(place: Place, plan: Plan) -> list[Row]:
    spread = QUICK_SPREAD_SECONDS if plan.quick else SPREAD_SECONDS
    scattered = partial(_late, place, A_SECOND * spread, spread)
    crowded = partial(_late, place, plan.due, 1)
    few, many = rounds.in_turn(plan.runs, scattered, crowded)
    return [
        Row(
            what=f"lateness, {A_SECOND} due a second, p99",
            unit="s",
            runs=[statistics.quantiles(late, n=100, method="inclusive")[98] for late in few],
            promise=Bound("≤", 1.5, "s"),
            details={"median": [statistics.median(late) for late in few]},
        ),
        Row(
            what=f"lateness, {plan.due:,} in the same second",
            unit="s",
            runs=[max(late) for late in many],
            promise=Bound("≤", 15, "s"),
            details={"median": [statistics.median(late) for late in many]},
        ),
    ]


def _late(place: Place, number: int, within: int) -> list[float]:
    """Seconds between the deadline of each session and the commit that ended it."""
    with place.database() as database, _enforced(place, database) as processes:
        lead = 3 + number // 2000  # seconds: nothing is due before all of them are there
        _seed(place, database, number, lead, within)
        ended = "SELECT count(*) FROM chat_session WHERE state = 'ended'"
        _wait(database, ended, number, lead + within, processes)
        with database.connect() as connection:
            return [late for (late,) in connection.execute(LATE).fetchall()]


@contextlib.contextmanager
def _enforced(place: Place, database: Database) -> Iterator[Processes]:
    """From the first sweep on."""
    with place.background("sweeper", database) as sweeper, place.background("beat", database) as beat:
        processes = {"sweeper": sweeper, "beat": beat}
        _wait(database, "SELECT count(*) FROM session_sweep_run", 1, 0, processes)
        yield processes


def _seed(place: Place, database: Database, number: int, lead: int, within: int) -> None:
    due = f"statement_timestamp() + interval '{lead} s' + random() * interval '{within} s'"
    seed.chats(database, template=place.prepared.template, number=number, due=due)
    if database.value("SELECT min(ended_at) IS NOT NULL OR min(ends_at) < clock_timestamp() FROM chat_session"):
        raise Broken("The first sessions were due before the last were there.")


def _wait(database: Database, query: str, number: int, seconds: float, processes: Processes) -> None:
    patience = time.monotonic() + seconds + PATIENCE_SECONDS
    while (found := database.value(query)) < number:
        if dead := [name for name, process in processes.items() if process.poll() is not None]:
            raise Broken(f"{' and '.join(dead)} died with {found} of {number} done; their logs say why.")
        if time.monotonic() > patience:
            raise Broken(f"{found} of {number} after {seconds + PATIENCE_SECONDS:.0f} s: {query}")
        time.sleep(0.5)
