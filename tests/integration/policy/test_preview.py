"""What a change would do, before it is saved (1-product.md, "Changing a policy"). It says what a save then does."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.agents.models import Agent
from sessions_app.models import ChatSession, Event, Message, PolicyVersion
from sessions_app.queries import foresight
from tests import cast
from tests.integration.api.conftest import Program, refused
from tests.integration.policy.conftest import MINUTE, PATH

pytestmark = pytest.mark.django_db

NOBODY = {"count": 0, "first": []}
NOTHING = dict.fromkeys(("ends_now", "longer", "shorter", "over_limit"), NOBODY)


def preview(owner: Program, **settings: Any) -> dict[str, Any]:
    response = owner.post(f"{PATH}/preview", settings)
    assert response.status_code == 200, response.content
    found: dict[str, Any] = response.body
    return found


def silent_for(minutes: int, agent: Agent, who: str) -> ChatSession:
    """Somebody whose last message was so long ago."""
    session = cast.chatting(agent, cast.user(who))
    cast.pass_time(session.pk, minutes * MINUTE)
    return session


def these(*sessions: ChatSession) -> dict[str, Any]:
    return {"count": len(sessions), "first": [str(session.pk) for session in sessions]}


def test_it_tells_whom_a_shorter_session_ends_now_and_whom_sooner(owner, shop):
    bob, ada, zoe = (silent_for(minutes, shop, who) for minutes, who in ((25, "bob"), (15, "ada"), (2, "zoe")))
    silent_for(40, shop, "gone")  # past its deadline: no sweep has been here

    assert preview(owner, session_duration="PT10M") == NOTHING | {"ends_now": these(ada, bob), "shorter": these(zoe)}
    assert preview(owner, session_duration="PT45M") == NOTHING | {"longer": these(zoe, ada, bob)}
    assert preview(owner, end_behavior="clear_history", idle_timeout="PT1M", warn_before=0) == NOTHING


def test_settings_that_are_left_out_are_the_current_ones(owner, shop):
    """Under a version for new sessions only, it is what taking the others along would do."""
    ada = silent_for(2, shop, "ada")
    owner.put(PATH, {"session_duration": "PT20M", "reach": "new"})
    silent_for(2, shop, "bob")
    assert preview(owner) == NOTHING | {"shorter": these(ada)}
    assert preview(owner, session_duration="PT30M")["longer"]["count"] == 1


def test_the_cap_counts_as_much_as_silence(owner, shop):
    ada = silent_for(100, shop, "ada")
    cast.say(ada.thread)
    session = ada.thread.sessions.get(state="live")
    cast.pass_time(session.pk, 10 * MINUTE)
    for _ in range(3):
        cast.say(ada.thread)
        cast.pass_time(session.pk, 10 * MINUTE)

    assert preview(owner, max_duration="PT30M")["ends_now"] == these(session)
    assert preview(owner, max_duration="PT50M")["shorter"] == these(session)


def test_a_paused_session_is_judged_by_the_time_it_has_left(owner, shop):
    ada = silent_for(15, shop, "ada")
    owner.post(f"/sessions/{ada.pk}/pause")
    cast.pass_time(ada.pk, 120 * MINUTE)

    assert preview(owner) == NOTHING
    assert preview(owner, session_duration="PT20M") == NOTHING | {"shorter": these(ada)}
    assert preview(owner, session_duration="PT45M") == NOTHING | {"longer": these(ada)}
    assert preview(owner, session_duration="PT10M") == NOTHING | {"shorter": these(ada)}, "it ends when it is resumed"


def test_a_paused_session_kept_longer_than_its_data_would_be_ends_now(owner, shop):
    ada = silent_for(15, shop, "ada")
    owner.post(f"/sessions/{ada.pk}/pause")
    cast.pass_time(ada.pk, timedelta(days=3))
    assert preview(owner, session_data_retention="P2D")["ends_now"] == these(ada)


def test_users_above_the_limit_are_counted_once_and_by_those_of_their_sessions_that_stay(owner, shop):
    ada, bob = cast.user("ada"), cast.user("bob")
    for who, number in ((ada, 3), (bob, 2)):
        for _ in range(number):
            cast.chatting(shop, who)
    silent_for(15, shop, "zoe")

    assert preview(owner, max_concurrent_per_user=1)["over_limit"] == {"count": 2, "first": ["ada", "bob"]}
    assert preview(owner, max_concurrent_per_user=2)["over_limit"] == {"count": 1, "first": ["ada"]}
    assert preview(owner, max_concurrent_per_user=None)["over_limit"] == NOBODY
    cast.pass_time(ChatSession.objects.filter(user=ada).earliest("started_at").pk, 15 * MINUTE)
    ended_by_it = preview(owner, max_concurrent_per_user=2, session_duration="PT10M")
    assert ended_by_it["over_limit"] == NOBODY
    assert ended_by_it["ends_now"]["count"] == 2


def test_a_place_that_a_transfer_keeps_counts_for_the_limit(olga, owner, shop):
    ada = cast.user("ada")
    cast.chatting(shop, ada)
    elsewhere = cast.chatting(cast.agent("desk", owner=olga), ada)
    assert preview(owner, max_concurrent_per_user=1)["over_limit"] == NOBODY
    assert owner.post(f"/sessions/{elsewhere.pk}/transfer", {"agent": "shop"}).status_code == 200
    assert preview(owner, max_concurrent_per_user=1)["over_limit"] == {"count": 1, "first": ["ada"]}


def test_emulator_sessions_and_other_agents_are_not_counted(olga, owner, shop):
    owner.post("/sessions", {"agent": "shop", "user": {"id": "ada"}, "version": "DRAFT"})
    silent_for(2, cast.agent("desk", owner=olga), "bob")
    assert preview(owner, session_duration="PT45M", max_concurrent_per_user=1) == NOTHING


def test_only_the_first_twenty_are_named(owner, shop):
    sessions = [silent_for(2, shop, f"user-{number}") for number in range(22)]
    shorter = preview(owner, session_duration="PT5M")["shorter"]
    assert shorter == {"count": 22, "first": [str(session.pk) for session in sessions[:1:-1]]}


def test_it_writes_nothing(owner, shop):
    ada = silent_for(15, shop, "ada")
    silent_for(40, shop, "bob")
    before = list(ChatSession.objects.order_by("pk").values()), Event.objects.count(), Message.objects.count()
    preview(owner, session_duration="PT10M", max_concurrent_per_user=1)
    assert before == (list(ChatSession.objects.order_by("pk").values()), Event.objects.count(), Message.objects.count())
    assert PolicyVersion.objects.filter(agent=shop).count() == 1
    assert owner.get(f"/sessions/{ada.pk}").body["state"] == "live"


def test_it_asks_the_database_as_often_however_many_sessions_there_are(owner, shop):
    silent_for(2, shop, "ada")
    preview(owner)  # a version that has been read is remembered
    asked = []
    for more in (range(1), range(1, 20)):
        for number in more:
            silent_for(2, shop, f"user-{number}")
        with CaptureQueriesContext(connection) as queries:
            preview(owner, session_duration="PT5M")
        asked.append(len(queries))
    assert asked[0] == asked[1]


@pytest.mark.parametrize("batch", [1, 7])
def test_the_numbers_are_the_same_however_the_rows_come(owner, shop, monkeypatch, batch):
    for number in range(8):
        silent_for(number * 4, shop, f"user-{number}")
    settings = {"session_duration": "PT10M", "max_concurrent_per_user": 1}
    at_once = preview(owner, **settings)
    monkeypatch.setattr(foresight, "BATCH", batch)
    assert preview(owner, **settings) == at_once


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "settings",
    [
        {"session_duration": "PT12M"},
        {"session_duration": "PT40M", "idle_timeout": "PT1M"},
        {"max_duration": "PT10M", "session_duration": "PT40M"},
        {"session_data_retention": "P1D", "session_duration": "PT5M"},
    ],
)
def test_what_it_says_is_what_a_save_then_does(owner, shop, settings):
    sessions = [silent_for(minutes, shop, f"user-{minutes}") for minutes in (1, 6, 11, 16, 21, 26, 29)]
    for paused in sessions[1::3]:
        owner.post(f"/sessions/{paused.pk}/pause")
    said = preview(owner, **settings)
    before = {session.pk: session.ends_at for session in ChatSession.objects.all()}
    owner.put(PATH, settings)

    after = list(ChatSession.objects.order_by("-started_at", "-pk"))
    ended = [session for session in after if session.state == "ended"]
    running = [(session, before[session.pk]) for session in after if session.ends_at is not None]
    assert said["ends_now"] == these(*ended)
    for effect, holds in (("longer", lambda now, was: now > was), ("shorter", lambda now, was: now < was)):
        expected = {str(session.pk) for session, was in running if was and holds(session.ends_at, was)}
        paused = {str(session.pk) for session in after if session.state == "paused"}
        assert set(said[effect]["first"]) - paused == expected


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"session_duration": "PT25H"}, "out_of_bounds"),
        ({"max_concurrent_per_user": 0}, "out_of_bounds"),
        ({"session_duration": "soon"}, "invalid"),
        ({"reach": "new"}, "invalid"),
        ({"sesion_duration": "PT30M"}, "invalid"),
    ],
)
def test_what_could_not_be_saved_is_refused_by_field(owner, settings, code):
    problem = refused(owner.post(f"{PATH}/preview", settings), 422, code)
    assert list(problem["errors"]) == list(settings)
