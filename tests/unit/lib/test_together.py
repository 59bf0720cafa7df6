"""`portal.lib.together`: calls from several threads that are done together."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest
from django.db import OperationalError

from portal.lib.together import Together


class Work:
    """Doubles numbers. What asks for 0 waits until it is let go; below 0 raises."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.begun = threading.Event()
        self.go_on = threading.Event()
        self.error: Exception = ValueError("below 0")

    def __call__(self, asked: Sequence[int]) -> list[int]:
        self.batches.append(list(asked))
        if 0 in asked:
            self.begun.set()
            assert self.go_on.wait(30)
        if any(number < 0 for number in asked):
            raise self.error
        return [number * 2 for number in asked]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(20) as pool:
        yield pool


def behind_one_that_is_under_way(
    together: Together[int, int], work: Work, pool: ThreadPoolExecutor, numbers: Sequence[int]
) -> list[Future[int]]:
    """These come while the first is under way; then it goes on."""
    first = pool.submit(together, 0)
    assert work.begun.wait(30)
    calls = [pool.submit(together, number) for number in numbers]
    while len(together._waiting) < len(numbers):
        threading.Event().wait(0.001)
    work.go_on.set()
    assert first.result(30) == 0
    return calls


def test_a_call_that_comes_alone_is_done_at_once(work):
    assert Together(work)(7) == 14
    assert work.batches == [[7]]


def test_calls_that_come_meanwhile_are_done_together(work, pool):
    calls = behind_one_that_is_under_way(Together(work, lanes=1), work, pool, range(1, 11))

    assert [call.result(30) for call in calls] == [number * 2 for number in range(1, 11)]
    assert work.batches[0] == [0]
    assert sorted(work.batches[1]) == list(range(1, 11))
    assert len(work.batches) == 2


def test_no_more_are_done_together_than_it_may(work, pool):
    calls = behind_one_that_is_under_way(Together(work, lanes=1, most=3), work, pool, range(1, 9))

    assert sorted(call.result(30) for call in calls) == [number * 2 for number in range(1, 9)]
    assert [len(batch) for batch in work.batches] == [1, 3, 3, 2]


def test_another_lane_is_taken_while_one_is_under_way(work, pool):
    together = Together(work, lanes=2)
    slow = pool.submit(together, 0)
    assert work.begun.wait(30)

    assert together(5) == 10

    work.go_on.set()
    assert slow.result(30) == 0


def test_one_that_raises_does_not_take_the_others_down(work, pool):
    calls = behind_one_that_is_under_way(Together(work, lanes=1), work, pool, [1, -1, 2])

    assert calls[0].result(30) == 2
    with pytest.raises(ValueError, match="below 0"):
        calls[1].result(30)
    assert calls[2].result(30) == 4


@pytest.mark.parametrize("cause", [None, psycopg.errors.AdminShutdown(), psycopg.errors.QueryCanceled()])
def test_what_would_fail_for_each_is_tried_once_for_all(work, pool, cause):
    work.error = OperationalError("the database is away, or it took too long")
    work.error.__cause__ = cause
    calls = behind_one_that_is_under_way(Together(work, lanes=1), work, pool, [1, -1, 2])

    for call in calls:
        with pytest.raises(OperationalError):
            call.result(30)
    assert [len(batch) for batch in work.batches] == [1, 3]


def test_after_an_error_the_lane_is_free_again(work):
    together = Together(work, lanes=1)
    with pytest.raises(ValueError, match="below 0"):
        together(-1)

    assert together(3) == 6
