"""R10: what makes the sweep raise is set aside after five tries and shown; the others are not delayed."""

from uuid import uuid4

import pytest
from django.db import OperationalError, connection

from portal.lib import clock
from sessions_app import tasks
from sessions_app.actions import _store, sweep_log, sweeping
from sessions_app.models import ChatSession, SweepFailure
from sessions_app.queries import enforcement
from tests import cast
from tests.integration.enforcement import scenes

pytestmark = pytest.mark.django_db
SECONDS_APART = [1, 2, 4, 8, 3600, 3600]


def _waits(session: ChatSession) -> float:
    """Seconds until it is tried again, counted from the last try."""
    session.refresh_from_db()
    return (session.due_at - SweepFailure.objects.get().last_at).total_seconds()


def test_it_is_tried_after_1_2_4_and_8_seconds_and_then_once_an_hour(shop):
    (session,) = scenes.overdue(shop)
    waits = []
    with scenes.poison(session) as tries:
        for _ in SECONDS_APART:
            sweeping.sweep()
            waits.append(round(_waits(session)))
            scenes.due_now(session)
        sweeping.sweep()
        sweeping.sweep()  # not before its time
    assert waits == SECONDS_APART
    assert tries.call_count == len(SECONDS_APART) + 1


def test_the_others_are_swept_in_the_same_sweep(shop):
    sessions = scenes.overdue(shop, 40)
    poisoned = [sessions[0], sessions[17], sessions[39]]
    with scenes.poison(*poisoned):
        assert sweeping.sweep().handled == 37
    assert set(ChatSession.objects.filter(state="ended")) == set(sessions) - set(poisoned)
    assert set(SweepFailure.objects.values_list("session", flat=True)) == scenes.ids(poisoned)


def test_many_of_them_in_front_do_not_delay_the_others(shop, monkeypatch):
    """More than one batch of them: what stands behind is swept in the same sweep."""
    monkeypatch.setitem(sweeping.BATCH, "worker", 5)
    monkeypatch.setitem(sweeping.ENOUGH, "worker", 60)
    poisoned = scenes.overdue(shop, 12, by=5 * scenes.HOUR)
    (behind,) = scenes.overdue(shop)
    with scenes.poison(*poisoned):
        sweeping.sweep()
    behind.refresh_from_db()
    assert behind.state == "ended"


def test_one_that_failed_before_is_tried_alone(shop):
    """It held the others up once; the whole batch would be done again every time."""
    (poisoned,) = scenes.overdue(shop)
    with scenes.poison(poisoned):
        sweeping.sweep()
        others = scenes.overdue(shop, 8)
        scenes.due_now(poisoned)
        with scenes.poison(poisoned) as tries:
            assert sweeping.sweep().handled == len(others)
        assert tries.call_count == 1


def test_the_record_goes_when_it_is_swept_again(shop):
    (session,) = scenes.overdue(shop)
    with scenes.poison(session):
        sweeping.sweep()
    assert SweepFailure.objects.get().tries == 1
    scenes.due_now(session)
    sweeping.sweep()
    session.refresh_from_db()
    assert session.state == "ended"
    assert not SweepFailure.objects.exists()


def test_the_record_says_what_and_where_and_nothing_that_was_said(shop):
    """What an exception says may be words of a user, and these are to be found in one place only."""
    (session,) = scenes.overdue(shop)
    with scenes.poison(session):
        sweeping.sweep()
    error = SweepFailure.objects.get().error
    assert error.startswith("ValueError in choke, line ")
    assert "4000" not in error


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_of_one_row_is_not_taken_for_its_absence(monkeypatch):
    """A deadlock or a statement that takes too long is an OperationalError, too."""
    poisoned, other = scenes.overdue(cast.agent(), 2)
    insert = _store.insert_events

    def take_too_long(events):
        if any(event.session == poisoned.pk for event in events):
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '20ms'")
                cursor.execute("SELECT pg_sleep(5)")
        insert(events)

    monkeypatch.setattr(_store, "insert_events", take_too_long)
    sweeping.sweep()
    other.refresh_from_db()
    assert other.state == "ended"
    assert SweepFailure.objects.get().session_id == poisoned.pk


def test_a_database_that_is_away_is_nobodys_failure(shop):
    (session,) = scenes.overdue(shop)
    away = OperationalError("the server closed the connection unexpectedly")
    with scenes.poison(session, error=away), pytest.raises(OperationalError):
        sweeping.sweep()
    assert not SweepFailure.objects.exists()


def test_a_session_that_is_gone_by_then_is_nothing_to_show():
    sweep_log.failed(uuid4(), ValueError("it was erased"))
    assert not SweepFailure.objects.exists()


# ── shown to those who can help ──────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def set_aside(shop):
    """A session of the shop that was tried five times."""
    (session,) = scenes.overdue(shop)
    with scenes.poison(session):
        for _ in range(5):
            scenes.due_now(session)
            sweeping.sweep()
    return session


def _overview(client, who):
    client.force_login(who)
    return client.get("/").content.decode()


def test_it_is_shown_on_the_overview_to_those_who_may_see_the_agent(client, olga, set_aside):
    for who, sees in ((olga, True), (cast.admin(), True), (cast.account("otto"), False)):
        page = _overview(client, who)
        assert ("A session cannot be swept" in page) is sees
        assert (f"q={set_aside.pk}" in page) is sees


def test_one_that_is_still_tried_every_few_seconds_is_not(client, olga, shop):
    (session,) = scenes.overdue(shop)
    with scenes.poison(session):
        sweeping.sweep()
    assert "cannot be swept" not in _overview(client, olga)


def test_so_many_that_a_list_would_bury_the_page_are_counted(client, olga, shop):
    sessions = scenes.overdue(shop, 7)
    now = clock.now()
    SweepFailure.objects.bulk_create(
        SweepFailure(session=session, tries=5, error="KeyError", first_at=now, last_at=now) for session in sessions
    )
    page = _overview(client, olga)
    assert "7 sessions cannot be swept" in page
    assert page.count("KeyError") == enforcement.SHOWN_FAILURES


@pytest.mark.django_db(transaction=True)
def test_readyz_says_so_and_is_ready(client, set_aside):
    tasks.answer_forgotten_turns()
    answer = client.get("/readyz").json()
    assert answer["status"] == "ready"
    assert "set aside because they cannot be swept: 1" in answer["checks"]["enforcement"]["detail"]
