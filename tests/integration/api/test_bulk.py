"""One deed on many sessions (3-api.md, `POST /sessions/bulk`)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.audit.models import Entry
from sessions_app.actions import bulk as doing
from tests import cast
from tests.integration.api.conftest import come, refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def sessions(shop):
    """Three live sessions of three users."""
    return [str(cast.chatting(shop, cast.user(name)).pk) for name in ("ada", "bert", "cleo")]


@pytest.fixture
def bulk(owner):
    def bulk(action="end", by=owner, **body):
        return by.post("/sessions/bulk", {"action": action, **body})

    return bulk


def results(response):
    assert response.status_code == 200, response.body
    return [(item["result"], item["reason"]) for item in response.body["items"]]


@pytest.mark.parametrize(
    ("action", "state"), [("end", "ended"), ("pause", "paused"), ("extend", "live"), ("resume", "live")]
)
def test_each_is_done_in_the_order_asked(owner, sessions, bulk, action, state):
    if action == "resume":
        bulk("pause", ids=sessions)
    asked = [sessions[2], sessions[0], sessions[1]]
    response = bulk(action, ids=asked)
    assert results(response) == [("ok", None)] * 3
    assert [item["id"] for item in response.body["items"]] == asked
    assert {item["state"] for item in owner.get("/sessions", state="any").body["items"]} == {state}


def test_each_is_told_of_by_itself(owner, shop, sessions, bulk):
    """Done, done before, in no state for it, not to be seen."""
    live, paused, ended = sessions
    owner.post(f"/sessions/{paused}/pause")
    owner.post(f"/sessions/{ended}/end")
    hidden = str(cast.chatting(cast.agent("vault"), cast.user("dora")).pk)
    unknown = "00000000-0000-7000-8000-000000000000"
    found = results(bulk("pause", ids=[live, paused, ended, hidden, unknown, "no id"]))
    assert found == [
        ("ok", None),
        ("already", None),
        ("skipped", "session_ended"),
        ("denied", "not_found"),
        ("denied", "not_found"),
        ("denied", "not_found"),
    ]


def test_one_that_is_named_twice_is_one(sessions, bulk):
    assert results(bulk(ids=[sessions[0], sessions[0]])) == [("ok", None)]


def test_time_has_its_effect_first(sessions, bulk):
    cast.pass_time(sessions[0], timedelta(hours=1))
    assert results(bulk("extend", ids=sessions)) == [("skipped", "session_ended"), ("ok", None), ("ok", None)]


# ── by a filter
def test_a_filter_takes_those_it_matches(owner, sessions, bulk):
    response = bulk(filter={"agent": "shop", "user": "bert"}, expect=1)
    assert [item["id"] for item in response.body["items"]] == [sessions[1]]
    assert len(owner.get("/sessions").body["items"]) == 2


def test_without_a_state_it_takes_open_ones_only(owner, sessions, bulk):
    owner.post(f"/sessions/{sessions[0]}/end")
    assert len(results(bulk(filter={}))) == 2


def test_nothing_is_done_when_there_are_more_or_fewer_than_were_seen(owner, sessions, bulk):
    for body in ({"filter": {}, "expect": 2}, {"ids": sessions, "expect": 4}):
        assert refused(bulk(**body), 409, "state_changed")["found"] == 3
    assert len(owner.get("/sessions").body["items"]) == 3


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"ids": [], "filter": {}},
        {"filter": {"color": "red"}},
        {"filter": {"agent": "nowhere"}},
        {"filter": None},
        {"ids": ["x" * 61]},
        {"ids": ["a\0b"]},
        {"ids": [5]},
        {"ids": ["x"] * (doing.MOST + 1)},
        {"filter": {}, "expect": -1},
        {"ids": [], "action": "transfer"},
        {"ids": [], "reason": "x" * 501},
    ],
)
def test_what_is_no_selection_is_refused(owner, sessions, bulk, body):
    refused(bulk(**body), 422, "invalid")
    assert len(owner.get("/sessions").body["items"]) == 3


def test_none_is_none(bulk):
    assert results(bulk(ids=[])) == []


# ── who
def test_a_user_does_it_to_their_own(visitor, other_visitor, bulk):
    assert results(bulk(by=visitor, ids=[visitor.session, other_visitor.session])) == [
        ("ok", None),
        ("denied", "not_found"),
    ]
    assert visitor.get(f"/sessions/{visitor.session}").body["end_reason"] == "user_ended"
    assert results(bulk(by=other_visitor, filter={})) == [("ok", None)]


def test_who_ends_is_why_it_ended(owner, admin, sessions, bulk):
    bulk(ids=sessions[:1])
    bulk(by=admin, ids=sessions[1:])
    reasons = [owner.get(f"/sessions/{id}").body["end_reason"] for id in sessions]
    assert reasons == ["owner_ended", "admin_ended", "admin_ended"]


def test_each_that_was_done_is_in_the_audit_log_and_no_other(owner, sessions, bulk):
    owner.post(f"/sessions/{sessions[0]}/end")
    before = [*Entry.objects.values_list("pk", flat=True)]
    bulk(ids=sessions, reason="cleaning up")
    entries = Entry.objects.exclude(pk__in=before).values_list("verb", "subject", "reason")
    assert set(entries) == {("session.end", f"session {id}", "cleaning up") for id in sessions[1:]}


def test_emulator_sessions_keep_their_names(owner, bulk):
    started = owner.post("/sessions", {"agent": "shop", "user": {"id": "ada"}, "version": "DRAFT"}).body["id"]
    assert [item["id"] for item in bulk("pause", ids=[started]).body["items"]] == [started]
    assert [item["id"] for item in bulk("end", filter={"version": "DRAFT"}).body["items"]] == [started]


# ── many
def test_more_than_a_batch_are_all_done(owner, shop, bulk, monkeypatch):
    """Half-way through, the batches before are done whole."""
    monkeypatch.setattr(doing, "BATCH", 2)
    ids = [str(cast.chatting(shop, cast.user(f"user-{number}")).pk) for number in range(5)]
    assert results(bulk(ids=ids)) == [("ok", None)] * 5
    assert Entry.objects.filter(verb="session.end").count() == 5


def test_the_number_of_statements_does_not_depend_on_the_number_of_sessions(shop, bulk):
    def statements(number: int) -> int:
        ids = [come(shop).session for _ in range(number)]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert results(bulk(ids=ids)) == [("ok", None)] * number
        return len(queries)

    statements(1)  # what is read once in the life of a process
    assert statements(2) == statements(12)
