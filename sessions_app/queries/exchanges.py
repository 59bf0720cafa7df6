"""What has been said and answered, for whoever has just said it. Requests that come at once look it up together."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from portal.lib import arrays, clock
from portal.lib.together import Together
from sessions_app.queries.shown import Shown, by_ids
from sessions_app.queries.transcripts import COLUMNS, Entry, entry


class Place(NamedTuple):
    """Where a message stands, and the session it was addressed to."""

    message: UUID
    thread: UUID
    seq: int
    session: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A message and what the bot has answered to it so far. `sessions` as of `now`: the one that took it, and the one
    it was addressed to."""

    message: Entry
    replies: tuple[Entry, ...]
    sessions: Mapping[UUID, Shown]
    now: datetime


def exchanges(places: Sequence[Place]) -> list[Exchange]:
    """Three queries, however many there are."""
    lines = _lines(set(places))
    now = clock.now()
    ids = {one.session for found in lines.values() for one in found} | {place.session for place in places}
    sessions = {shown.facts.id: shown for shown in by_ids(list(ids), now)}
    return [
        Exchange(message=first, replies=tuple(answers), sessions=sessions, now=now)
        for first, *answers in (lines[place.message] for place in places)
    ]


exchange = Together(exchanges)
_PAYLOAD = COLUMNS.index("payload")
_SELECTED = ", ".join(f"m.{name}" for name in COLUMNS)


def _lines(places: Iterable[Place]) -> dict[UUID, list[Entry]]:
    found: dict[UUID, list[Entry]] = {place.message: [] for place in places}
    messages, threads, seqs, _ = zip(*places, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT said.id, {_SELECTED} FROM unnest(%s::uuid[], %s::uuid[], %s::int[]) AS said(id, thread_id, seq)"  # noqa: S608
            " JOIN chat_message m ON m.thread_id = said.thread_id AND m.seq >= said.seq"
            " AND (m.id = said.id OR m.answers = said.id) ORDER BY m.seq",
            [arrays.literal("uuid", messages), arrays.literal("uuid", threads), arrays.literal("int", seqs)],
        )
        for said, *row in cursor.fetchall():
            found[said].append(entry(_with_payload(row)))
    return found


def _with_payload(row: list[Any]) -> list[Any]:
    payload = row[_PAYLOAD]
    return row if payload is None else [*row[:_PAYLOAD], json.loads(payload), *row[_PAYLOAD + 1 :]]
