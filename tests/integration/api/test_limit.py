"""How many sessions one user may have open with one agent (2-lifecycle.md, "Concurrency")."""

from datetime import timedelta

import pytest

from sessions_app.models import ChatSession, Message
from tests import cast
from tests.integration.api.conftest import refused

pytestmark = pytest.mark.django_db
ADA = {"id": "ada"}


@pytest.fixture
def limit(owner):
    def limit(most, when_full="refuse"):
        settings = {"max_concurrent_per_user": most, "when_full": when_full}
        assert owner.put("/agents/shop/session-policy", settings).status_code == 200

    return limit


@pytest.fixture
def start(owner):
    def start(user=ADA, **body):
        return owner.post("/sessions", {"agent": "shop", "user": user, **body})

    return start


def refused_for(response, *sessions):
    problem = refused(response, 429, "session_limit_reached")
    assert set(problem["open_sessions"]) == set(sessions)
    assert "end one" in problem["detail"]


def test_at_the_limit_a_start_is_refused_and_told_what_is_open(start, limit):
    limit(2)
    first, second = start().body["id"], start().body["id"]
    refused_for(start(), first, second)
    assert ChatSession.objects.count() == 2


def test_another_user_another_agent_and_the_emulator_are_not_concerned(owner, olga, start, limit):
    limit(1)
    start()
    cast.agent("desk", owner=olga)
    assert start({"id": "bert"}).status_code == 201
    assert start(version="DRAFT").status_code == 201
    assert start(version="DRAFT").status_code == 201


def test_who_ends_one_has_room_again(owner, start, limit):
    limit(1)
    first = start().body["id"]
    refused_for(start(), first)
    owner.post(f"/sessions/{first}/end")
    assert start().status_code == 201


@pytest.mark.parametrize("state", ["idle", "paused", "live chat"])
def test_every_open_session_counts(owner, start, limit, state):
    limit(1)
    first = start().body["id"]
    if state == "idle":
        cast.pass_time(first, timedelta(minutes=40))
    else:
        owner.post(f"/sessions/{first}/{'pause' if state == 'paused' else 'live-chat'}")
    refused_for(start(), first)


def test_one_past_its_deadline_does_not(owner, start, limit):
    limit(1)
    first = start().body["id"]
    cast.pass_time(first, timedelta(minutes=60))
    assert start().status_code == 201
    assert owner.get(f"/sessions/{first}").body["end_reason"] == "expired"


def test_a_late_message_is_refused_too_and_nothing_of_it_is_stored(owner, start, limit):
    limit(1)
    first = start().body["id"]
    owner.post(f"/sessions/{first}/end")
    second = start().body["id"]
    before = Message.objects.count()
    said = owner.post(f"/sessions/{first}/messages", {"text": "canary", "client_id": "c-1"})
    refused_for(said, second)
    assert Message.objects.count() == before
    assert not Message.objects.filter(text="canary").exists()

    owner.post(f"/sessions/{second}/end")
    again = owner.post(f"/sessions/{first}/messages", {"text": "canary", "client_id": "c-1"}).body
    assert (again["message"]["text"], again["previous_session"]["id"]) == ("canary", first)


def test_a_message_to_an_open_session_needs_no_room(owner, start, limit):
    first, _ = start().body["id"], start()
    limit(1)
    assert owner.post(f"/sessions/{first}/messages", {"text": "hello"}).status_code == 200


def test_clearing_the_view_needs_none_either(visitor, limit):
    limit(1)
    assert visitor.post(f"/sessions/{visitor.session}/clear-history").status_code == 200


def test_a_lowered_limit_ends_nobody_and_refuses_new_ones(owner, start, limit):
    open_now = [start().body["id"] for _ in range(3)]
    limit(1, "end_longest_idle")
    assert len(owner.get("/sessions").body["items"]) == 3
    refused_for(start(), *open_now)


# ── the longest idle makes room
def test_the_longest_idle_makes_room(owner, start, limit):
    limit(2, "end_longest_idle")
    first, second = start().body["id"], start().body["id"]
    owner.post(f"/sessions/{first}/extend")
    third = start()
    assert third.status_code == 201
    displaced = owner.get(f"/sessions/{second}").body
    assert (displaced["state"], displaced["end_reason"], displaced["silent"]) == ("ended", "displaced", False)
    assert owner.get(f"/sessions/{first}").body["state"] == "live"
    assert "took its place" in displaced["why"]


def test_a_late_message_makes_room_too(owner, start, limit):
    limit(1, "end_longest_idle")
    first = start().body["id"]
    owner.post(f"/sessions/{first}/end")
    second = start().body["id"]
    assert owner.post(f"/sessions/{first}/messages", {"text": "hello"}).status_code == 200
    assert owner.get(f"/sessions/{second}").body["end_reason"] == "displaced"


@pytest.mark.parametrize("deed", ["pause", "live-chat"])
def test_one_that_is_paused_or_in_a_live_chat_is_spared(owner, start, limit, deed):
    limit(2, "end_longest_idle")
    first, second = start().body["id"], start().body["id"]
    owner.post(f"/sessions/{first}/{deed}")
    assert start().status_code == 201
    assert [owner.get(f"/sessions/{id}").body["state"] == "ended" for id in (first, second)] == [False, True]


def test_where_none_can_make_room_it_is_refused(owner, start, limit):
    limit(1, "end_longest_idle")
    first = start().body["id"]
    owner.post(f"/sessions/{first}/pause")
    refused_for(start(), first)
    owner.post("/sessions/bulk", {"action": "resume", "ids": [first]})
    assert start().status_code == 201


def test_one_whose_turn_is_being_answered_is_spared(owner, start, limit):
    limit(1, "end_longest_idle")
    first = start().body["id"]
    # As after a turn that the bot has not answered yet.
    now = ChatSession.objects.get(pk=first).started_at
    ChatSession.objects.filter(pk=first).update(busy_until=now + timedelta(seconds=60), unanswered=1)
    refused_for(start(), first)


def test_many_items_of_one_request_keep_the_limit(owner, start, limit):
    limit(1)
    first = start().body["id"]
    owner.post(f"/sessions/{first}/end")
    other = start().body["id"]
    owner.post(f"/sessions/{other}/end")
    items = [{"session": id, "text": "hello"} for id in (first, other, first)]
    found = owner.post("/interactions", {"items": items}).body["items"]
    assert [(item["result"], item["code"]) for item in found] == [
        ("ok", None),
        ("refused", "session_limit_reached"),
        ("ok", None),
    ]
    assert len(owner.get("/sessions").body["items"]) == 1
