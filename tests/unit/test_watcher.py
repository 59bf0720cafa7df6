"""A page that reads slowly is told the latest of each row, once (R13 of 5-promises.md)."""

import json
from uuid import uuid4

from sessions_app.consumers.watching import Mark, Watcher

ID, OTHER = uuid4(), uuid4()


def watcher() -> Watcher:
    return Watcher({ID: Mark(1, "live")}, lambda: None)


def row(version: int) -> str:
    return json.dumps({"id": str(ID), "row_version": version})


def test_what_waits_never_grows_beyond_the_rows() -> None:
    slow = watcher()
    for version in range(2, 1000):
        slow.offer({ID: row(version)}, {"counts": {"live": version}}, transfers="")
    frame = json.loads(slow.take() or "")
    assert frame == {
        "type": "rows",
        "seq": 1,
        "counts": {"live": 999},
        "transfers": "",
        "rows": [{"id": str(ID), "row_version": 999}],
    }
    assert slow.take() is None


def test_frames_are_numbered_without_gaps() -> None:
    quick = watcher()
    numbers = []
    for _ in range(3):
        quick.offer({}, {"counts": {}}, transfers="")
        numbers.append(json.loads(quick.take() or "")["seq"])
    assert numbers == [1, 2, 3]


def test_a_row_that_was_put_away_is_not_told_from_before() -> None:
    page = watcher()
    page.offer({ID: row(2), OTHER: row(1)}, {"counts": {}}, transfers="")
    page.forget([ID])
    assert [each["row_version"] for each in json.loads(page.take() or "")["rows"]] == [1]
    assert not page.known
