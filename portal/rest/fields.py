"""Types that fields of every API share."""

import re
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, WithJsonSchema

from portal.lib import durations, instants

Instant = Annotated[
    datetime, PlainSerializer(instants.iso, return_type=str), WithJsonSchema({"type": "string", "format": "date-time"})
]


def _no_number(value: Any) -> Any:
    """Seconds or milliseconds since 1970 would be anybody's guess."""
    if isinstance(value, datetime) or (isinstance(value, str) and not _NUMBER.fullmatch(value)):
        return value
    raise ValueError("Write an instant in ISO 8601, like 2026-11-21T10:05:00Z.")


_NUMBER = re.compile(r"[\s+-]*[\d._]*\s*")
SentInstant = Annotated[AwareDatetime, BeforeValidator(_no_number)]


def _storable(value: str) -> str:
    if "\0" in value:
        raise ValueError("The character U+0000 cannot be kept.")
    return value


def _printable(value: str) -> str:
    if not value.isprintable():
        raise ValueError("Only printable characters can be used here.")
    return value


STORABLE = AfterValidator(_storable)
PRINTABLE = AfterValidator(_printable)


def _duration(value: Any) -> Any:
    """ISO 8601, or whole seconds. Programs are not offered what people may type ("1h 30m"): one way to write it."""
    if value is None or isinstance(value, timedelta):
        return value
    iso = isinstance(value, str) and value[:1] in ("P", "p")
    if not iso and (not isinstance(value, int) or isinstance(value, bool)):
        raise ValueError("Write a duration in ISO 8601, like PT30M, or as whole seconds.")
    return durations.parse(value, bare_unit="seconds")


def _days(value: timedelta) -> str:
    return durations.iso(value, days=True)


def _schema(example: str) -> WithJsonSchema:
    ways = [{"type": "string", "format": "duration", "examples": [example]}, {"type": "integer", "minimum": 0}]
    return WithJsonSchema({"anyOf": ways}, mode="validation")


def _written(example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "format": "duration", "examples": [example]}, mode="serialization")


READ = BeforeValidator(_duration)
Duration = Annotated[
    timedelta, READ, PlainSerializer(durations.iso, return_type=str), _schema("PT30M"), _written("PT30M")
]
Days = Annotated[timedelta, READ, PlainSerializer(_days, return_type=str), _schema("P30D"), _written("P30D")]
