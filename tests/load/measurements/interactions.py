"""Durable interactions through `POST /interactions`, 500 in a request."""

from functools import partial

from tests.load import rounds, seed, yardsticks
from tests.load.place import Place
from tests.load.plan import Plan
from tests.load.processes import Process
from tests.load.report import Bound, Row, Yardstick

CHATS = 10_000
CONNECTIONS = 4  # each with sessions of its own


def measure(place: Place, plan: Plan) -> list[Row]:
    """Beside PostgreSQL alone, which commits each of them by itself."""
    with place.database() as database, place.web(database) as web:
        seed.chats(database, template=place.prepared.template, number=CHATS)
        alone = partial(yardsticks.pgbench, database, chats=CHATS, seconds=round(plan.seconds))
        ours, theirs = rounds.in_turn(plan.runs, partial(_post, place, plan, web), alone)
    row = Row(
        what="POST /interactions, 500 per request",
        unit="/s",
        runs=ours,
        promise=Bound("≥", 15_000, "/s"),
        yardstick=Yardstick("pgbench", theirs, "/s"),
        ratio_promise=Bound("≥", 1, "×"),
    )
    return [row]


def _post(place: Place, plan: Plan, web: Process) -> float:
    run = place.client(
        "posts",
        address=web.address,
        token=place.prepared.token,
        kind="interactions",
        targets=[seed.session_id(n + 1) for n in range(CHATS)],
        connections=CONNECTIONS,
        warm_up=plan.warm_up,
        seconds=plan.seconds,
    )
    return float(run["rate"])
