"""A policy version on its way: to open sessions at once, to ended ones that are kept for less time now."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from portal.accounts.models import Account
from portal.lib import clock
from sessions_app.actions import apply, policies, rollout, sweeping
from sessions_app.core import deadlines
from sessions_app.core.commands import USER, Pause
from sessions_app.core.policy import Reach
from sessions_app.models import ChatSession, PolicyVersion, SweepFailure
from sessions_app.queries import agents, facts, rollouts
from tests import cast
from tests.integration.enforcement import scenes

pytestmark = pytest.mark.django_db
DAY = scenes.DAY
MINUTE = timedelta(minutes=1)


def _save(agent, reach: Reach = Reach.RUNNING, **values: Any) -> PolicyVersion:
    """A new version that nobody has taken anywhere yet, as if the process had died that saved it."""
    policy = replace(agent.policy_versions.latest("number").policy, **values)
    root = Account.objects.filter(username="root").first() or cast.admin()
    return policies.save(principal=cast.principal(root), agent=agent, policy=policy, reach=reach)


def _settled(version: PolicyVersion) -> None:
    PolicyVersion.objects.filter(pk=version.pk).update(saved_at=clock.now() - rollouts.SETTLED_AFTER)


def _versions(*sessions: ChatSession) -> list[int]:
    found = ChatSession.objects.in_bulk([session.pk for session in sessions])
    return [found[session.pk].policy.number for session in sessions]


@pytest.mark.django_db(transaction=True)
def test_when_a_version_is_saved_every_open_session_is_under_it():
    shop = cast.agent()
    live, paused = cast.chatting(shop), cast.chatting(shop, cast.user("bob"))
    apply([Pause(session=paused.pk, actor=USER)])
    _save(shop, session_duration=10 * MINUTE)
    assert _versions(live, paused) == [2, 2]
    live.refresh_from_db()
    assert live.due_at <= live.ends_at == live.started_at + 10 * MINUTE


def test_it_goes_on_with_what_a_process_left_undone(shop):
    """More than one batch of them."""
    sessions = [cast.chatting(shop, cast.user(f"u{number}")) for number in range(7)]
    version = _save(shop, session_duration=10 * MINUTE)
    assert _versions(*sessions) == [1] * 7
    sweeping.sweep()
    assert _versions(*sessions) == [2] * 7
    version.refresh_from_db()
    assert version.reached_at is None, "one may have begun under the old version and not be there yet"


def test_it_has_arrived_when_none_can_be_left(shop):
    version = _save(shop, session_duration=10 * MINUTE)
    sweeping.sweep()
    straggler = cast.chatting(shop)
    ChatSession.objects.filter(pk=straggler.pk).update(policy=shop.policy_versions.get(number=1))
    _settled(version)
    sweeping.sweep()
    version.refresh_from_db()
    assert _versions(straggler) == [2]
    assert version.reached_at is not None


def test_the_latest_version_takes_those_before_it_along(shop):
    session = cast.chatting(shop)
    versions = [_save(shop, session_duration=minutes * MINUTE) for minutes in (20, 10)]
    for version in versions:
        _settled(version)
    sweeping.sweep()
    assert _versions(session) == [3]
    assert shop.policy_versions.filter(number__gt=1, reached_at=None).count() == 0


def test_one_for_new_sessions_only_goes_nowhere(shop):
    session = cast.chatting(shop)
    version = _save(shop, Reach.NEW, session_duration=10 * MINUTE)
    _settled(version)
    sweeping.sweep()
    assert _versions(session) == [1]


def test_other_agents_sessions_stay_where_they_are(shop):
    other = cast.chatting(cast.agent("billing"))
    _save(shop, session_duration=10 * MINUTE)
    rollout.reach(shop.pk)
    assert _versions(other) == [1]


def test_one_that_cannot_be_moved_holds_up_neither_the_others_nor_the_version(shop):
    sessions = [cast.chatting(shop, cast.user(f"u{number}")) for number in range(5)]
    version = _save(shop, session_duration=10 * MINUTE)
    _settled(version)
    with scenes.poison(sessions[2]):
        sweeping.sweep()
    version.refresh_from_db()
    assert sorted(_versions(*sessions)) == [1, 2, 2, 2, 2]
    assert version.reached_at is not None
    assert SweepFailure.objects.get().session_id == sessions[2].pk
    scenes.due_now(sessions[2])
    sweeping.sweep()
    assert _versions(sessions[2]) == [2]


# ── ended sessions ───────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"auto_archive_after": 5 * DAY}, "archived_at"),
        ({"session_data_retention": 5 * DAY}, "data_erased_at"),
        ({"transcript_retention": 5 * DAY}, "transcript_erased_at"),
    ],
)
def test_what_is_kept_for_less_time_now_goes_at_once(shop, values, what):
    session = scenes.ended(shop, ago=10 * DAY, messages=2)
    sweeping.sweep()
    _save(shop, **values)
    rollout.reach(shop.pk)
    sweeping.sweep()
    session.refresh_from_db()
    gone = {name for name in ("archived_at", "data_erased_at", "transcript_erased_at") if getattr(session, name)}
    assert gone == {what}


def test_a_transcript_that_was_to_be_kept_for_ever_is_not_any_more(olga):
    shop = cast.agent(owner=olga, policy={"transcript_retention": None})
    session = scenes.ended(shop, ago=100 * DAY, messages=2)
    sweeping.sweep()
    session.refresh_from_db()
    assert session.due_at is None, "all is done that there was to do"
    _save(shop, transcript_retention=50 * DAY)
    rollout.reach(shop.pk)
    sweeping.sweep()
    assert not session.lines.exists()


def test_no_due_time_is_late_under_the_new_version(shop, monkeypatch):
    """The due times of ended sessions are moved by SQL: never later than what the core says."""
    monkeypatch.setattr(rollout, "ENDED_AT_ONCE", 3)
    sessions = [scenes.ended(shop, ago=days * DAY) for days in (1, 3, 4, 8, 12, 29, 31, 60)]
    sweeping.sweep()
    _save(shop, auto_archive_after=6 * DAY, session_data_retention=10 * DAY, transcript_retention=40 * DAY)
    rollout.reach(shop.pk)
    now, agent = clock.now(), agents.for_lifecycle([shop.pk])[shop.pk]
    rows = list(ChatSession.objects.values(*facts.COLUMNS, "due_at"))
    known = facts.policies(row["policy_id"] for row in rows)
    assert len(rows) == len(sessions)
    for row in rows:
        found = facts.facts_from(row, known)
        due = deadlines.next_due(found, agent.keeps(found))
        assert (row["due_at"] is None) == (due is None)
        assert due is None or row["due_at"] <= max(due, now)


def test_those_it_makes_due_are_late_from_then_on_only(shop):
    """A shorter retention is not a year's lateness."""
    scenes.ended(shop, ago=20 * DAY)
    sweeping.sweep()
    _save(shop, auto_archive_after=5 * DAY)
    rollout.reach(shop.pk)
    assert sweeping.sweep().lateness < scenes.HOUR


def test_a_version_that_keeps_longer_looks_at_none_of_them(shop):
    scenes.ended(shop, ago=2 * DAY)
    sweeping.sweep()
    version = _save(shop, auto_archive_after=50 * DAY)
    (found,) = rollouts.on_their_way(agent=shop.pk)
    assert (found.number, found.shortens) == (version.number, False)


@pytest.mark.django_db(transaction=True)
def test_whoever_works_on_one_is_not_in_the_way():
    """It is found again, and the version has not arrived before."""
    shop = cast.agent()
    busy, _ = (scenes.ended(shop, ago=10 * DAY) for _ in range(2))
    sweeping.sweep()
    with scenes.held("SELECT 1 FROM chat_session WHERE id = %s FOR UPDATE", busy.pk):
        version = _save(shop, auto_archive_after=5 * DAY)
        _settled(version)
        sweeping.sweep()
        version.refresh_from_db()
        assert version.reached_at is None
    sweeping.sweep()
    version.refresh_from_db()
    assert version.reached_at is not None
    assert ChatSession.objects.filter(archived_at=None).count() == 0


def test_a_sweep_asks_about_versions_on_their_way_by_their_index(shop):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("EXPLAIN SELECT FROM session_policy_version WHERE reach = 'running' AND reached_at IS NULL")
        assert "policy_on_its_way" in " ".join(line for (line,) in cursor.fetchall())
