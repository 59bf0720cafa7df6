"""`/metrics`: what Prometheus is told, by every web process the same, and to whom."""

from datetime import timedelta

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from prometheus_client.parser import text_string_to_metric_families

from portal.accounts import auth
from sessions_app.actions import apply, retention, sweep_log, sweeping
from sessions_app.core.commands import USER, Pause
from sessions_app.models import SweepMinute
from tests import cast
from tests.integration.enforcement import scenes

pytestmark = pytest.mark.django_db
ELSEWHERE = {"REMOTE_ADDR": "203.0.113.7"}


def _scraped(client) -> dict[tuple[str, ...], float]:
    """(name, label values…) → number."""
    response = client.get("/metrics")
    assert response.status_code == 200
    families = text_string_to_metric_families(response.content.decode())
    return {(s.name, *s.labels.values()): s.value for family in families for s in family.samples}


def test_lateness_is_a_histogram_of_everything_that_was_noticed(client):
    sweep_log.noticed([timedelta(seconds=each) for each in (0.2, 0.2, 0.25, 1.5, 7000)])
    SweepMinute.objects.update(minute=sweep_log.BEFORE)
    sweep_log.noticed([timedelta(seconds=3)])
    found = _scraped(client)
    name = "portal_enforcement_lateness_seconds"
    bounds = {"0.1": 0, "0.2": 2, "0.3": 3, "1.4": 3, "1.5": 4, "3.0": 5, "3600.0": 5, "+Inf": 6}
    assert {bound: found[f"{name}_bucket", bound] for bound in bounds} == bounds
    assert (found[f"{name}_count",], found[f"{name}_sum",]) == (6, pytest.approx(7005.15))


def test_a_counter_never_runs_backwards(client, shop):
    """Also when the minutes of yesterday are forgotten."""
    scenes.overdue(shop, 3)
    sweeping.sweep()
    before = _scraped(client)
    SweepMinute.objects.update(minute=sweep_log.BEFORE + scenes.DAY)
    retention.tidy()
    assert _scraped(client).items() >= {key: n for key, n in before.items() if "lateness" in key[0]}.items()


def test_how_long_ago_the_last_sweeps_were(client):
    assert not any(name == "portal_sweep_age_seconds" for name, *_ in _scraped(client))
    scenes.swept("worker", ago=20 * scenes.SECOND)
    scenes.swept("web", ago=2 * scenes.SECOND)
    found = _scraped(client)
    worker, web = (found["portal_sweep_age_seconds", by] for by in ("worker", "web"))
    assert worker >= 20
    assert 2 <= web <= worker - 17


def test_how_long_ago_a_worker_did_other_work(client):
    assert ("portal_chores_age_seconds", "worker") not in _scraped(client)
    scenes.swept("chores", ago=20 * scenes.SECOND)
    assert _scraped(client)["portal_chores_age_seconds", "worker"] >= 20


def test_how_many_sessions_are_in_each_state_whatever_a_sweep_has_noticed(client, shop):
    cast.chatting(shop, scenes.ada())
    scenes.overdue(shop, by=timedelta(minutes=40))
    scenes.overdue(shop)
    paused = cast.chatting(shop, scenes.ada())
    apply([Pause(session=paused.pk, actor=USER)])
    found = _scraped(client)
    assert [found["portal_sessions_open", state] for state in ("live", "idle", "paused")] == [1, 1, 1]
    assert found["portal_sessions_due",] == 2


def test_how_many_cannot_be_swept(client, shop):
    (session,) = scenes.overdue(shop)
    counted = []
    with scenes.poison(session):
        for _ in range(5):
            counted.append(_scraped(client)["portal_sweep_failures",])
            scenes.due_now(session)
            sweeping.sweep()
    assert [*counted, _scraped(client)["portal_sweep_failures",]] == [0, 0, 0, 0, 0, 1]


def test_it_is_told_on_this_machine_or_to_an_admin(client):
    owner, admin = (auth.mint_token(account=who, name="t") for who in (cast.account("olga"), cast.admin()))

    def status(secret: str = "") -> int:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return client.get("/metrics", headers=headers, **ELSEWHERE).status_code

    assert [status(), status("pat_wrong"), status(owner), status(admin)] == [403, 403, 403, 200]


def test_it_names_nobody(client, shop):
    """Not an agent, not a user: numbers of the whole."""
    scenes.overdue(shop)
    sweeping.sweep()
    page = client.get("/metrics").content.decode().lower()
    assert "ada" not in page
    assert "shop" not in page


def test_without_a_database_there_is_nothing_to_tell(client, monkeypatch):
    def away(*_args):
        raise OperationalError("the database is away")

    with monkeypatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", away)
        response = client.get("/metrics")
    assert (response.status_code, response.content) == (503, b"The database does not answer.")
