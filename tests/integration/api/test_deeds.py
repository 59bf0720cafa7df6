"""What is done to one session: extend, choose a model, and what every deed has in common (3-api.md, "Sessions")."""

from datetime import datetime, timedelta

import pytest

from portal.audit.models import Entry
from tests import cast
from tests.integration.api.conftest import come, refused

pytestmark = pytest.mark.django_db
MODELS = {"model": "small", "models": ["small", "large"]}


@pytest.fixture
def do(owner, session):
    def do(deed, body=None, method="POST", by=owner):
        return by.call(method, f"/sessions/{session.pk}/{deed}", body)

    return do


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


def left(found) -> timedelta:
    return datetime.fromisoformat(found["ends_at"]) - datetime.fromisoformat(found["server_now"])


# ── extend
def test_extending_starts_the_inactivity_clock_again_and_is_no_interaction(do, owner, session):
    cast.pass_time(session.pk, minutes(20))
    before = owner.get(f"/sessions/{session.pk}").body
    after = do("extend").body
    assert left(before) < minutes(41) < minutes(59) < left(after)
    same = ("last_interaction_at", "interactions", "user_turns", "conversations", "messages")
    assert [after[name] for name in same] == [before[name] for name in same]


def test_extending_an_idle_session_makes_it_live(do, owner, session):
    cast.pass_time(session.pk, minutes(40))
    assert owner.get(f"/sessions/{session.pk}").body["state"] == "idle"
    assert do("extend", {"seen_state": "idle"}).body["state"] == "live"
    types = [event["type"] for event in owner.get(f"/sessions/{session.pk}/events").body["items"]]
    assert types == ["session.started", "session.idle", "session.extended", "session.active"]


def test_the_max_duration_stays_where_it_is(owner, olga):
    agent = cast.agent("brief", owner=olga, policy={"max_duration": minutes(30)})
    session = cast.chatting(agent, cast.user("bert"))
    before = owner.get(f"/sessions/{session.pk}").body
    cast.pass_time(session.pk, minutes(20))
    after = owner.post(f"/sessions/{session.pk}/extend").body
    assert left(after) < minutes(10) < left(before)
    assert after["why"].startswith("Ends ")
    assert "max duration of 30 minutes" in after["why"]


def test_a_paused_or_ended_session_is_not_extended(do):
    do("pause")
    refused(do("extend"), 409, "session_paused")
    do("end")
    refused(do("extend"), 409, "session_ended")


def test_a_session_past_its_deadline_is_not_extended(do, session):
    cast.pass_time(session.pk, minutes(60))
    refused(do("extend"), 409, "session_ended")


# ── a model for one session
@pytest.fixture
def choosing(owner):
    owner.call("PATCH", "/agents/shop", MODELS)
    owner.put("/agents/shop/session-policy", {"allow_model_override": True})


def test_an_admin_chooses_a_model_and_goes_back_to_the_agents_own(do, admin, choosing):
    chosen = do("model", {"model": "large"}, "PUT", admin).body
    assert (chosen["model"], chosen["model_override"]) == ("large", "large")
    again = do("model", {"model": "large"}, "PUT", admin).body
    assert again["row_version"] == chosen["row_version"]
    back = do("model", {"model": None}, "PUT", admin).body
    assert (back["model"], back["model_override"]) == ("small", None)
    changes = [e for e in admin.get(f"/sessions/{back['id']}/events").body["items"] if e["type"].endswith("changed")]
    assert [event["detail"].get("model") for event in changes if "model" in event["detail"]] == ["large", None]


def test_nobody_else_chooses_one(do, owner, visitor, choosing):
    refused(do("model", {"model": "large"}, "PUT"), 403, "forbidden")
    refused(visitor.put(f"/sessions/{visitor.session}/model", {"model": "large"}), 403, "forbidden")


def test_a_model_that_the_agent_has_not_is_refused_by_name(do, admin, choosing):
    assert "huge" in refused(do("model", {"model": "huge"}, "PUT", admin), 422, "invalid")["detail"]
    for unusable in ("", "x" * 101, "a\nb", 5):
        refused(do("model", {"model": unusable}, "PUT", admin), 422, "invalid")
    refused(do("model", {}, "PUT", admin), 422, "invalid")


def test_where_the_policy_is_off_none_is_chosen_and_one_that_was_can_be_cleared(do, owner, admin, choosing):
    do("model", {"model": "large"}, "PUT", admin)
    owner.put("/agents/shop/session-policy", {"allow_model_override": False})
    refused(do("model", {"model": "small"}, "PUT", admin), 409, "model_override_off")
    assert do("model", {"model": None}, "PUT", admin).body["model_override"] is None
    refused(do("model", {"model": "large"}, "PUT", admin), 409, "model_override_off")


def test_an_ended_session_keeps_its_model(do, admin, choosing):
    do("model", {"model": "large"}, "PUT", admin)
    do("end")
    refused(do("model", {"model": None}, "PUT", admin), 409, "session_ended")
    assert admin.get("/sessions", state="ended").body["items"][0]["model_override"] == "large"


# ── what all of them have in common
DEEDS = [
    ("POST", "pause", None),
    ("POST", "resume", None),
    ("POST", "extend", None),
    ("POST", "end", None),
    ("POST", "transfer", {"agent": "shop"}),
    ("PUT", "model", {"model": None}),
    ("POST", "live-chat", None),
]


@pytest.mark.parametrize(("method", "deed", "body"), DEEDS)
def test_none_is_done_to_a_state_it_was_not_meant_for(do, admin, session, method, deed, body):
    before = admin.get(f"/sessions/{session.pk}").body
    problem = refused(do(deed, {**(body or {}), "seen_state": "idle"}, method, admin), 409, "state_changed")
    assert problem["detail"] == "The session is live now."
    after = admin.get(f"/sessions/{session.pk}").body
    assert (after["row_version"], after["state"]) == (before["row_version"], "live")


def test_the_state_that_was_seen_counts_as_it_is_now_whatever_a_sweep_has_done(do, session):
    cast.pass_time(session.pk, minutes(40))
    problem = refused(do("pause", {"seen_state": "live"}), 409, "state_changed")
    assert problem["detail"] == "The session is idle now."
    assert do("pause", {"seen_state": "idle"}).status_code == 200


def test_each_change_is_one_more_version_and_what_changes_nothing_is_none(do, owner, session):
    def version():
        return owner.get(f"/sessions/{session.pk}").body["row_version"]

    first = version()
    steps = ["extend", "pause", "pause", "resume", "resume", "live-chat", "live-chat"]
    found = [do(step).body["row_version"] - first for step in steps]
    assert found == [1, 2, 2, 3, 3, 4, 4]
    assert do("live-chat", None, "DELETE").body["row_version"] == first + 5
    owner.post(f"/sessions/{session.pk}/messages", {"text": "hello"})
    assert version() == first + 6
    assert [do("end").body["row_version"] - first for _ in range(2)] == [7, 7]


def test_a_refusal_changes_nothing(do, owner, session):
    do("pause")
    before = owner.get(f"/sessions/{session.pk}").body | {"server_now": None}
    refused(do("extend"), 409, "session_paused")
    refused(do("live-chat"), 409, "session_paused")
    assert owner.get(f"/sessions/{session.pk}").body | {"server_now": None} == before


def test_every_deed_is_on_the_timeline_with_who_did_it_and_why(do, olga, owner, session):
    for deed in ("extend", "pause", "resume"):
        do(deed, {"reason": f"because {deed}"})
    do("live-chat", {"reason": "help"})
    do("live-chat", {"reason": "done"}, "DELETE")
    do("end", {"reason": "spam"})
    events = owner.get(f"/sessions/{session.pk}/events").body["items"]
    told = [(e["type"].removeprefix("session."), e["actor"], e["detail"].get("given")) for e in events[1:]]
    by = f"account:{olga.pk}"
    assert told == [
        ("extended", by, "because extend"),
        ("paused", by, "because pause"),
        ("resumed", by, "because resume"),
        ("live_chat_started", by, "help"),
        ("live_chat_ended", by, "done"),
        ("ended", by, "spam"),
    ]
    assert {event["policy_version"] for event in events} == {1}
    verbs = [*Entry.objects.order_by("pk").values_list("verb", "reason")]
    assert verbs == [
        ("session.extend", "because extend"),
        ("session.pause", "because pause"),
        ("session.resume", "because resume"),
        ("session.take_over", "help"),
        ("session.hand_back", "done"),
        ("session.end", "spam"),
    ]


def test_what_a_user_does_is_no_matter_of_the_audit_log(visitor):
    for deed in ("extend", "pause", "resume", "clear-history"):
        assert visitor.post(f"/sessions/{visitor.session}/{deed}").status_code == 200
    assert not Entry.objects.exists()


# ── why, and what may be done
@pytest.mark.parametrize(
    ("state", "why", "for_owner", "for_user"),
    [
        ("live", "Ends ", "end pause extend transfer take_over", "end pause extend transfer"),
        ("idle", "Ends ", "end pause extend transfer take_over", "end pause extend transfer"),
        ("paused", "Paused ", "end resume transfer", "end resume transfer"),
        ("live chat", "Ends ", "end extend transfer hand_back", "end extend transfer"),
        ("ended", "Ended ", "", ""),
        ("transferred", "Ended ", "cancel_transfer", "cancel_transfer"),
        ("live chat goes on", "Ended ", "hand_back", ""),
    ],
)
def test_each_caller_is_told_what_they_may_do_and_why_it_is_so(owner, admin, shop, state, why, for_owner, for_user):
    cast.agent("helpdesk")
    admin.call("PATCH", "/agents/shop", {"transfer_targets": ["helpdesk"]})
    visitor = come(shop)
    path = f"/sessions/{visitor.session}"
    steps = {
        "idle": lambda: cast.pass_time(visitor.session, minutes(40)),
        "paused": lambda: owner.post(f"{path}/pause"),
        "live chat": lambda: owner.post(f"{path}/live-chat"),
        "ended": lambda: owner.post(f"{path}/end"),
        "transferred": lambda: admin.post(f"{path}/transfer", {"agent": "helpdesk"}),
        "live chat goes on": lambda: (owner.post(f"{path}/live-chat"), cast.pass_time(visitor.session, minutes(70))),
    }
    steps.get(state, lambda: None)()
    found = owner.get(path).body
    assert found["why"].startswith(why)
    assert found["actions"] == for_owner.split()
    assert visitor.get(path).body["actions"] == for_user.split()
    assert set(admin.get(path).body["actions"]) == set(for_owner.split())


def test_what_is_offered_can_be_done_and_nothing_else(owner, admin, shop):
    """Each action by its call, to a session in each state: those in `actions` succeed, the others are refused."""
    calls = {
        "end": ("POST", "end"),
        "pause": ("POST", "pause"),
        "resume": ("POST", "resume"),
        "extend": ("POST", "extend"),
        "take_over": ("POST", "live-chat"),
    }
    prepare = {"live": [], "paused": ["pause"], "ended": ["end"], "live chat": ["live-chat"]}
    for steps in prepare.values():
        for action, (method, deed) in calls.items():
            visitor = come(shop)
            path = f"/sessions/{visitor.session}"
            for step in steps:
                owner.post(f"{path}/{step}")
            before = owner.get(path).body
            after = owner.call(method, f"{path}/{deed}")
            done = after.status_code == 200 and after.body["row_version"] > before["row_version"]
            assert done == (action in before["actions"]), (steps, action)


def test_a_user_without_targets_is_offered_no_transfer(visitor):
    assert "transfer" not in visitor.get(f"/sessions/{visitor.session}").body["actions"]


def test_an_admin_is_offered_the_model_where_it_can_be_chosen(admin, owner, shop, choosing):
    path = f"/sessions/{come(shop).session}"
    assert "model" in admin.get(path).body["actions"]
    assert "model" not in owner.get(path).body["actions"]


# ── what is read is as of now
def test_what_a_later_session_has_cleared_at_its_end_is_gone_from_the_view_at_once(owner, visitor):
    """No sweep has come by, and nobody has looked at the later one."""
    owner.put("/agents/shop/session-policy", {"end_behavior": "clear_history"})
    path = f"/sessions/{visitor.session}/messages"
    visitor.post(f"/sessions/{visitor.session}/end")
    later = visitor.post(path, {"text": "again"}).body["session"]["id"]
    assert len(visitor.get(path).body["items"]) == 2, "what was said, and the divider"
    for session in (visitor.session, later):
        cast.pass_time(session, timedelta(hours=1))
    assert visitor.get(path).body["items"] == []
    assert len(owner.get(path).body["items"]) == 2


# ── lists while sessions start and end
def test_pages_are_stable_while_sessions_start_and_end(owner, shop):
    for number in range(6):
        cast.chatting(shop, cast.user(f"user-{number}"))
    first = owner.get("/sessions", state="any", limit=3).body
    seen = [item["id"] for item in first["items"]]
    before = [item["id"] for item in owner.get("/sessions", state="any").body["items"]]

    cast.chatting(shop, cast.user("late"))
    owner.post(f"/sessions/{seen[0]}/end")
    owner.post(f"/sessions/{before[-1]}/end")

    cursor = first["next_cursor"]
    while cursor:
        page = owner.get("/sessions", state="any", limit=3, cursor=cursor).body
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
    assert seen == before
