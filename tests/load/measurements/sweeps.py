"""The sweep: with very much due, and with nothing."""

import statistics
from functools import partial

from tests.load import rounds, seed
from tests.load.place import Database, Place
from tests.load.plan import Plan
from tests.load.processes import Broken
from tests.load.report import Bound, Row, Yardstick

FEW = 10_000
TIMES = 200
THE_SAME = Bound("≤", 1.5, "×")  # as far as a clock can tell at a millisecond
OVERDUE = "clock_timestamp() - random() * interval '1 minute'"


def ending(place: Place, plan: Plan) -> list[Row]:
    """Decision, divider, events and hint for each, by one worker and by two."""
    one, two = rounds.in_turn(plan.runs, partial(_ended_by, place, plan, 1), partial(_ended_by, place, plan, 2))
    alone = Row(what="sweep: sessions ended, one worker", unit="/s", runs=one, promise=Bound("≥", 10_000, "/s"))
    together = Row(
        what="sweep: sessions ended, two workers",
        unit="/s",
        runs=two,
        yardstick=Yardstick("one worker", one, "/s"),
        ratio_promise=Bound("≥", 1.6, "×"),
    )
    return [alone, together]


def _ended_by(place: Place, plan: Plan, workers: int) -> float:
    """Sessions per second, from the first worker's beginning to the last one's end."""
    with place.database() as database:
        programs = [place.program("sweep", database) for _ in range(workers)]
        for program in programs:
            program.wait_until_ready()
        seed.chats(database, template=place.prepared.template, number=plan.due, due=OVERDUE)
        for program in programs:
            program.go()
        done = [program.answer() for program in programs]
        ended = database.value("SELECT count(*) FROM chat_session WHERE state = 'ended'")
    if ended != plan.due:
        raise Broken(f"{plan.due} sessions were due, {ended} have ended.")
    return float(ended / (max(one["ended"] for one in done) - min(one["began"] for one in done)))


def nothing_due(place: Place, plan: Plan) -> list[Row]:
    """What a sweep costs does not follow what exists."""
    few, many = [], []
    with place.database() as database:
        seed.chats(database, template=place.prepared.template, number=FEW, history=False)
        few = _in_vain(place, plan, database)
        rest = plan.exist - FEW
        seed.chats(database, template=place.prepared.template, first=FEW + 1, number=rest, history=False)
        many = _in_vain(place, plan, database)
    promise = Bound("≤", 3, "ms")
    return [
        Row(what=f"sweep, nothing due of {FEW:,}", unit="ms", runs=few, promise=promise),
        Row(
            what=f"sweep, nothing due of {plan.exist:,}",
            unit="ms",
            runs=many,
            promise=promise,
            yardstick=Yardstick(f"of {FEW:,}", few, "ms"),
            ratio_promise=THE_SAME,
        ),
    ]


def _in_vain(place: Place, plan: Plan, database: Database) -> list[float]:
    """The median of each run, in milliseconds."""
    return [statistics.median(place.program("sweep_nothing", database, times=TIMES).answer()) for _ in range(plan.runs)]
