"""R10: a row that makes the sweep raise is set aside after five tries and shown; the others are not delayed."""

import contextlib
from datetime import timedelta

import httpx
from django.db import connection, transaction
from django.test import Client

from sessions_app.actions import apply
from sessions_app.core.commands import Tick
from sessions_app.models import ChatSession, SweepFailure, Thread
from tests import cast
from tests.faults import whole
from tests.faults.ledger import Tally
from tests.faults.patience import until
from tests.faults.scene import Scene

HOURS = timedelta(hours=2)
TRIES = 5
FAULT = "rows that make the sweep raise"
# What no Portal ever wrote: with the one the core cannot reckon, the other cannot even be read.
POISONS = ("paused_for = interval '900000000 days'", "inactive_since = 'infinity'")


def test_a_sweep_that_stops_where_it_raises_does_not_come_to_the_others(scene, ledger):
    shop = scene()
    with transaction.atomic():  # seen by nobody else, and undone
        due = _poisoned(shop) + _overdue(shop, 10)
        for _ in range(TRIES):
            with contextlib.suppress(Exception):
                apply([Tick(session=session.pk) for session in due])
        left = ChatSession.objects.filter(agent=shop.agent).exclude(state="ended").count() - len(POISONS)
        transaction.set_rollback(True)
    ledger.broken("R10", FAULT, Tally(injected=len(POISONS), acknowledged=10, lost=left))


def test_what_cannot_be_swept_is_set_aside_after_five_tries_and_shown_and_holds_up_nobody(
    whole_portal, scene, ledger, times
):
    shop, spared = scene(), scene()
    poisoned = _poisoned(shop)
    ended = [verdict for _ in times(1, 30) for verdict in _swept(spared, 30)]
    while left := [one for one, tries in zip(poisoned, _tries(poisoned), strict=True) if tries < TRIES]:
        _due_now(left)
        ended += _swept(spared, 3)
    tries = _tries(poisoned)
    ended += _swept(spared, 3)
    assert _tries(poisoned) == tries, "once an hour is enough"
    ledger.kept("R10", FAULT, Tally(injected=len(poisoned), acknowledged=len(ended), wrong=ended.count(False)))
    _is_shown(shop, poisoned, [web.address for web in whole_portal.webs])
    assert whole.broken(spared.agent) == {}
    Thread.objects.filter(agent=shop.agent).delete()


def _poisoned(shop: Scene) -> list[ChatSession]:
    """One session for each poison, due since two hours."""
    sessions = [shop.guest().session for _ in POISONS]
    for session, poison in zip(sessions, POISONS, strict=True):
        with connection.cursor() as cursor:
            due = "due_at = clock_timestamp() - interval '2 hours'"
            cursor.execute(f"UPDATE chat_session SET {poison}, {due} WHERE id = %s", [session.pk])
    return sessions


def _overdue(shop: Scene, number: int) -> list[ChatSession]:
    """Each with the deadline that is over as its `ends_at`."""
    sessions = [shop.guest().session for _ in range(number)]
    for session in sessions:
        cast.pass_time(session.pk, HOURS)
        session.ends_at -= HOURS
    return sessions


def _swept(shop: Scene, number: int) -> list[bool]:
    """So many more become due, and are swept: whether each has ended when it was."""
    due = {session.pk: session.ends_at for session in _overdue(shop, number)}
    ended = ChatSession.objects.filter(pk__in=due, state="ended")
    until(lambda: ended.count() == number, "the sweep does what it can")
    return [due[id] == ended_at for id, ended_at in ended.values_list("pk", "ended_at")]


def _tries(sessions: list[ChatSession]) -> list[int]:
    tries = dict(SweepFailure.objects.values_list("session", "tries"))
    return [tries.get(session.pk, 0) for session in sessions]


def _due_now(sessions: list[ChatSession]) -> None:
    """Nobody waits for the seconds between two tries."""
    with connection.cursor() as cursor:
        ids = [session.pk for session in sessions]
        cursor.execute("UPDATE chat_session SET due_at = clock_timestamp() WHERE id = ANY(%s)", [ids])


def _is_shown(shop: Scene, poisoned: list[ChatSession], webs: list[str]) -> None:
    """To who runs the machine, and to who runs the agent."""
    for web in webs:
        answer = httpx.get(f"{web}/readyz", timeout=60).json()
        assert f"cannot be swept: {len(poisoned)}" in answer["checks"]["enforcement"]["detail"]
    browser = Client()
    browser.force_login(shop.olga)
    page = browser.get("/").content.decode()
    assert [session.pk for session in poisoned if f"q={session.pk}" not in page] == []
