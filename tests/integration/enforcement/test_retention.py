"""To the end of life: archived, data erased, transcript erased, each at its time; much of it a little at a time."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest

from portal.lib import clock
from sessions_app.actions import apply, retention, sweep_log, sweeping
from sessions_app.actions.policies import save
from sessions_app.core import deadlines
from sessions_app.core.commands import USER, Pause
from sessions_app.core.policy import Reach
from sessions_app.models import ChatSession, Event, Message, SweepMinute, Turn, VisitorToken
from sessions_app.queries import agents, due, facts
from tests import cast
from tests.integration.enforcement import scenes

pytestmark = pytest.mark.django_db
DAY = scenes.DAY
MOMENT = timedelta(minutes=1)


def _fates(session: ChatSession) -> list[str]:
    """What has become of it after its end."""
    after = session.events.filter(type__in=("session.archived", "session.erased")).order_by("id")
    return [event.detail.get("what", "archived") for event in after]


def test_an_ended_session_is_archived_then_loses_its_data_then_its_transcript(olga):
    shop = cast.agent(owner=olga, policy={"auto_archive_after": 10 * DAY, "session_data_retention": 20 * DAY})
    session = scenes.ended(shop, ago=9 * DAY, messages=3)
    found = []
    for days in (1, 10, 345):
        sweeping.sweep()
        found.append((_fates(session), session.lines.exists()))
        cast.pass_time(session.pk, days * DAY)
    sweeping.sweep()
    found.append((_fates(session), session.lines.exists()))
    assert found == [
        ([], True),
        (["archived"], True),
        (["archived", "data"], True),
        (["archived", "data", "transcript"], False),
    ]
    session.refresh_from_db()
    assert session.due_at is None, "nothing is left to be done"


def test_each_is_stamped_with_the_instant_at_which_it_was_due(shop):
    """Also after workers were away for a month."""
    session = scenes.ended(shop, ago=400 * DAY)
    sweeping.sweep()
    session.refresh_from_db()
    events = dict(session.events.filter(type="session.erased").values_list("detail__what", "at"))
    assert session.archived_at == session.ended_at + 30 * DAY
    assert events["data"] == session.data_erased_at == session.touched_at + 30 * DAY
    assert events["transcript"] == session.transcript_erased_at == session.touched_at + 365 * DAY


def test_a_paused_session_nobody_touches_is_ended(shop):
    session = cast.chatting(shop)
    apply([Pause(session=session.pk, actor=USER)])
    cast.pass_time(session.pk, 30 * DAY)
    sweeping.sweep()
    session.refresh_from_db()
    assert (session.state, session.end_reason) == ("ended", "retention")


def test_a_transcript_that_is_kept_for_ever_is(olga):
    session = scenes.ended(cast.agent(owner=olga, policy={"transcript_retention": None}), ago=4000 * DAY, messages=2)
    sweeping.sweep()
    assert set(_fates(session)) == {"archived", "data"}
    assert session.lines.count() >= 2


# ── a little at a time ───────────────────────────────────────────────────────────────────────────────────────────────
def test_a_long_transcript_goes_in_small_transactions(shop, monkeypatch):
    monkeypatch.setattr(retention, "CHUNK", 100)
    session = scenes.ended(shop, ago=400 * DAY, messages=950)
    lines = session.lines.count()
    assert list(retention.steps()) == [100] * (lines // 100) + [lines % 100]
    assert not session.lines.exists()


def test_many_short_ones_share_a_transaction(shop):
    sessions = [scenes.ended(shop, ago=400 * DAY, messages=5) for _ in range(4)]
    (together,) = retention.steps()
    assert together >= 5 * len(sessions)


def test_a_long_transcript_does_not_hold_up_the_others(shop, monkeypatch):
    """It is looked at first, and all that stands behind it is swept before it is gone."""
    long = scenes.ended(shop, ago=400 * DAY, messages=300)
    (short,) = scenes.overdue(shop)
    steps = []
    monkeypatch.setattr(retention, "CHUNK", 100)
    delete = retention._delete_messages

    def deleting(sessions):
        short.refresh_from_db()
        steps.append(short.state)
        return delete(sessions)

    monkeypatch.setattr(retention, "_delete_messages", deleting)
    sweeping.sweep()
    assert len(steps) > 3
    assert set(steps) == {"ended"}
    assert _fates(long)[-1] == "transcript"


@pytest.mark.django_db(transaction=True)
def test_what_was_said_goes_without_the_lock_of_the_thread():
    """A user may be chatting in that thread: their next message must not wait for what was said a year ago."""
    session = scenes.ended(cast.agent(), ago=400 * DAY, messages=50)
    with scenes.held("SELECT 1 FROM chat_thread WHERE id = %s FOR UPDATE", session.thread_id):
        retention.thin()
        assert not session.lines.exists()
        sweeping.sweep()
        session.refresh_from_db()
        assert session.transcript_erased_at is None, "that is for whoever has the lock"
    sweeping.sweep()
    session.refresh_from_db()
    assert session.transcript_erased_at is not None


@pytest.mark.django_db(transaction=True)
def test_while_one_process_deletes_the_others_have_other_things_to_do():
    session = scenes.ended(cast.agent(), ago=400 * DAY, messages=50)
    (other,) = scenes.overdue(session.agent)
    with scenes.held("SELECT pg_advisory_xact_lock(%s)", retention._DELETING):
        sweeping.sweep()
        other.refresh_from_db()
        assert (session.lines.exists(), other.state) == (True, "ended")
    sweeping.sweep()
    assert not session.lines.exists()


def test_turns_that_were_never_answered_go_with_their_messages(shop):
    session = scenes.ended(shop, ago=400 * DAY)
    message = session.lines.first()
    Turn.objects.create(message=message, session=session, seq=message.seq)
    retention.thin()
    assert not Message.objects.exists()
    assert not Turn.objects.exists()


def test_a_transcript_that_cannot_be_deleted_is_set_aside_and_the_others_go(shop, monkeypatch):
    first, second = (scenes.ended(shop, ago=400 * DAY, messages=5) for _ in range(2))
    delete = retention._delete_messages

    def choke(sessions):
        if first.pk in sessions:
            raise ValueError("something new hangs on them")
        return delete(sessions)

    monkeypatch.setattr(retention, "_delete_messages", choke)
    sweeping.sweep()
    assert _fates(second)[-1] == "transcript"
    assert first.lines.exists()
    monkeypatch.undo()
    scenes.due_now(first)
    sweeping.sweep()
    assert _fates(first)[-1] == "transcript"


_KEPT_FOR = [  # by the version the session ran under, and by those that came after its end
    [50],
    [150],
    [None],
    *([first, second] for first in (50, 150, None) for second in (60, 160, None)),
    [50, 150, 160],
    [50, 60, 160],
    [150, 50, 160],
    [150, None, 60],
]


def test_what_is_over_for_the_database_is_over_for_the_core(olga):
    """Until when a transcript is kept is reckoned twice: in SQL for what is deleted, in the core for what is told."""
    found = [_is_over(olga, *case) for case in enumerate(product(_KEPT_FOR, Reach))]
    assert set(found) == {True, False}


def _is_over(olga, number, case):
    (first, *later), reach = case
    shop = cast.agent(f"shop-{number}", owner=olga, policy={"transcript_retention": first and first * DAY})
    session = scenes.ended(shop, ago=100 * DAY, messages=1)
    for days in later:
        _save(olga, shop, reach, {"transcript_retention": days and days * DAY})
    scenes.due_now(session)
    over = _until(session) <= clock.now()
    assert (due.over(limit=10) == [session.pk]) is over, case
    sweeping.sweep()
    assert Event.objects.filter(session=session, detail__what="transcript").exists() is over, case
    return over


def _until(session):
    row = ChatSession.objects.values(*facts.COLUMNS).get(pk=session.pk)
    found = facts.facts_from(row, facts.policies([row["policy_id"]]))
    agent = agents.for_lifecycle([row["agent_id"]])[row["agent_id"]]
    return deadlines.transcript_erased_at(found, agent.keeps(found)) or deadlines.NEVER


def _save(olga, shop, reach, values):
    current = shop.policy_versions.latest("number").policy
    save(principal=cast.principal(olga), agent=shop, policy=replace(current, **values), reach=reach)


# ── what nobody asks for any more ────────────────────────────────────────────────────────────────────────────────────
def test_tokens_of_visitors_go_when_their_time_is_over(monkeypatch):
    monkeypatch.setattr(retention, "AT_ONCE", 2)
    ada, now = cast.user(), clock.now()
    for number, until in enumerate([-5, -4, -3, -2, -1, 1]):
        VisitorToken.objects.create(digest=bytes([number]) * 32, user=ada, expires_at=now + until * DAY)
    retention.tidy()
    assert [token.expires_at for token in VisitorToken.objects.all()] == [now + DAY]


def test_minutes_are_kept_for_a_day_and_then_added_up():
    sweep_log.noticed([timedelta(seconds=1), timedelta(seconds=2)])
    SweepMinute.objects.update(minute=clock.now() - DAY - MOMENT)
    retention.tidy()
    sweep_log.noticed([timedelta(seconds=4)])
    SweepMinute.objects.filter(minute__gt=sweep_log.BEFORE).update(minute=clock.now() - DAY - MOMENT)
    sweep_log.noticed([timedelta(seconds=7)])
    retention.tidy()
    retention.tidy()

    before, now = SweepMinute.objects.order_by("minute")
    assert (before.minute, sum(before.late), sum(now.late)) == (sweep_log.BEFORE, 3, 1)
    assert (before.total, before.worst) == (timedelta(seconds=7), timedelta(seconds=4))
