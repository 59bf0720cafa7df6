"""How many statements the write path issues, by the number of commands."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from sessions_app.actions import apply
from sessions_app.core.commands import USER, Command, End, Kind, Say, Sender, Tick
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession

Make = Callable[[UUID], Command]
DUE, NOT_DUE = Q(due_at__lte=Now()), Q(due_at__gt=Now())


def work(sizes: list[int]) -> dict[str, list[int]]:
    """Deed → its statements for each of `sizes`. Each command has a session of its own, that nothing was done to."""
    apply([_say(_untouched(NOT_DUE, 1)[0])])  # some things are read once per process
    return {name: [_statements(which, make, size) for size in sizes] for name, (which, make) in DEEDS.items()}


def _say(session: UUID) -> Command:
    return Say(session=session, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text="hello", client_id="1")


def _end(session: UUID) -> Command:
    return End(session=session, actor=USER, end_reason=EndReason.USER_ENDED)


def _tick(session: UUID) -> Command:
    return Tick(session=session)


DEEDS: dict[str, tuple[Q, Make]] = {
    "messages": (NOT_DUE, _say),
    "late messages": (DUE, _say),
    "ends": (NOT_DUE, _end),
    "sweeps": (DUE, _tick),
}


def _untouched(which: Q, number: int) -> list[UUID]:
    return list(ChatSession.objects.filter(which, state="live", messages=1).values_list("pk", flat=True)[:number])


def _statements(which: Q, make: Make, size: int) -> int:
    commands = [make(session) for session in _untouched(which, size)]
    assert len(commands) == size, "there are sessions enough"
    issued: list[str] = []

    def count(execute: Any, statement: str, *arguments: Any) -> Any:
        issued.append(statement)
        return execute(statement, *arguments)

    with connection.execute_wrapper(count):
        apply(commands)
    return len(issued)
