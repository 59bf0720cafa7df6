"""One message through `POST /sessions/{id}/messages`."""

from functools import partial
from typing import Any

from tests.load import rounds, seed, yardsticks
from tests.load.place import Place
from tests.load.plan import Plan
from tests.load.processes import Process
from tests.load.report import Bound, Row, Yardstick

CHATS = 1000
CONNECTIONS = 32


def measure(place: Place, plan: Plan) -> list[Row]:
    """Nobody answers for the agent, so that only Portal's part of it is measured."""
    with place.database() as database, place.web(database) as web, yardsticks.plain(place) as plain:
        seed.chats(database, template=place.prepared.template, number=CHATS)
        ours, theirs = rounds.in_turn(
            plan.runs,
            partial(_post, place, plan, web, "message", [seed.session_id(n + 1) for n in range(CHATS)]),
            partial(_post, place, plan, plain, "plain", yardsticks.conversations()),
        )
    row = Row(
        what=f"POST …/messages, {CONNECTIONS} clients",
        unit="/s",
        runs=[run["rate"] for run in ours],
        promise=Bound("≥", 500, "/s"),
        yardstick=Yardstick("plain Django", [run["rate"] for run in theirs], "/s"),
        ratio_promise=Bound("≥", 1.5, "×"),
        details={"runs": ours, "plain": theirs},
    )
    return [row]


def _post(place: Place, plan: Plan, process: Process, kind: str, targets: list[str]) -> dict[str, Any]:
    used = process.cpu_seconds()
    run: dict[str, Any] = place.client(
        "posts",
        address=process.address,
        token=place.prepared.token,
        kind=kind,
        targets=targets,
        connections=CONNECTIONS,
        warm_up=plan.warm_up,
        seconds=plan.seconds,
    )
    return run | {"server_cpu_seconds": round(process.cpu_seconds() - used, 1)}
