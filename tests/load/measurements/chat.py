"""Durable messages through the chat socket."""

from functools import partial
from typing import Any

from tests.load import rounds, yardsticks
from tests.load.place import Place
from tests.load.plan import Plan
from tests.load.processes import Process
from tests.load.report import Bound, Row, Yardstick

VISITORS = 200


def measure(place: Place, plan: Plan) -> list[Row]:
    """Each visitor waits for the acknowledgement, which comes after the commit, before the next message."""
    with place.database() as database, place.web(database) as web, yardsticks.plain(place) as plain:
        ours, theirs = rounds.in_turn(plan.runs, partial(_chat, place, plan, web), partial(_plain, place, plan, plain))
    rate = Row(
        what=f"chat socket: messages, {VISITORS} clients",
        unit="/s",
        runs=[run["rate"] for run in ours],
        promise=Bound("≥", 3000, "/s"),
        yardstick=Yardstick("plain Django", [run["rate"] for run in theirs], "/s"),
        ratio_promise=Bound("≥", 4, "×"),
        details={"runs": ours, "plain": theirs},
    )
    slowest = Row(
        what="chat socket: message → ack, p99",
        unit="ms",
        runs=[run["p99"] for run in ours],
        promise=Bound("≤", 100, "ms"),
        yardstick=Yardstick("plain Django", [run["p99"] for run in theirs], "ms"),
    )
    return [rate, slowest]


def _chat(place: Place, plan: Plan, web: Process) -> dict[str, Any]:
    used = web.cpu_seconds()
    run: dict[str, Any] = place.client(
        "sockets",
        address=web.address,
        slug=place.prepared.slug,
        visitors=VISITORS,
        warm_up=plan.warm_up,
        seconds=plan.seconds,
    )
    return run | {"web_cpu_seconds": round(web.cpu_seconds() - used, 1), "web_megabytes": round(web.megabytes())}


def _plain(place: Place, plan: Plan, plain: Process) -> dict[str, Any]:
    run: dict[str, Any] = place.client(
        "posts",
        address=plain.address,
        token="",
        kind="plain",
        targets=yardsticks.conversations(),
        connections=VISITORS,
        warm_up=plan.warm_up,
        seconds=plan.seconds,
    )
    return run
