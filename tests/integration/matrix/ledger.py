"""The books of the matrix: each cell that was tried, and whether it held (5-promises.md, "Security")."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

Cell = tuple[str, str]  # who comes, and to whose object
HEAD = ("", "things", "principals", "objects", "cells", "held")


@dataclass
class Sheet:
    """Of one kind of door. The key is what was tried there, by whom, and whose it was."""

    cells: dict[tuple[str, str, str], bool] = field(default_factory=dict)

    def row(self, kind: str) -> tuple[str, ...]:
        sizes = (len({key[place] for key in self.cells}) for place in range(3))
        return (kind, *(f"{size:,}" for size in (*sizes, len(self.cells), sum(self.cells.values()))))


class Matrix:
    def __init__(self) -> None:
        self.sheets: dict[str, Sheet] = {}

    def hold(self, kind: str, thing: str, *, got: Mapping[Cell, object], expected: Mapping[Cell, object]) -> None:
        """Enter what everybody got of one thing, and fail where it is not what the table says."""
        sheet = self.sheets.setdefault(kind, Sheet())
        for (comer, whose), answer in got.items():
            sheet.cells[thing, comer, whose] = answer == expected.get((comer, whose))
        wrong = {cell: (got.get(cell), expected.get(cell)) for cell in {**got, **expected}}
        assert {cell: pair for cell, pair in wrong.items() if pair[0] != pair[1]} == {}, f"{thing}: got, expected"

    def lines(self) -> Iterator[str]:
        rows = [HEAD, *(sheet.row(kind) for kind, sheet in self.sheets.items())]
        widths = [max(len(row[place]) for row in rows) for place in range(len(HEAD))]
        for row in rows:
            yield "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])])
        cells = [held for sheet in self.sheets.values() for held in sheet.cells.values()]
        things = sum(len({thing for thing, *_ in sheet.cells}) for sheet in self.sheets.values())
        yield f"{things} things × principals × objects = {len(cells):,} cells, {sum(cells):,} held"


BOOKS = pytest.StashKey[Matrix]()


def of(config: pytest.Config) -> Matrix:
    return config.stash.setdefault(BOOKS, Matrix())
