"""A policy change on sessions that are open (2-lifecycle.md, "Policy changes on open sessions"; examples 11 and 12).

When the answer is there, every open session has followed, no sweep needed.
"""

from datetime import datetime

import pytest

from portal.agents.models import Agent
from sessions_app.models import ChatSession, Message
from tests import cast
from tests.integration.api.conftest import Program
from tests.integration.policy.conftest import MINUTE, PATH

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    """Ada's: she said something a quarter of an hour ago, and nothing since."""
    session = cast.chatting(shop, cast.user("ada"))
    return after(15, session)


def after(minutes: float, session: ChatSession) -> ChatSession:
    cast.pass_time(session.pk, minutes * MINUTE)
    session.refresh_from_db()
    return session


def told(owner: Program, session: ChatSession) -> list[tuple[str, str, int]]:
    """What the timeline tells since the start: type, instant, policy version."""
    events = owner.get(f"/sessions/{session.pk}/events").body["items"]
    return [(event["type"], event["at"], event["policy_version"]) for event in events[1:]]


def test_example_11_a_session_without_time_left_ends_at_the_change_and_not_in_the_past(owner, session):
    saved = owner.put(PATH, {"session_duration": "PT10M"}).body

    session.refresh_from_db()
    assert session.state == "ended"
    seen = owner.get(f"/sessions/{session.pk}").body
    assert (seen["ended_at"], seen["end_reason"], seen["silent"]) == (saved["saved_at"], "expired", False)
    assert seen["policy_version"] == saved["version"] == 2
    now = saved["saved_at"]
    assert told(owner, session) == [
        *[("session.policy_changed", now, 2), ("session.idle", now, 2), ("session.ended", now, 2)]
    ]
    assert Message.objects.filter(session=session, kind="divider").count() == 1


def test_example_12_with_reach_new_it_ends_as_it_would_have(owner, session):
    saved = owner.put(PATH, {"session_duration": "PT10M", "reach": "new"}).body
    assert (saved["version"], saved["reach"]) == (2, "new")

    after(15, session)
    seen = owner.get(f"/sessions/{session.pk}").body
    assert (seen["state"], seen["end_reason"], seen["policy_version"]) == ("ended", "expired", 1)
    assert datetime.fromisoformat(seen["ended_at"]) - datetime.fromisoformat(seen["last_interaction_at"]) == 30 * MINUTE
    assert cast.chatting(session.agent, cast.user("bob")).policy.number == 2, "new sessions have the new one"


def test_every_list_shows_the_new_deadlines_at_once(owner, session):
    before = owner.get("/sessions").body["items"][0]
    owner.put(PATH, {"session_duration": "PT45M"})

    (listed,) = owner.get("/sessions").body["items"]
    assert (listed["policy_version"], listed["row_version"]) == (2, before["row_version"] + 1)
    assert datetime.fromisoformat(listed["ends_at"]) - datetime.fromisoformat(before["ends_at"]) == 15 * MINUTE
    assert listed["why"].endswith("after 45 minutes without an interaction (policy v2)")


def test_what_was_due_under_the_old_version_happens_first(owner, session):
    after(16, session)
    owner.put(PATH, {"session_duration": "PT24H"})

    session.refresh_from_db()
    assert (session.state, session.end_reason, session.policy.number) == ("ended", "expired", 1)
    assert session.ended_at == session.last_interaction_at + 30 * MINUTE


def test_an_idle_session_whose_new_idle_time_is_ahead_is_live_again(owner, session):
    owner.put(PATH, {"idle_timeout": "PT10M"})
    assert owner.get(f"/sessions/{session.pk}").body["state"] == "idle"
    saved = owner.put(PATH, {"idle_timeout": "PT20M"}).body

    assert [one["id"] for one in owner.get("/sessions", state="live").body["items"]] == [str(session.pk)]
    assert told(owner, session)[-2:] == [
        ("session.policy_changed", saved["saved_at"], 3),
        ("session.active", saved["saved_at"], 3),
    ]


def test_a_later_change_for_running_sessions_takes_along_those_that_one_for_new_ones_left(owner, session):
    owner.put(PATH, {"session_duration": "PT50M", "reach": "new"})
    second = cast.chatting(session.agent, cast.user("bob"))
    again = owner.put(PATH, {"reach": "running"}).body

    assert (again["version"], again["session_duration"], again["reach"]) == (3, "PT50M", "running")
    for one in (session, second):
        one.refresh_from_db()
        assert one.policy.number == 3
        assert one.ends_at == one.last_interaction_at + 50 * MINUTE


@pytest.mark.parametrize("reach", ["running", "new"])
def test_the_same_values_again_for_no_more_sessions_make_no_version(owner, session, reach):
    owner.put(PATH, {"session_duration": "PT50M"})
    assert owner.put(PATH, {"session_duration": "PT50M", "reach": reach}).body["version"] == 2
    session.refresh_from_db()
    assert session.policy.number == 2


def test_sessions_of_other_agents_stay_as_they_are(owner, session):
    other = cast.chatting(cast.agent("helpdesk"), cast.user("bob"))
    owner.put(PATH, {"session_duration": "PT5M"})
    other.refresh_from_db()
    assert (other.state, other.policy.number) == ("live", 1)


def test_a_paused_session_follows_and_finds_what_the_new_version_left_it(owner, session):
    owner.post(f"/sessions/{session.pk}/pause")
    after(60, session)
    owner.put(PATH, {"session_duration": "PT20M"})
    session.refresh_from_db()
    assert (session.state, session.policy.number) == ("paused", 2)

    resumed = owner.post(f"/sessions/{session.pk}/resume").body
    left = datetime.fromisoformat(resumed["ends_at"]) - datetime.fromisoformat(told(owner, session)[-1][1])
    assert round(left / MINUTE) == 5, "of twenty minutes fifteen were gone when it was paused"


def test_a_paused_session_without_time_left_ends_when_it_is_resumed_and_not_in_its_pause(owner, session):
    owner.post(f"/sessions/{session.pk}/pause")
    owner.put(PATH, {"session_duration": "PT10M"})
    after(60, session)
    assert owner.get(f"/sessions/{session.pk}").body["state"] == "paused"

    owner.post(f"/sessions/{session.pk}/resume")
    resumed, *_idle, ended = told(owner, session)[2:]
    assert (resumed[0], ended[0]) == ("session.resumed", "session.ended")
    assert resumed[1] == ended[1]


def test_a_change_of_platform_is_followed_by_running_sessions_too(owner, session):
    assert owner.call("PATCH", "/agents/shop", {"platform": "dialogflow_cx"}).status_code == 200
    session.refresh_from_db()
    assert (session.state, session.policy.number, session.policy.platform) == ("live", 2, "dialogflow_cx")


def test_a_change_of_platform_takes_nobody_along_whom_the_version_before_it_left(owner, session):
    owner.put(PATH, {"session_duration": "PT50M", "reach": "new"})
    owner.call("PATCH", "/agents/shop", {"platform": "dialogflow_cx"})
    session.refresh_from_db()
    assert (owner.get(PATH).body["version"], session.policy.number) == (3, 1)
