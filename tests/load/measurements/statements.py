"""How many statements `apply` issues. A count, not a time: it is the same on every machine."""

from tests.load import seed
from tests.load.measurements.sweeps import OVERDUE
from tests.load.place import Place
from tests.load.plan import Plan
from tests.load.report import Bound, Row, Yardstick

SIZES = [1, 100, 1000]


def measure(place: Place, plan: Plan) -> list[Row]:
    """For as many commands as SIZES say, and the most of them beside the one of a single command."""
    number = 2 * sum(SIZES) + 10
    with place.database() as database:
        template = place.prepared.template
        seed.chats(database, template=template, number=number)
        seed.chats(database, template=template, number=number, first=number + 1, due=OVERDUE)
        found: dict[str, list[int]] = place.program("statements", database, sizes=SIZES).answer()
    return [
        Row(
            what=f"statements for {SIZES[-1]:,} {name}",
            unit="",
            runs=[max(counts)],
            yardstick=Yardstick("for one", [counts[0]], ""),
            ratio_promise=Bound("≤", 1, "×"),
            details=dict(zip(map(str, SIZES), counts, strict=True)),
        )
        for name, counts in found.items()
    ]
