"""Enforcement by the sweep: what is due, once, whoever else is at it."""

import re
import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection, connections, transaction
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from sessions_app import tasks
from sessions_app.actions import _store, sweeping
from sessions_app.core import decision as core
from sessions_app.models import ChatSession, Event, Message, PolicyVersion, SweepRun
from sessions_app.queries import enforcement
from sessions_app.queries.due import due, ended, over
from tests import cast

HOURS = timedelta(hours=1)
MINUTES = timedelta(minutes=1)


def _overdue(number: int, agent_slug: str = "shop") -> list[ChatSession]:
    agent, ada = cast.agent(agent_slug), cast.user()
    sessions = [cast.chatting(agent, ada) for _ in range(number)]
    for session in sessions:
        cast.pass_time(session.pk, 2 * HOURS)
    return sessions


@pytest.mark.django_db
def test_a_sweep_ends_what_is_due_at_its_deadline_and_leaves_the_rest():
    (over,) = _overdue(1)
    running = cast.chatting(cast.agent("billing"), over.user)

    swept = sweeping.sweep()

    over.refresh_from_db()
    running.refresh_from_db()
    assert swept.handled == 1
    assert (over.state, over.end_reason) == ("ended", "expired")
    assert over.due_at > over.ended_at, "it is looked at again when it is to be archived"
    assert over.ended_at == over.started_at + MINUTES * 60
    assert running.state == "live"


@pytest.mark.django_db
def test_a_session_goes_idle_before_it_ends_each_stamped_with_its_own_deadline():
    (session,) = _overdue(1)
    sweeping.sweep()

    events = list(session.events.order_by("id").values_list("type", "at"))
    started = session.events.get(type="session.started").at
    assert events[1:] == [("session.idle", started + 30 * MINUTES), ("session.ended", started + 60 * MINUTES)]


@pytest.mark.django_db
def test_a_touched_session_costs_one_look_and_is_left_alone():
    session = cast.chatting(cast.agent())
    cast.pass_time(session.pk, 40 * MINUTES)
    cast.say(session.thread)
    ChatSession.objects.filter(pk=session.pk).update(due_at=session.started_at - HOURS)

    assert sweeping.sweep().handled == 1
    assert sweeping.sweep().handled == 0, "its due time has moved on"
    session.refresh_from_db()
    assert session.state == "live"
    assert session.due_at == min(session.idle_at, session.ends_at)


@pytest.mark.django_db
def test_a_second_sweep_changes_nothing():
    _overdue(3)
    sweeping.sweep()
    before = (Event.objects.count(), Message.objects.count())
    sweeping.sweep()
    assert (Event.objects.count(), Message.objects.count()) == before


@pytest.mark.django_db
def test_the_celery_task_sweeps_and_leaves_a_trace_of_when_and_how_late():
    _overdue(2)
    tasks.sweep()
    run = SweepRun.objects.get()
    assert (run.by, run.handled) == ("worker", 2)
    assert run.lateness >= HOURS


@pytest.mark.django_db
def test_every_session_that_was_noticed_is_counted_by_how_late(monkeypatch):
    """Not the worst alone: one in a hundred is another thing than all of them."""
    monkeypatch.setitem(sweeping.BATCH, "worker", 2)
    first, *_, last = _overdue(5)
    for session in (first, last):
        cast.pass_time(session.pk, HOURS)
    sweeping.sweep()
    one_more = cast.chatting(cast.agent("billing"), first.user)
    cast.pass_time(one_more.pk, 2 * HOURS)
    sweeping.sweep()
    found = enforcement.lateness()
    assert (found.noticed, found.counts[-1]) == (6, 6), "all of them by more than an hour"
    assert found.worst >= 2 * HOURS
    assert found.total >= 2 * 2 * HOURS + 4 * HOURS


@pytest.mark.django_db
def test_a_sweep_with_nothing_due_is_one_statement(django_assert_num_queries):
    cast.chatting(cast.agent())
    PolicyVersion.objects.update(reached_at=Now())
    with django_assert_num_queries(1):
        sweeping.sweep()


@pytest.mark.django_db
def test_what_is_due_is_asked_of_the_partial_index():
    """Not of all there is: with the clock of the moment PostgreSQL would read the whole index."""
    agent = cast.agent()
    for number in range(60):
        cast.chatting(agent, cast.user(f"u{number}"))
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        with transaction.atomic():
            due(limit=10)
            ended(limit=10)
        over(limit=10)
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in [query["sql"] for query in asked if "due_at" in query["sql"]]:
            cursor.execute(f"EXPLAIN {query}")
            plan = " ".join(line for (line,) in cursor.fetchall())
            assert re.search(r"session_(open|ended)_due .*Index Cond: \(due_at <= statement_timestamp\(\)\)", plan), (
                plan
            )


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_share_the_work_and_do_nothing_twice():
    sessions = _overdue(20)
    errors: list[Exception] = []

    def sweep() -> None:
        try:
            sweeping.sweep()
        except Exception as error:
            errors.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=sweep) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    sweeping.sweep()
    assert errors == []
    assert Event.objects.filter(type="session.ended").count() == len(sessions)
    assert Message.objects.filter(kind="divider").count() == len(sessions)


@pytest.mark.django_db(transaction=True)
def test_a_session_somebody_is_working_on_does_not_hold_up_the_others():
    busy, other = _overdue(2)
    held, finished = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM chat_thread WHERE id = %s FOR UPDATE", [busy.thread_id])
            held.set()
            finished.wait(10)
        connections.close_all()

    worker = threading.Thread(target=hold)
    worker.start()
    held.wait(10)
    try:
        assert sweeping.sweep().handled == 1
    finally:
        finished.set()
        worker.join()
    other.refresh_from_db()
    assert other.state == "ended"


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_dies_has_done_nothing_of_its_batch(monkeypatch):
    _overdue(3)

    class Killed(BaseException):
        pass

    def die(*_args: object) -> None:
        raise Killed

    monkeypatch.setattr("sessions_app.actions._store.insert_events", die)
    with pytest.raises(Killed):
        sweeping.sweep()

    assert ChatSession.objects.filter(state="ended").count() == 0
    assert Message.objects.filter(kind="divider").count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_message_that_waited_for_the_lock_past_the_deadline_is_late():
    """The clock is asked after the lock is held. Asked before, it lets this message into a session that is over."""
    session = cast.chatting(cast.agent())
    held, overdue = threading.Event(), threading.Event()
    outcome = []

    def hold() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM chat_thread WHERE id = %s FOR UPDATE", [session.thread_id])
            held.set()
            overdue.wait(10)
            cast.pass_time(session.pk, 2 * HOURS)
        connections.close_all()

    def say() -> None:
        outcome.append(cast.say(session.thread, "just in time?"))
        connections.close_all()

    holder, speaker = threading.Thread(target=hold), threading.Thread(target=say)
    holder.start()
    held.wait(10)
    speaker.start()
    overdue.set()
    holder.join()
    speaker.join()

    session.refresh_from_db()
    assert session.end_reason == "expired"
    assert outcome[0].session.id != session.pk


@pytest.mark.django_db
def test_due_sessions_come_oldest_first():
    first, second = _overdue(2)
    cast.pass_time(second.pk, HOURS)
    with transaction.atomic():
        assert due(limit=10).sessions == (second.pk, first.pk)
        assert due(limit=1).sessions == (second.pk,)


@pytest.mark.django_db
def test_who_is_chatting_does_not_stand_behind_what_has_ended(monkeypatch):
    """However many sessions are to be archived or erased, and however long they have been due."""
    past, now = _overdue(3), cast.chatting(cast.agent("billing"), cast.user("bob"))
    sweeping.sweep()
    for session in past:
        cast.pass_time(session.pk, 40 * 24 * HOURS)
    cast.pass_time(now.pk, 2 * HOURS)
    monkeypatch.setitem(sweeping.BATCH, "worker", 1)
    sweeping.sweep()
    order = Event.objects.filter(type__in=("session.ended", "session.archived")).order_by("id")
    assert list(order.values_list("session", flat=True))[-4:] == [now.pk, *(session.pk for session in past)]


@pytest.mark.django_db
def test_a_session_that_cannot_be_swept_is_set_aside_and_does_not_stop_the_rest(monkeypatch):
    poisoned, *others = _overdue(4)
    cast.pass_time(poisoned.pk, HOURS)  # the first in line, every time
    insert = _store.insert_events

    def choke(events: list[core.Event]) -> None:
        if any(event.session == poisoned.pk for event in events):
            raise ValueError("poison")
        insert(events)

    monkeypatch.setattr(_store, "insert_events", choke)
    sweeping.sweep()

    assert set(ChatSession.objects.filter(state="ended")) == set(others)
    poisoned.refresh_from_db()
    assert poisoned.due_at is not None


@pytest.mark.django_db(transaction=True)
def test_a_sweep_without_its_database_sets_nothing_aside(monkeypatch):
    (session,) = _overdue(1)

    def away(*_args: object) -> None:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(_store, "insert_events", away)
    with pytest.raises(OperationalError):
        sweeping.sweep()
    monkeypatch.undo()
    assert sweeping.sweep().handled == 1
    session.refresh_from_db()
    assert session.state == "ended"
