"""An export as a file on its way: text in pieces, made as the reader takes them."""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from functools import partial
from typing import Any

from django.http import StreamingHttpResponse

from portal.lib import spreadsheets
from portal.lib.instants import iso
from portal.lib.threads import in_database
from sessions_app.actions.exporting import COLUMNS, Export

Rows = list[Mapping[str, Any]]
CSV, JSON = "text/csv; charset=utf-8", "application/json"


def csv(export: Export, *, mark: str = "") -> StreamingHttpResponse:
    """With `mark` before the names of the columns: BOM, or nothing."""
    head = mark + spreadsheets.lines([COLUMNS])
    return _sent(export, "csv", CSV, head=head, piece=_csv_rows, tail="")


def as_json(export: Export) -> StreamingHttpResponse:
    """`{"server_now", "items": [...]}`: it is only whole with its last bracket."""
    head = f'{{"server_now": {json.dumps(iso(export.now))}, "items": ['
    return _sent(export, "json", JSON, head=head, piece=_json_rows, tail="\n]}\n")


def _csv_rows(rows: Rows, _first: bool) -> str:
    return spreadsheets.lines([_flat(row[name]) for name in COLUMNS] for row in rows)


def _flat(value: Any) -> Any:
    """JSON's words for yes and no, not Python's."""
    return json.dumps(value) if isinstance(value, bool) else value


def _json_rows(rows: Rows, first: bool) -> str:
    written = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return written and ("\n" if first else ",\n") + written


def _sent(
    export: Export, suffix: str, media_type: str, *, head: str, piece: Callable[[Rows, bool], str], tail: str
) -> StreamingHttpResponse:
    def pieces() -> Iterator[str]:
        yield head
        for number, rows in enumerate(export.batches()):
            yield piece(rows, number == 0)
        yield tail

    name = f"sessions-{export.now:%Y%m%d-%H%M%S}.{suffix}"
    return Download(
        pieces(), content_type=media_type, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


class Download(StreamingHttpResponse):
    """Whoever reads slowly or goes away holds up one piece, and no connection to the database. A server without an
    event loop reads the pieces where it is."""

    def __init__(self, pieces: Iterator[str], **given: Any) -> None:
        self._pieces = pieces
        super().__init__(_one_by_one(pieces), **given)

    def __iter__(self) -> Iterator[bytes]:
        return map(self.make_bytes, self._pieces)


async def _one_by_one(pieces: Iterator[str]) -> AsyncIterator[str]:
    while (piece := await in_database(partial(next, pieces, None))) is not None:
        yield piece
