"""Runs of several measurements."""

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def in_turn(times: int, *works: Callable[[], T]) -> list[list[T]]:
    """What each of `works` gave, `times` times. They take turns: what else the machine does hits all of them."""
    found: list[list[T]] = [[] for _ in works]
    for _ in range(times):
        for work, given in zip(works, found, strict=True):
            given.append(work())
    return found
