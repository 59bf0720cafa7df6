"""Alive, and ready (1-product.md, "Pages")."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.db.backends.utils import CursorWrapper
from django.db.models import F
from django.test import Client

from portal import health
from portal.accounts import auth
from portal.lib import redis_client
from sessions_app import tasks
from sessions_app.actions import sweeping
from sessions_app.models import SweepRun
from tests import cast

HERE, ELSEWHERE = {}, {"REMOTE_ADDR": "203.0.113.7"}


@pytest.fixture
def swept(transactional_db):
    """Committed, because the checks look through connections of their own."""
    tasks.sweep()
    tasks.answer_forgotten_turns()


def ready(where=HERE, **headers):
    response = Client(headers=headers).get("/readyz", **where)
    return response.status_code, response.json()


def test_alive_asks_nothing_of_anybody():
    response = Client().get("/healthz")  # without a database in this test, a query would fail
    assert (response.status_code, response.content, response.headers["Cache-Control"]) == (
        *(200, b"ok"),
        "max-age=0, no-cache, no-store, must-revalidate, private",
    )


def test_ready_is_database_redis_a_sweep_that_just_ran_and_a_worker_for_the_rest(swept):
    status, answer = ready()
    assert (status, answer["status"]) == (200, "ready")
    assert {name: check["ok"] for name, check in answer["checks"].items()} == {
        "database": True,
        "redis": True,
        "enforcement": True,
        "worker": True,
    }


def test_it_is_not_ready_without_a_worker_for_the_rest(transactional_db):
    """Up but not working is as gone as gone: what counts is what was done."""
    sweeping.sweep()
    status, answer = ready()
    assert (status, answer["checks"]["worker"]["detail"]) == (503, "no worker has looked for forgotten turns yet")

    tasks.answer_forgotten_turns()
    assert ready()[0] == 200
    SweepRun.objects.filter(by="chores").update(ran_at=F("ran_at") - timedelta(seconds=46))
    status, answer = ready()
    assert (status, answer["checks"]["enforcement"]["ok"], answer["checks"]["worker"]["ok"]) == (503, True, False)


def test_it_is_not_ready_before_the_first_sweep_or_when_they_stop(transactional_db):
    tasks.answer_forgotten_turns()
    status, answer = ready()
    assert (status, answer["status"], answer["checks"]["enforcement"]["ok"]) == (503, "unready", False)
    assert answer["checks"]["enforcement"]["detail"] == "no sweep has run yet"

    sweeping.sweep()
    assert ready()[0] == 200
    SweepRun.objects.update(ran_at=F("ran_at") - timedelta(seconds=11))
    status, answer = ready()
    assert status == 503
    assert answer["checks"]["enforcement"]["detail"].startswith("the last sweep ran 11.")


@pytest.mark.parametrize("since", ["21:07", None])
def test_it_says_who_sweeps_when_no_worker_does(transactional_db, since):
    """Sessions end on time, and somebody should look all the same."""
    tasks.answer_forgotten_turns()
    if since:
        sweeping.sweep()
        SweepRun.objects.filter(by="worker").update(ran_at=datetime(2026, 11, 20, 21, 7, tzinfo=UTC))
    sweeping.sweep(by="web")
    status, answer = ready()
    swept = "no worker has swept since 21:07" if since else "no worker has swept yet"
    assert (status, answer["checks"]["enforcement"]["detail"]) == (503, f"{swept}; the web processes do it")
    sweeping.sweep()
    assert ready()[0] == 200


def test_it_is_not_ready_without_redis(swept, settings):
    redis_client.client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        status, answer = ready()
    finally:
        redis_client.client.cache_clear()
    assert (status, answer["checks"]["redis"]["ok"], answer["checks"]["database"]["ok"]) == (503, False, True)


def test_a_check_that_hangs_has_failed(swept, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE", 0.1)
    monkeypatch.setattr(health, "CHECKS", health.CHECKS | {"database": lambda: time.sleep(0.5) or "late"})
    status, answer = ready()
    assert (status, answer["checks"]["database"]) == (503, {"ok": False, "detail": "no answer in 0 s"})
    time.sleep(0.5)


def test_elsewhere_only_the_answer_is_told_but_to_an_admin(swept):
    owner, admin = (auth.mint_token(account=who, name="t") for who in (cast.account("olga"), cast.admin()))
    assert ready(ELSEWHERE) == (200, {"status": "ready"})
    assert "checks" not in ready(ELSEWHERE, Authorization=f"Bearer {owner}")[1]
    assert "checks" in ready(ELSEWHERE, Authorization=f"Bearer {admin}")[1]
    assert "checks" not in ready(ELSEWHERE, Authorization="Bearer pat_wrong")[1]


def test_it_answers_soon_and_plainly_when_the_database_is_away(swept, monkeypatch):
    """Also to somebody whose token cannot be looked up then."""
    token = auth.mint_token(account=cast.admin(), name="t")

    def away(*_args):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", away)
        assert ready(ELSEWHERE, Authorization=f"Bearer {token}") == (503, {"status": "unready"})
        checks = ready(HERE)[1]["checks"]
    assert checks["database"] == {"ok": False, "detail": "the database is away"}
    assert (checks["redis"]["ok"], checks["enforcement"]["ok"]) == (True, False)


def test_looking_leaves_no_connection_behind(swept):
    ready()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")
        assert cursor.fetchone() == (0,)
