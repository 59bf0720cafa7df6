import argparse
import dataclasses
import json
import signal
import sys
from pathlib import Path
from typing import Any

from portal import env
from tests.load import place, report
from tests.load.measurements import ALL
from tests.load.place import Place
from tests.load.plan import QUICK, Plan
from tests.load.processes import Broken
from tests.load.report import Row

TARGET = env.ROOT / ".portal" / "bench.json"


def main() -> int:
    """Measure, print the table as it grows, write the JSON. 1 where something could not be measured."""
    wish = _wish()
    plan, about, rows = _plan(wish), report.machine(), list[Row]()
    print(report.head(), flush=True)
    with place.running() as here:
        for name in wish.names or ALL:
            rows += _measured(name, here, plan)
    _keep(wish.json, {"machine": about, "plan": dataclasses.asdict(plan), "rows": [row.as_json() for row in rows]})
    return int(any(row.missing for row in rows))


def _wish() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make bench", description="Measure what is promised (docs/benchmarks.md).")
    parser.add_argument("names", nargs="*", help=f"only these, of {', '.join(ALL)}")
    parser.add_argument("--quick", action="store_true", help="shorter runs with fewer sessions: to see that it works")
    parser.add_argument("--runs", type=int, help="of each measurement (3)")
    parser.add_argument("--due", type=int, help="sessions that end at once (20,000)")
    parser.add_argument("--exist", type=int, help="sessions that are not due (1,000,000)")
    parser.add_argument("--json", type=Path, default=TARGET, help=f"where to write it ({TARGET.relative_to(env.ROOT)})")
    wish = parser.parse_args()
    if unknown := set(wish.names) - set(ALL):
        parser.error(f"no such measurement: {', '.join(sorted(unknown))}")
    return wish


def _plan(wish: argparse.Namespace) -> Plan:
    asked = {name: getattr(wish, name) for name in ("runs", "due", "exist")}
    return dataclasses.replace(QUICK if wish.quick else Plan(), **{k: v for k, v in asked.items() if v is not None})


def _measured(name: str, here: Place, plan: Plan) -> list[Row]:
    """What cannot be measured does not stop the rest."""
    try:
        rows = ALL[name](here, plan)
    except Broken as broken:
        rows = [Row(what=name, unit="", missing=f"{broken}")]
    for row in rows:
        print(report.lines(row.cells()), flush=True)
    return rows


def _keep(file: Path, found: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{json.dumps(found, indent=2, ensure_ascii=False)}\n")


if __name__ == "__main__":
    # Asked to stop, it stops what it started, as after Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Stopped.")
