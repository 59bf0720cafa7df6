"""The session policy over HTTP (1-product.md, "Session policy"; 3-api.md, "Agents, policy…")."""

import pytest

from portal.accounts.models import Account
from sessions_app.actions import policies
from sessions_app.core.policy import SETTINGS
from tests import cast
from tests.integration.api.conftest import program, refused

pytestmark = pytest.mark.django_db

PATH = "/agents/shop/session-policy"
DEFAULTS = {
    "session_duration": "PT1H",
    "end_behavior": "keep_history",
    "idle_timeout": "PT30M",
    "max_duration": "PT4H",
    "max_concurrent_per_user": None,
    "when_full": "refuse",
    "auto_archive_after": "P30D",
    "allow_model_override": False,
    "warn_before": "PT1M",
    "session_data_retention": "P30D",
    "transcript_retention": "P365D",
}


def test_a_policy_is_flat_with_its_version_and_names_it_as_etag(owner):
    response = owner.get(PATH)
    assert list(response.body) == [*DEFAULTS, "version", "reach", "reason", "author", "saved_at"]
    assert {name: response.body[name] for name in DEFAULTS} == DEFAULTS
    assert (response.body["version"], response.body["reach"], response.body["author"]) == (1, "running", None)
    assert response.headers["ETag"] == '"1"'


def test_any_subset_makes_the_next_version(owner):
    response = owner.put(PATH, {"session_duration": "PT45M", "warn_before": 30, "reason": "Summer"})
    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    assert {name: response.body[name] for name in DEFAULTS} == DEFAULTS | {
        "session_duration": "PT45M",
        "warn_before": "PT30S",
    }
    assert (response.body["version"], response.body["reason"], response.body["author"]) == (2, "Summer", "olga")
    assert owner.get(PATH).body == response.body


def test_what_was_read_can_be_sent_back_and_changes_nothing(owner):
    read = owner.get(PATH).body
    again = owner.put(PATH, {name: read[name] for name in DEFAULTS})
    assert (again.status_code, again.body["version"]) == (200, 1)


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ("PT24H", "PT24H"),
        ("P1D", "PT24H"),
        (90 * 60, "PT1H30M"),
        ("PT90M", "PT1H30M"),
        ("pt90m", "PT1H30M"),
        (60, "PT1M"),
    ],
)
def test_durations_are_read_as_iso_8601_or_seconds_and_written_in_one_form(owner, sent, written):
    assert owner.put(PATH, {"session_duration": sent}).body["session_duration"] == written


def test_blank_and_off_are_values(owner):
    changed = owner.put(PATH, {"max_concurrent_per_user": 3, "warn_before": 0, "transcript_retention": None}).body
    assert (changed["max_concurrent_per_user"], changed["warn_before"]) == (3, "PT0S")
    assert changed["transcript_retention"] is None
    assert owner.put(PATH, {"max_concurrent_per_user": None}).body["max_concurrent_per_user"] is None


def test_a_value_outside_its_bounds_is_refused_with_the_sentence_of_the_form(olga):
    cast.agent("classic", owner=olga, platform="dialogflow_es")
    owner = program(olga)
    response = owner.put("/agents/classic/session-policy", {"session_duration": "PT21M", "max_duration": "P31D"})
    problem = refused(response, 422, "out_of_bounds")
    assert problem["errors"] == {
        "session_duration": ["Session duration on Dialogflow ES is 1 to 20 minutes."],
        "max_duration": ["Max duration is 1 minute to 30 days."],
    }
    assert owner.get("/agents/classic/session-policy").body["version"] == 1, "an error changes nothing"


def outside() -> list[tuple[str, int]]:
    """Of every setting with bounds, the values just outside of them: counts, or seconds."""
    plain = [
        (setting.field, bound if isinstance(bound, int) else int(bound.total_seconds()), step)
        for setting in SETTINGS
        for bound, step in zip(setting.bounds or (), (-1, 1), strict=False)
    ]
    return [(field, bound + step) for field, bound, step in plain]


@pytest.mark.parametrize(("field", "value"), outside())
def test_every_bound_is_held(owner, field, value):
    problem = refused(owner.put(PATH, {field: value}), 422, "out_of_bounds")
    assert list(problem["errors"]) == [field]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"session_duration": "30m"}, "session_duration"),
        ({"session_duration": "P1M"}, "session_duration"),
        ({"session_duration": 1800.5}, "session_duration"),
        ({"session_duration": True}, "session_duration"),
        ({"session_duration": None}, "session_duration"),
        ({"session_duration": -60}, "session_duration"),
        ({"session_duration": 10**30}, "session_duration"),
        ({"end_behavior": "explode"}, "end_behavior"),
        ({"max_concurrent_per_user": "3"}, "max_concurrent_per_user"),
        ({"max_concurrent_per_user": True}, "max_concurrent_per_user"),
        ({"allow_model_override": "yes"}, "allow_model_override"),
        ({"reach": "everyone"}, "reach"),
        ({"reach": None}, "reach"),
        ({"sesion_duration": "PT30M"}, "sesion_duration"),
        ({"version": 7}, "version"),
        ({"reason": "x" * 501}, "reason"),
    ],
)
def test_what_is_no_setting_is_refused_by_field(owner, body, field):
    assert list(refused(owner.put(PATH, body), 422, "invalid")["errors"]) == [field]


def test_a_stale_if_match_overwrites_nothing(owner, olga, shop):
    assert owner.put(PATH, {"warn_before": 30}, If_Match='"1"').status_code == 200
    for stale in ('"1"', 'W/"2"', '"x"', "2", '"1", "7"', ""):
        refused(owner.put(PATH, {"warn_before": 40}, If_Match=stale), 412, "version_conflict")
    assert owner.get(PATH).body["warn_before"] == "PT30S"
    for current in ('"2"', '"1", "2"', "*"):
        assert owner.put(PATH, {"warn_before": 30}, If_Match=current).status_code == 200


def test_settings_left_out_are_those_of_the_moment_of_saving(owner, olga, shop):
    """Whoever changes one setting never brings back the old value of another."""
    policies.change(principal=cast.principal(olga), agent=shop, values={"allow_model_override": True})
    assert owner.put(PATH, {"warn_before": 30}).body["allow_model_override"] is True


def test_new_sessions_run_under_the_new_version(owner, shop):
    owner.put(PATH, {"session_duration": "PT5M"})
    started = owner.post("/sessions", {"agent": "shop", "user": {"id": "ada"}}).body
    assert started["policy_version"] == 2
    assert started["why"].endswith("after 5 minutes without an interaction (policy v2)")


def test_the_author_is_named_as_others_see_them(olga, owner):
    Account.objects.filter(pk=olga.pk).update(first_name="Olga", last_name="Owens")
    assert owner.put(PATH, {"warn_before": 30}).body["author"] == "Olga Owens"
