"""A process whose clock is wrong: Python reads this before anything else, where it is on the path.

Every clock that tells the date is moved by WRONG_BY_SECONDS: `time`, `datetime`, and the time within new ids. What only
measures (`monotonic`, `perf_counter`) is right on machines with a wrong date, too.
"""

import datetime
import os
import time
from typing import Any

import uuid_utils
import uuid_utils.compat

WRONG_BY = float(os.environ["WRONG_BY_SECONDS"])
_time, _time_ns, _clock_gettime = time.time, time.time_ns, time.clock_gettime
_gmtime, _localtime, _strftime = time.gmtime, time.localtime, time.strftime
_datetime, _date, _uuid7 = datetime.datetime, datetime.date, uuid_utils.compat.uuid7


def now() -> float:
    return _time() + WRONG_BY


def now_ns() -> int:
    return _time_ns() + int(WRONG_BY * 1e9)


def clock_gettime(clock: int) -> float:
    return _clock_gettime(clock) + (WRONG_BY if clock == time.CLOCK_REALTIME else 0)


def gmtime(seconds: float | None = None) -> time.struct_time:
    return _gmtime(now() if seconds is None else seconds)


def localtime(seconds: float | None = None) -> time.struct_time:
    return _localtime(now() if seconds is None else seconds)


def strftime(form: str, at: Any = None) -> str:
    return _strftime(form, localtime() if at is None else at)


def uuid7() -> Any:
    return _uuid7(nanoseconds=now_ns())


class _Kind(type):
    """Instants that are made in C have the plain type; they are instants all the same."""

    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, cls.plain)  # type: ignore[attr-defined]

    def __subclasscheck__(cls, kind: type) -> bool:
        return issubclass(kind, cls.plain)  # type: ignore[attr-defined]


class WrongDatetime(_datetime, metaclass=_Kind):
    plain = _datetime

    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return cls.fromtimestamp(now(), tz)

    @classmethod
    def utcnow(cls) -> Any:
        return cls.fromtimestamp(now(), datetime.UTC).replace(tzinfo=None)

    today = now


class WrongDate(_date, metaclass=_Kind):
    plain = _date

    @classmethod
    def today(cls) -> Any:
        return cls.fromtimestamp(now())


for wrong, right in ((WrongDatetime, _datetime), (WrongDate, _date)):
    wrong.__name__ = wrong.__qualname__ = right.__name__
    wrong.__module__ = "datetime"
    setattr(datetime, right.__name__, wrong)
time.time, time.time_ns, time.clock_gettime = now, now_ns, clock_gettime
time.gmtime, time.localtime, time.strftime = gmtime, localtime, strftime
uuid_utils.compat.uuid7 = uuid7
