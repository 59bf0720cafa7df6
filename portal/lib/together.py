"""Calls from several threads that are done together: what a commit or a query costs is then shared by all of them.

Nobody waits for others to come. A call that comes alone is done at once; those that come while others are under way are
done together as soon as these are.
"""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from django.db import connection

from portal.lib.outages import would_come_again
from portal.lib.threads import release_connection

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


@dataclass(slots=True, eq=False)
class _Call(Generic[Asked, Answer]):
    asked: Asked
    answer: "Future[Answer]" = field(default_factory=Future)
    leads: Future[bool] = field(default_factory=Future)  # False: somebody else has seen to the answer


class Together(Generic[Asked, Answer]):
    """`work` takes what was asked and returns as many answers, in order. It runs in the thread of one of the callers.

    At most `lanes` run at once, each with up to `most` calls. One call that makes it raise does not take the others
    down with it: each is then done alone.
    """

    def __init__(self, work: Callable[[Sequence[Asked]], Sequence[Answer]], *, most: int = 100, lanes: int = 2) -> None:
        self._work = work
        self._most = most
        self._free = lanes
        self._lock = Lock()
        self._waiting: deque[_Call[Asked, Answer]] = deque()

    def __call__(self, asked: Asked) -> Answer:
        """Raises what `work` raises."""
        if connection.in_atomic_block:
            (answer,) = self._work([asked])
            return answer
        call: _Call[Asked, Answer] = _Call(asked)
        if self._may_lead(call) or self._shall_lead(call):
            self._lead(call)
        return call.answer.result()

    def _may_lead(self, call: _Call[Asked, Answer]) -> bool:
        with self._lock:
            if self._free:
                self._free -= 1
                return True
            self._waiting.append(call)
            return False

    def _shall_lead(self, call: _Call[Asked, Answer]) -> bool:
        """Who waits holds no database connection: the one it waits for may need it."""
        release_connection()
        return call.leads.result()

    def _lead(self, own: _Call[Asked, Answer]) -> None:
        """Do this call and those that wait, then leave the lane to one that has come since."""
        with self._lock:
            calls = [own, *(self._waiting.popleft() for _ in range(min(self._most - 1, len(self._waiting))))]
        try:
            self._do(calls)
        finally:
            self._pass_on()
            for call in calls:
                call.answer.cancel()  # where it is not known by now, it never will be
                if call is not own:
                    call.leads.set_result(False)

    def _pass_on(self) -> None:
        with self._lock:
            following = self._waiting.popleft() if self._waiting else None
            self._free += following is None
        if following is not None:
            following.leads.set_result(True)

    def _do(self, calls: Sequence[_Call[Asked, Answer]]) -> None:
        try:
            answers = self._work([call.asked for call in calls])
        except Exception as error:
            if len(calls) == 1 or would_come_again(error):
                for call in calls:
                    call.answer.set_exception(error)
            else:
                for call in calls:
                    self._do([call])
            return
        for call, answer in zip(calls, answers, strict=True):
            call.answer.set_result(answer)
