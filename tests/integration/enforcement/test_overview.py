"""What the pages say of the enforcement: in words, for whoever may help."""

from datetime import timedelta

import pytest

from portal.lib import clock
from sessions_app.actions import sweep_log, sweeping
from sessions_app.models import SweepMinute
from tests.integration.enforcement import scenes

pytestmark = pytest.mark.django_db


@pytest.fixture
def shown(client, olga):
    """The text of a page, as Olga sees it."""

    def show(address: str = "/") -> str:
        client.force_login(olga)
        return " ".join(client.get(address).content.decode().split())

    return show


def test_how_late_the_last_hour_was(shown):
    sweeping.sweep()
    sweep_log.noticed([timedelta(seconds=0.3)] * 60 + [timedelta(seconds=1.15)] * 39 + [timedelta(seconds=90)])
    text = shown()
    assert "<b>99 % noticed within 1.2 s</b> in the last hour." in text
    for term, value in (
        ("Noticed in the last hour", "100"),
        ("Half of them within", "300 ms"),
        ("The worst", "1m 30s"),
    ):
        assert term in text
        assert f"<dd>{value}</dd>" in text


def test_yesterdays_lateness_is_not_todays(shown):
    sweep_log.noticed([timedelta(seconds=90)])
    SweepMinute.objects.update(minute=clock.now() - timedelta(hours=2))
    assert "Nothing was due in the last hour." in shown()


@pytest.mark.parametrize(
    ("worker", "web", "badge", "hint"),
    [
        (0, None, "on time", "A sweep looks every second"),
        (None, None, "not running", "No sweep has run for more than 10 seconds"),
        (60, 11, "not running", "No sweep has run for more than 10 seconds"),
        (60, 1, "without workers", "No worker has swept since</dt><dd> <time"),
        (None, 1, "without workers", "No worker has swept since</dt><dd>the beginning"),
        (1, 60, "on time", "A sweep looks every second"),
    ],
)
def test_who_sweeps(shown, worker, web, badge, hint):
    for by, ago in (("worker", worker), ("web", web)):
        if ago is not None:
            scenes.swept(by, ago=ago * scenes.SECOND)
    text = shown()
    assert f">{badge}</span>" in text
    assert hint in text


@pytest.mark.parametrize(
    ("ago", "note"), [(None, "has not been seen yet."), (46, "has not been seen lately."), (1, None)]
)
def test_whether_there_is_a_worker_for_the_rest(shown, ago, note):
    if ago is not None:
        scenes.swept("chores", ago=ago * scenes.SECOND)
    text = shown()
    assert ("The worker for other tasks" in text) is (note is not None)
    assert (note or "") in text


@pytest.mark.parametrize(
    ("worker", "web", "late", "standing_in"), [(1, None, False, False), (60, 60, True, False), (60, 1, False, True)]
)
@pytest.mark.usefixtures("shop")
def test_the_sessions_tab_says_so_too(shown, worker, web, late, standing_in):
    for by, ago in (("worker", worker), ("web", web)):
        if ago is not None:
            scenes.swept(by, ago=ago * scenes.SECOND)
    text = shown("/agents/shop/sessions/")
    assert ('id="late">' in text) is late
    assert ('id="standing-in">' in text) is standing_in
