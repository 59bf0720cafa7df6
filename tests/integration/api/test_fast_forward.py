"""Time at the command of the emulator (3-api.md, `POST /sessions/{id}/fast-forward`)."""

from datetime import datetime, timedelta

import pytest

from portal.audit.models import Entry
from sessions_app.models import ChatSession, Message
from tests.integration.api.conftest import refused

pytestmark = pytest.mark.django_db
ADA = {"id": "ada"}


@pytest.fixture
def emulated(owner):
    """An emulator session in which something has been said."""
    started = owner.post("/sessions", {"agent": "shop", "user": ADA, "version": "DRAFT"}).body
    return owner.post(f"/sessions/{started['id']}/messages", {"text": "hello"}).body["session"]


@pytest.fixture
def forward(owner, emulated):
    def forward(by, session=None):
        return owner.post(f"/sessions/{session or emulated['id']}/fast-forward", {"by": by})

    return forward


def earlier(instant: str, by: timedelta) -> str:
    return (datetime.fromisoformat(instant) - by).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def events(owner, session):
    return [event["type"] for event in owner.get(f"/sessions/{session['id']}/events").body["items"]]


def test_everything_of_the_session_moves_into_the_past(owner, emulated, forward):
    before = owner.get(f"/sessions/{emulated['id']}/messages").body["items"]
    by = timedelta(minutes=10)
    moved = forward("PT10M").body

    assert moved["state"] == "live"
    for instant in ("started_at", "last_interaction_at", "idle_at", "ends_at"):
        assert moved[instant] == earlier(emulated[instant], by)
    after = owner.get(f"/sessions/{emulated['id']}/messages").body["items"]
    assert [line["at"] for line in after] == [earlier(line["at"], by) for line in before]
    assert events(owner, emulated) == ["session.started"]


def test_it_goes_idle_and_ends_and_is_archived_as_if_time_had_passed(owner, emulated, forward):
    assert forward("PT31M").body["state"] == "idle"
    ended = forward("PT31M").body
    assert (ended["state"], ended["end_reason"], ended["silent"]) == ("ended", "expired", False)
    assert ended["ended_at"] == earlier(emulated["ends_at"], timedelta(minutes=62))
    archived = forward("P30D").body
    assert archived["archived_at"] is not None
    assert events(owner, emulated)[:3] == ["session.started", "session.idle", "session.ended"]
    assert "session.archived" in events(owner, emulated)


def test_a_chat_goes_on_in_the_session_that_was_moved_behind_the_one_before(owner, emulated, forward):
    """The session before it is older still, however far this one is moved."""
    owner.post(f"/sessions/{emulated['id']}/end")
    again = owner.post(f"/sessions/{emulated['id']}/messages", {"text": "again"}).body["session"]
    assert forward("PT10M", again["id"]).body["state"] == "live"
    answer = owner.post(f"/sessions/{again['id']}/messages", {"text": "still there?"})
    assert answer.status_code == 200, answer.body
    assert (answer.body["session"]["id"], answer.body["session"]["user_turns"]) == (again["id"], 2)


def test_what_came_before_moves_along_so_that_the_history_keeps_its_order(owner, emulated, forward):
    before = owner.post(f"/sessions/{emulated['id']}/end").body
    again = owner.post(f"/sessions/{emulated['id']}/messages", {"text": "again"}).body["session"]
    forward("PT10M", again["id"])
    moved = owner.get(f"/sessions/{emulated['id']}").body
    assert moved["ended_at"] == earlier(before["ended_at"], timedelta(minutes=10))
    assert moved["row_version"] == before["row_version"] + 1


def test_what_an_import_dated_still_counts_when_it_was_received(owner, emulated, forward):
    said = {"session": emulated["id"], "text": "once", "at": "2026-01-01T00:00:00Z"}
    assert owner.post("/interactions", {"items": [said]}).body["items"][0]["result"] == "ok"
    before = owner.get(f"/sessions/{emulated['id']}").body
    assert forward("PT10M").body["last_interaction_at"] == earlier(before["last_interaction_at"], timedelta(minutes=10))
    line = Message.objects.get(text="once")
    assert line.received_at == ChatSession.objects.get().last_interaction_at
    assert owner.get(f"/sessions/{emulated['id']}/messages").body["items"][-1]["at"] == "2025-12-31T23:50:00.000Z"


def test_an_emulator_session_has_a_thread_of_its_own(owner, session, emulated):
    """Moved into the past, it would come before the sessions of a real user."""
    owner.post(f"/sessions/{session.pk}/end")
    start = {"agent": "shop", "user": ADA, "thread": str(session.thread_id), "version": "DRAFT"}
    refused(owner.post("/sessions", start), 422, "invalid")
    owner.post(f"/sessions/{emulated['id']}/end")
    refused(owner.post("/sessions", start | {"thread": emulated["thread"], "version": "LIVE"}), 422, "invalid")


@pytest.mark.parametrize("by", ["PT0S", 0, "-PT1M", -60, "P3651D", "soon", "1h", None, True, 1.5, "PT1E9S"])
def test_no_other_jump_is_taken(owner, emulated, forward, by):
    assert list(refused(forward(by), 422, "invalid")["errors"]) == ["by"]
    assert owner.get(f"/sessions/{emulated['id']}").body["started_at"] == emulated["started_at"]


def test_no_number_of_jumps_leads_to_where_nobody_can_read_it(owner, emulated, forward):
    while (jumped := forward("P3650D")).status_code == 200:
        pass
    assert "2000" in refused(jumped, 422, "invalid")["detail"]
    assert owner.get(f"/sessions/{emulated['id']}").body["started_at"] > "2000"
    assert owner.get("/sessions", version="DRAFT", state="any", archived="true").status_code == 200


def test_the_jump_is_in_the_audit_log(forward):
    forward("PT1M")
    assert Entry.objects.get(verb="session.fast_forward").after == {"by": "0:01:00"}


def test_only_emulator_sessions_are_moved(owner, session):
    refused(owner.post(f"/sessions/{session.pk}/fast-forward", {"by": "PT1M"}), 422, "invalid")
