"""Writing one small variable, beside little and beside much session data."""

from typing import Any

from tests.load import seed
from tests.load.place import Place
from tests.load.plan import Plan
from tests.load.report import Bound, Row, Yardstick

SMALL, LARGE = 1_000, 9_000_000  # bytes
TIMES = 100


def measure(place: Place, plan: Plan) -> list[Row]:
    """Milliseconds per write, the two sessions in turn on one connection."""
    few, many = seed.session_id(1), seed.session_id(2)
    with place.database() as database, place.web(database) as web:
        seed.chats(database, template=place.prepared.template, number=2)
        wish: dict[str, Any] = {"address": web.address, "token": place.prepared.token, "times": TIMES}
        runs = [place.client("patches", sessions={few: SMALL, many: LARGE}, **wish) for _ in range(plan.runs)]
    row = Row(
        what="PATCH …/data, one variable beside 9 MB",
        unit="ms",
        runs=[run[many] for run in runs],
        yardstick=Yardstick("beside 1 kB", [run[few] for run in runs], "ms"),
        ratio_promise=Bound("≤", 2, "×"),
    )
    return [row]
