"""Blocking database work from coroutines: a bounded number of threads per process.

All ORM work of all sockets would otherwise share one thread, and one slow query would hold up every socket.
"""

import asyncio
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

from django.db import connection, connections

T = TypeVar("T")
MOST = 8


async def in_database(work: Callable[[], T]) -> T:
    """Run `work` in a thread. Its connection goes back to the pool afterwards."""
    return await asyncio.get_running_loop().run_in_executor(_executor(os.getpid()), _then_release, work)


def _then_release(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        connections.close_all()


def release_connection() -> None:
    """Give this thread's connection back before it waits for something else; the next query takes another one."""
    if not connection.in_atomic_block:
        connection.close()


@lru_cache(maxsize=1)
def _executor(_pid: int) -> ThreadPoolExecutor:
    """This process's threads: a forked worker does not have its parent's."""
    return ThreadPoolExecutor(MOST, thread_name_prefix="database")
