"""Handing a session to another agent (2-lifecycle.md, "Transfer")."""

from datetime import timedelta

import pytest

from sessions_app.models import Message
from tests import cast
from tests.integration.api.conftest import come, program, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(olga, shop):
    """Another agent of the same owner."""
    return cast.agent("desk", owner=olga, name="Service desk", languages=["fr"], default_language="fr")


@pytest.fixture
def owner(olga, shop, desk):
    return program(olga)


@pytest.fixture
def visitor(shop, desk):
    shop.transfer_targets = ["desk"]
    shop.sensitive_variables = ["card"]
    shop.models = ["large"]
    shop.save()
    return come(shop)


@pytest.fixture
def transfer(owner, visitor):
    def transfer(to="desk", by=owner, **body):
        return by.post(f"/sessions/{visitor.session}/transfer", {"agent": to, **body})

    return transfer


def say(visitor, text="hello", session=None):
    return visitor.post(f"/sessions/{session or visitor.session}/messages", {"text": text}).body


def events(owner, session):
    items = owner.get(f"/sessions/{session}/events").body["items"]
    return [(event["type"].removeprefix("session."), event["cause"]) for event in items]


# ── the two phases
def test_the_source_ends_at_once_and_the_target_waits(owner, visitor, transfer):
    ended = transfer(reason="invoice").body
    assert (ended["state"], ended["end_reason"], ended["pending_transfer"]) == ("ended", "transferred", "desk")
    assert ended["transferred_to"] is None
    assert ended["actions"] == ["cancel_transfer"]
    line = Message.objects.get(kind="divider")
    assert "Service desk" in line.text
    assert [type for type, _ in events(owner, visitor.session)][-2:] == ["transferred", "ended"]


def test_the_target_picks_up_at_the_users_next_turn(owner, visitor, transfer):
    transfer()
    answer = say(visitor, "I need my invoice")
    new = answer["session"]
    assert (new["agent"], new["thread"], new["state"], new["user_turns"]) == ("desk", visitor.thread, "live", 1)
    assert (new["transferred_from"], new["language"]) == (visitor.session, "fr")
    source = owner.get(f"/sessions/{visitor.session}").body
    assert (source["transferred_to"], source["pending_transfer"]) == (new["id"], None)
    assert answer["message"]["session"] == new["id"]
    assert events(owner, new["id"]) == [("started", "transfer")]


def test_it_is_no_longer_the_source_agents_to_see(olga, owner, desk, visitor, transfer):
    """The target's owner sees the new session, not the source's transcript."""
    otto = cast.account("otto")
    cast.own(otto, desk)
    transfer()
    new = say(visitor)["session"]["id"]
    theirs = program(otto)
    assert theirs.get(f"/sessions/{new}").status_code == 200
    refused(theirs.get(f"/sessions/{visitor.session}"), 404, "not_found")
    refused(theirs.get(f"/sessions/{visitor.session}/messages"), 404, "not_found")


# ── who may send whom where
def test_a_user_goes_where_the_agent_lets_them(visitor, transfer):
    assert transfer(by=visitor).body["pending_transfer"] == "desk"


def test_a_user_goes_nowhere_else(shop, visitor, transfer):
    cast.agent("vault")
    for elsewhere in ("vault", "shop", "nowhere"):
        refused(transfer(elsewhere, by=visitor), 422, "transfer_impossible")
    assert visitor.get(f"/sessions/{visitor.session}").body["state"] == "live"


def test_staff_sends_to_any_agent_they_see_and_to_no_other(visitor, transfer):
    cast.agent("vault")
    assert "vault" in refused(transfer("vault"), 422, "transfer_impossible")["detail"]
    assert transfer("vault", by=program(cast.admin())).status_code == 200


def test_what_cannot_be_done_says_why_and_changes_nothing(owner, desk, visitor, transfer):
    before = owner.get(f"/sessions/{visitor.session}").body["row_version"]
    assert "already" in refused(transfer("shop"), 422, "transfer_impossible")["detail"]
    desk.status = "disabled"
    desk.save()
    assert "disabled" in refused(transfer(), 422, "transfer_impossible")["detail"]
    assert owner.get(f"/sessions/{visitor.session}").body["row_version"] == before


def test_an_ended_session_goes_nowhere(owner, visitor, transfer):
    owner.post(f"/sessions/{visitor.session}/end")
    refused(transfer(), 409, "session_ended")


# ── cancelled, lapsed, impossible
def test_cancelled_the_source_agent_answers(owner, visitor, transfer):
    transfer()
    path = f"/sessions/{visitor.session}/transfer"
    cancelled = visitor.call("DELETE", path).body
    assert (cancelled["pending_transfer"], cancelled["state"], cancelled["actions"]) == (None, "ended", [])
    assert visitor.call("DELETE", path).body["row_version"] == cancelled["row_version"]
    assert events(owner, visitor.session)[-1] == ("transfer_cancelled", "cancelled")
    assert say(visitor)["session"]["agent"] == "shop"


def test_picked_up_it_is_not_cancelled_any_more(visitor, transfer):
    transfer()
    say(visitor)
    refused(visitor.call("DELETE", f"/sessions/{visitor.session}/transfer"), 409, "state_changed")


def test_it_lapses_after_the_targets_session_duration(owner, visitor, transfer):
    transfer()
    cast.pass_time(visitor.session, timedelta(minutes=59))
    assert owner.get(f"/sessions/{visitor.session}").body["pending_transfer"] == "desk"
    cast.pass_time(visitor.session, timedelta(minutes=1))
    lapsed = owner.get(f"/sessions/{visitor.session}").body
    assert (lapsed["pending_transfer"], lapsed["actions"]) == (None, [])
    assert say(visitor)["session"]["agent"] == "shop"
    assert events(owner, visitor.session)[-1] == ("transfer_cancelled", "lapsed")


def test_a_target_disabled_meanwhile_leaves_it_to_the_source_with_a_notice(owner, desk, visitor, transfer):
    transfer()
    desk.status = "disabled"
    desk.save()
    answer = say(visitor)
    assert answer["session"]["agent"] == "shop"
    assert events(owner, visitor.session)[-1] == ("transfer_cancelled", "impossible")
    *_, notice, line = Message.objects.filter(thread=visitor.thread).order_by("seq")
    assert (notice.kind, notice.session_id) == ("divider", line.session_id)
    assert "Shop" in notice.text


# ── what goes along
def test_held_messages_go_along(owner, visitor, transfer):
    visitor.post(f"/sessions/{visitor.session}/pause")
    say(visitor, "first")
    say(visitor, "second")
    transfer()
    new = say(visitor, "third")["session"]
    assert (new["user_turns"], new["interactions"], new["conversations"]) == (3, 3, 1)
    assert not Message.objects.filter(held=True).exists()


def test_variables_go_along_but_for_sensitive_ones(owner, visitor, transfer):
    owner.call("PATCH", f"/sessions/{visitor.session}/data", {"basket": ["tea"], "card": "4111", "memory": {"a": 1}})
    transfer()
    data = owner.get(f"/sessions/{say(visitor)['session']['id']}/data").body
    assert data["basket"] == ["tea"]
    assert "card" not in data


def test_a_chosen_model_does_not_and_a_live_chat_ends(owner, visitor, shop):
    admin = program(cast.admin())
    owner.put("/agents/shop/session-policy", {"allow_model_override": True})
    visitor = come(shop)
    path = f"/sessions/{visitor.session}"
    admin.put(f"{path}/model", {"model": "large"})
    owner.post(f"{path}/live-chat")
    ended = owner.post(f"{path}/transfer", {"agent": "desk"}).body
    assert (ended["live_chat"], ended["silent"]) == (False, False)
    assert say(visitor)["session"]["model_override"] is None


def test_an_emulator_session_goes_to_draft(owner):
    started = owner.post("/sessions", {"agent": "shop", "user": {"id": "ada"}, "version": "DRAFT"}).body
    path = f"/sessions/{started['id']}"
    owner.post(f"{path}/transfer", {"agent": "desk"})
    new = owner.post(f"{path}/messages", {"text": "hello"}).body["session"]
    assert (new["version"], new["agent"], new["transferred_from"]) == ("DRAFT", "desk", started["id"])
    assert new["id"].startswith("emulator-")


# ── the place that is kept
def test_the_place_is_kept_and_counts(owner, visitor, transfer):
    owner.put("/agents/desk/session-policy", {"max_concurrent_per_user": 1})
    transfer()
    user = visitor.get(f"/sessions/{visitor.session}").body["user"]["id"]
    full = owner.post("/sessions", {"agent": "desk", "user": {"id": user}})
    assert refused(full, 429, "session_limit_reached")["open_sessions"] == [visitor.session]
    assert say(visitor)["session"]["agent"] == "desk"


@pytest.mark.parametrize("freed", ["cancelled", "lapsed"])
def test_the_place_is_free_again_when_nobody_comes(owner, visitor, transfer, freed):
    owner.put("/agents/desk/session-policy", {"max_concurrent_per_user": 1})
    transfer()
    if freed == "cancelled":
        owner.call("DELETE", f"/sessions/{visitor.session}/transfer")
    else:
        cast.pass_time(visitor.session, timedelta(hours=1))
    user = visitor.get(f"/sessions/{visitor.session}").body["user"]["id"]
    assert owner.post("/sessions", {"agent": "desk", "user": {"id": user}}).status_code == 201


def test_without_room_it_is_refused_and_says_what_takes_it(owner, visitor, transfer):
    owner.put("/agents/desk/session-policy", {"max_concurrent_per_user": 1})
    user = visitor.get(f"/sessions/{visitor.session}").body["user"]["id"]
    taken = owner.post("/sessions", {"agent": "desk", "user": {"id": user}}).body["id"]
    assert refused(transfer(), 422, "transfer_impossible")["open_sessions"] == [taken]
    assert visitor.get(f"/sessions/{visitor.session}").body["state"] == "live"


def test_no_session_is_started_in_a_chat_that_waits_for_another_agent(visitor, transfer):
    transfer()
    refused(visitor.post("/sessions", {"agent": "shop", "thread": visitor.thread}), 409, "state_changed")


def test_clearing_the_view_calls_it_off(owner, visitor, transfer):
    transfer()
    new = visitor.post(f"/sessions/{visitor.session}/clear-history").body
    assert (new["agent"], new["state"]) == ("shop", "live")
    assert ("transfer_cancelled", "history_cleared") in events(owner, visitor.session)
