"""The versions of a policy over HTTP: what each changed, and going back to one (3-api.md, "Agents, policy…")."""

import pytest

from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.models import PolicyVersion
from tests import cast
from tests.integration.api.conftest import Program, program, refused
from tests.integration.policy.conftest import MINUTE, PATH

pytestmark = pytest.mark.django_db

VERSIONS = f"{PATH}/versions"


@pytest.fixture
def three(owner: Program) -> Program:
    """Version 2 is shorter and for new sessions only, version 3 allows three sessions per user."""
    owner.put(PATH, {"session_duration": "PT20M", "reason": "Cost", "reach": "new"})
    owner.put(PATH, {"max_concurrent_per_user": 3, "auto_archive_after": "P7D"})
    return owner


# ── the list
def test_versions_are_listed_newest_first_with_what_each_changed(three):
    items = three.get(VERSIONS).body["items"]
    assert [(item["version"], item["reach"], item["reason"]) for item in items] == [
        *[(3, "running", ""), (2, "new", "Cost"), (1, "running", "")]
    ]
    assert [item["diff"] for item in items] == [
        {"max_concurrent_per_user": [None, 3], "auto_archive_after": ["P30D", "P7D"]},
        {"session_duration": ["PT30M", "PT20M"]},
        {},
    ]
    assert [item["author"] for item in items] == ["olga", "olga", None]


def test_each_version_is_as_it_was_when_it_was_current(three):
    newest = dict(three.get(VERSIONS).body["items"][0])
    assert newest.pop("diff")
    assert newest == three.get(PATH).body


def test_a_move_to_another_platform_is_a_difference(owner, shop):
    owner.call("PATCH", "/agents/shop", {"platform": "dialogflow_cx"})
    (moved, _first) = owner.get(VERSIONS).body["items"]
    assert moved["diff"] == {"platform": ["external", "dialogflow_cx"]}
    assert moved["reason"] == "The agent moved to Dialogflow CX."


def test_the_list_has_pages_and_each_knows_what_its_last_one_changed(three):
    first = three.get(VERSIONS, limit=2).body
    assert [item["version"] for item in first["items"]] == [3, 2]
    assert first["items"][1]["diff"] == {"session_duration": ["PT30M", "PT20M"]}
    three.put(PATH, {"warn_before": 30})
    second = three.get(VERSIONS, limit=2, cursor=first["next_cursor"]).body
    assert [item["version"] for item in second["items"]] == [1], "what is saved meanwhile moves nothing"
    assert second["next_cursor"] is None


def test_a_cursor_that_no_list_has_given_is_refused(three):
    refused(three.get(VERSIONS, cursor="nonsense"), 422, "invalid")


# ── going back
def test_restoring_makes_the_next_version_equal_to_that_one(three):
    response = three.post(f"{VERSIONS}/1/restore", {"reason": "It was better"})
    assert response.status_code == 201
    assert response.headers["ETag"] == '"4"'
    newest, *_others, first = three.get(VERSIONS).body["items"]
    assert newest["version"] == response.body["version"] == 4
    settings = [name for name in first if name not in ("version", "reach", "reason", "author", "saved_at", "diff")]
    assert {name: newest[name] for name in settings} == {name: first[name] for name in settings}
    assert set(newest["diff"]) == {"session_duration", "max_concurrent_per_user", "auto_archive_after"}
    assert (newest["reason"], newest["reach"], newest["author"]) == ("It was better", "running", "olga")


def test_without_a_reason_it_says_where_the_values_are_from(three):
    assert three.post(f"{VERSIONS}/1/restore").body["reason"] == "As in version 1."
    assert Entry.objects.filter(verb="policy.changed").latest("pk").reason == "As in version 1."


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("reach", "follows"), [("running", 4), ("new", 3)])
def test_running_sessions_follow_if_they_are_to(three, shop, reach, follows):
    session = cast.chatting(shop)
    assert three.post(f"{VERSIONS}/1/restore", {"reach": reach}).body["reach"] == reach
    session.refresh_from_db()
    assert session.policy.number == follows


def test_restoring_what_is_current_changes_nothing(three):
    response = three.post(f"{VERSIONS}/3/restore")
    assert (response.status_code, response.body["version"]) == (200, 3)
    assert Entry.objects.filter(verb="policy.changed").count() == 2


def test_what_no_longer_fits_the_platform_is_refused_by_name(olga):
    shop = cast.agent("classic", owner=olga, policy={"session_duration": 15 * MINUTE})
    owner = program(olga)
    path = "/agents/classic/session-policy"
    owner.put(path, {"session_duration": "PT40M"})
    owner.put(path, {"session_duration": "PT20M"})
    owner.call("PATCH", "/agents/classic", {"platform": "dialogflow_es"})

    problem = refused(owner.post(f"{path}/versions/2/restore"), 422, "out_of_bounds")
    assert problem["errors"] == {"session_duration": ["Session duration on Dialogflow ES is 1 to 20 minutes."]}
    assert PolicyVersion.objects.filter(agent=shop).count() == 4
    assert owner.post(f"{path}/versions/1/restore").status_code == 201


def test_a_stale_if_match_restores_nothing(three):
    refused(three.post(f"{VERSIONS}/1/restore", If_Match='"2"'), 412, "version_conflict")
    assert three.get(PATH).body["version"] == 3
    assert three.post(f"{VERSIONS}/1/restore", If_Match='"3"').status_code == 201


@pytest.mark.parametrize("number", ["4", "0", "99999999999999999999", "-1", "one"])
def test_a_version_there_is_not_cannot_be_restored(three, number):
    refused(three.post(f"{VERSIONS}/{number}/restore"), 404, "not_found")


def test_a_version_of_another_agent_cannot_be_restored(olga, three):
    other: Agent = cast.agent("desk", owner=olga)
    assert PolicyVersion.objects.filter(agent=other).count() == 1
    refused(three.post("/agents/desk/session-policy/versions/2/restore"), 404, "not_found")


@pytest.mark.parametrize("body", [{"reach": "all"}, {"reason": "x" * 501}, {"settings": {}}])
def test_what_is_sent_with_it_is_checked(three, body):
    assert list(refused(three.post(f"{VERSIONS}/1/restore", body), 422, "invalid")["errors"]) == list(body)
