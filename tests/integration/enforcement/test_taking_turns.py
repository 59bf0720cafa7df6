"""Who sweeps: workers, however many beats call them; web processes only when no worker does."""

import threading

import pytest
from django.db import connections

from sessions_app import tasks
from sessions_app.actions import sweeping, ticking
from sessions_app.models import ChatSession, Event, SweepRun
from tests import cast
from tests.integration.enforcement import scenes

pytestmark = pytest.mark.django_db


def test_of_three_beats_one_is_heard(shop):
    (first,) = scenes.overdue(shop)
    tasks.sweep()
    (second,) = scenes.overdue(shop)
    tasks.sweep()
    tasks.sweep()
    assert set(ChatSession.objects.filter(state="ended")) == {first}

    scenes.swept("worker", ago=scenes.SECOND)
    tasks.sweep()
    assert set(ChatSession.objects.filter(state="ended")) == {first, second}


def test_a_web_process_leaves_it_to_the_workers(shop):
    scenes.overdue(shop)
    scenes.swept("worker", ago=9 * scenes.SECOND)
    assert sweeping.sweep_in_turn(by="web") is None
    assert not ChatSession.objects.filter(state="ended").exists()
    assert not SweepRun.objects.filter(by="web").exists()


@pytest.mark.parametrize("ago", [None, 11 * scenes.SECOND, scenes.DAY])
def test_it_sweeps_itself_when_no_worker_has_for_ten_seconds(shop, ago):
    (session,) = scenes.overdue(shop)
    if ago:
        scenes.swept("worker", ago=ago)
    assert sweeping.sweep_in_turn(by="web").handled == 1
    session.refresh_from_db()
    assert (session.state, session.end_reason) == ("ended", "expired")
    assert scenes.ran("web")


def test_web_processes_do_not_fight(shop):
    sweeping.sweep_in_turn(by="web")
    assert sweeping.sweep_in_turn(by="web") is None, "another one has just begun"


def test_workers_that_are_back_do_not_wait_for_the_web_processes(shop):
    scenes.swept("worker", ago=scenes.HOUR)
    assert sweeping.sweep_in_turn(by="web") is not None
    assert sweeping.sweep_in_turn(by="worker") is not None
    scenes.swept("web", ago=scenes.SECOND)
    assert sweeping.sweep_in_turn(by="web") is None


def test_a_clock_that_was_set_back_stops_no_sweep(shop):
    """What is noted of the last sweep is in the future then."""
    scenes.swept("worker", ago=-scenes.HOUR)
    assert sweeping.sweep_in_turn(by="web") is not None
    assert sweeping.sweep_in_turn(by="worker") is not None


@pytest.mark.django_db(transaction=True)
def test_workers_and_web_processes_together_do_nothing_twice():
    sessions = scenes.overdue(cast.agent(), 30)
    errors: list[Exception] = []

    def sweep(by: str) -> None:
        try:
            sweeping.sweep(by=by)
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    sweepers = [threading.Thread(target=sweep, args=[by]) for by in ("worker", "web", "web", "worker", "web")]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join()

    sweeping.sweep()
    assert errors == []
    assert Event.objects.filter(type="session.ended").count() == len(sessions)


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_begins():
    begun = []
    line = threading.Barrier(6)

    def ask() -> None:
        line.wait(10)
        begun.append(sweeping.sweep_in_turn() is not None)
        connections.close_all()

    workers = [threading.Thread(target=ask) for _ in range(6)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert begun.count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_where_very_much_is_due_one_worker_does_two_batches_at_once_and_nothing_twice(monkeypatch):
    """While the database writes for one, the other decides."""
    monkeypatch.setitem(sweeping.BATCH, "worker", 5)
    monkeypatch.setitem(sweeping.ENOUGH, "worker", 60)
    sessions = scenes.overdue(cast.agent(), 43)
    lanes, batch = set(), ticking.batch

    def noted(take, **limit):
        lanes.add(threading.current_thread().name)
        return batch(take, **limit)

    monkeypatch.setattr(ticking, "batch", noted)
    assert sweeping.sweep().handled == len(sessions)
    assert Event.objects.filter(type="session.ended").count() == len(sessions)
    assert len(lanes) == 2
    assert [thread for thread in threading.enumerate() if thread.name.startswith("sweep")] == []
