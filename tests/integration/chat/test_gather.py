"""Commands gathered: one that fails takes no other down, and a database that is away is asked once for all."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import DataError, OperationalError

from sessions_app.consumers import gather
from sessions_app.consumers.gather import Gatherer
from sessions_app.core.commands import Command, Tick


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The sizes of the batches that were put to the write path."""

    async def at_once(work: Callable[[], Any]) -> Any:
        return work()

    monkeypatch.setattr(gather.threads, "in_database", at_once)
    return []


def _outcomes(commands: list[Command]) -> list[Any]:
    async def scene() -> list[Any]:
        gatherer = Gatherer()
        return await asyncio.gather(*(gatherer.apply(c) for c in commands), return_exceptions=True)

    return asyncio.run(scene())


def test_a_command_that_fails_takes_no_other_down(asked, monkeypatch):
    bad, *good = [Tick(), Tick(reason="b"), Tick(reason="c")]

    def apply(commands: list[Command]) -> list[Any]:
        asked.append(len(commands))
        if bad in commands:
            raise DataError
        return commands

    monkeypatch.setattr(gather, "apply", apply)
    failed, *done = _outcomes([bad, *good])
    assert isinstance(failed, DataError)
    assert done == good


@pytest.mark.parametrize(
    "cause", [psycopg.OperationalError(), psycopg.errors.AdminShutdown(), psycopg.errors.QueryCanceled()]
)
def test_what_would_fail_for_each_is_tried_once_for_all(asked, monkeypatch, cause):
    def apply(commands: list[Command]) -> list[Any]:
        asked.append(len(commands))
        raise OperationalError from cause

    monkeypatch.setattr(gather, "apply", apply)
    assert {type(one) for one in _outcomes([Tick(), Tick(), Tick()])} == {OperationalError}
    assert asked == [3]


def test_a_deadlock_is_tried_again_one_by_one(asked, monkeypatch):
    def apply(commands: list[Command]) -> list[Any]:
        asked.append(len(commands))
        if len(commands) > 1:
            raise OperationalError from psycopg.errors.DeadlockDetected()
        return commands

    monkeypatch.setattr(gather, "apply", apply)
    assert len(_outcomes([Tick(), Tick()])) == 2
    assert asked == [2, 1, 1]
