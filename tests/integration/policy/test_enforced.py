"""Every setting does what it says, for sessions that were open when it was saved as for those that came after."""

from datetime import timedelta

import pytest

from portal.agents.models import Agent
from sessions_app.actions import sweeping
from sessions_app.forms.policy import NOT_YET_ENFORCED
from sessions_app.models import ChatSession, Message, Variable
from tests import cast
from tests.integration.api.conftest import Program, program, refused
from tests.integration.policy.conftest import PATH

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = timedelta(hours=1)
ADA = {"agent": "shop", "user": {"id": "ada"}}


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    """Ada's, open when the policy is changed."""
    return cast.chatting(shop, cast.user("ada"))


def hours_later(owner: Program, session: ChatSession, hours: int) -> ChatSession:
    """Ended now, and looked at so much later."""
    owner.post(f"/sessions/{session.pk}/end")
    cast.pass_time(session.pk, hours * HOUR)
    sweeping.sweep()
    session.refresh_from_db()
    return session


def test_only_the_warning_waits_for_its_day():
    assert {"warn_before"} == NOT_YET_ENFORCED


# session_duration, idle_timeout, max_duration and end_behavior: test_reach.py, and the worked examples of the core.
def test_the_limit_refuses_one_session_more_and_ends_nobody(owner, session):
    owner.put(PATH, {"max_concurrent_per_user": 1})
    refused(owner.post("/sessions", ADA), 429, "session_limit_reached")
    assert [one["id"] for one in owner.get("/sessions").body["items"]] == [str(session.pk)]
    owner.put(PATH, {"max_concurrent_per_user": None})
    assert owner.post("/sessions", ADA).status_code == 201


def test_the_limit_of_a_version_for_new_sessions_holds_for_new_sessions(owner, session):
    owner.put(PATH, {"max_concurrent_per_user": 1, "reach": "new"})
    refused(owner.post("/sessions", ADA), 429, "session_limit_reached")


def test_at_the_limit_the_one_idle_longest_makes_room_if_that_is_set(owner, shop, session):
    cast.pass_time(session.pk, HOUR / 4)
    second = cast.chatting(shop, session.user)
    owner.put(PATH, {"max_concurrent_per_user": 2, "when_full": "end_longest_idle"})

    third = owner.post("/sessions", ADA)
    assert third.status_code == 201
    session.refresh_from_db()
    assert (session.state, session.end_reason) == ("ended", "displaced")
    left = {one["id"] for one in owner.get("/sessions").body["items"]}
    assert left == {str(second.pk), third.body["id"]}


def test_an_ended_session_is_archived_when_its_time_has_come(owner, session):
    owner.put(PATH, {"auto_archive_after": "P2D"})
    hours_later(owner, session, 47)
    assert session.archived_at is None
    cast.pass_time(session.pk, HOUR)
    sweeping.sweep()
    session.refresh_from_db()
    assert session.archived_at == session.ended_at + 48 * HOUR
    assert owner.get("/sessions", state="ended").body["items"] == []
    assert [one["id"] for one in owner.get("/sessions", state="ended", archived=True).body["items"]] == [
        str(session.pk)
    ]


def test_session_data_is_kept_as_long_as_is_set(owner, session):
    owner.call("PATCH", f"/sessions/{session.pk}/data", {"basket": [1, 2]})
    owner.put(PATH, {"session_data_retention": "P2D"})
    hours_later(owner, session, 47)
    assert Variable.objects.filter(session=session).exists()
    cast.pass_time(session.pk, HOUR)
    sweeping.sweep()
    assert not Variable.objects.filter(session=session).exists()
    assert "basket" not in owner.get(f"/sessions/{session.pk}/data").body


def test_transcripts_are_kept_as_long_as_is_set_and_for_ever_when_that_is_blank(owner, shop, session):
    owner.put(PATH, {"transcript_retention": "P2D"})
    hours_later(owner, session, 47)
    assert Message.objects.filter(session=session).exists()
    cast.pass_time(session.pk, HOUR)
    sweeping.sweep()
    assert not Message.objects.filter(session=session).exists()

    owner.put(PATH, {"transcript_retention": None})
    kept = hours_later(owner, cast.chatting(shop, cast.user("bob")), 24 * 4000)
    assert Message.objects.filter(session=kept).exists()


def test_a_model_can_be_chosen_for_one_session_once_that_is_allowed(owner, shop, session):
    Agent.objects.filter(pk=shop.pk).update(model="small", models=["large"])
    admin = program(cast.admin())
    path = f"/sessions/{session.pk}/model"
    refused(admin.put(path, {"model": "large"}), 409, "model_override_off")

    owner.put(PATH, {"allow_model_override": True})
    assert admin.put(path, {"model": "large"}).body["model"] == "large"
    owner.put(PATH, {"allow_model_override": False})
    assert owner.get(f"/sessions/{session.pk}").body["model"] == "large", "what was chosen while it was allowed stays"
    assert admin.put(path, {"model": None}).body["model"] == "small"
    refused(admin.put(path, {"model": "large"}), 409, "model_override_off")


# ── sessions that had ended before the change
@pytest.mark.parametrize("setting", ["auto_archive_after", "session_data_retention", "transcript_retention"])
def test_who_shortens_how_long_things_are_kept_means_what_is_stored_already(owner, session, setting):
    owner.call("PATCH", f"/sessions/{session.pk}/data", {"basket": [1, 2]})
    hours_later(owner, session, 72)
    owner.put(PATH, {setting: "P2D"})
    sweeping.sweep()

    session.refresh_from_db()
    gone = {
        "auto_archive_after": session.archived_at is not None,
        "session_data_retention": not Variable.objects.filter(session=session).exists(),
        "transcript_retention": not Message.objects.filter(session=session).exists(),
    }
    assert [name for name, so in gone.items() if so] == [setting]
