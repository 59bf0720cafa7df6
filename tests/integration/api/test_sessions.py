"""Sessions over HTTP (3-api.md, "Sessions")."""

from datetime import timedelta

import pytest

from portal.audit.models import Entry
from sessions_app.models import ChatSession, ChatUser
from tests import cast
from tests.integration.api.conftest import program, refused

pytestmark = pytest.mark.django_db

FIELDS = [
    *("id", "agent", "thread", "user", "state", "version", "channel", "language", "locale", "model", "model_override"),
    *("started_at", "last_interaction_at", "idle_at", "ends_at", "ended_at", "end_reason", "silent", "paused_at"),
    *("live_chat", "archived_at", "user_turns", "interactions", "conversations", "messages", "data_bytes"),
    *("policy_version", "transferred_from", "transferred_to", "pending_transfer", "row_version", "why", "actions"),
]
ADA = {"id": "ada", "name": "Ada Lovelace", "email": "ada@example.org", "attributes": {"plan": "pro"}}


# ── one session
def test_a_session_has_exactly_the_fields_of_the_contract(owner, session):
    found = owner.get(f"/sessions/{session.pk}").body

    assert list(found) == [*FIELDS, "server_now"]
    assert found["agent"] == "shop"
    assert found["user"] == {"id": "ada", "name": "Ada", "identified": False}
    assert (found["state"], found["version"], found["user_turns"], found["messages"]) == ("live", "LIVE", 1, 1)
    assert found["why"].startswith("Ends ")
    assert found["actions"] == ["end", "pause", "extend", "transfer", "take_over"]
    assert (found["model"], found["live_chat"], found["data_bytes"]) == (None, False, 0)


def test_instants_are_utc_to_the_millisecond(owner, session):
    ChatSession.objects.filter(pk=session.pk).update(started_at="2026-11-21T11:05:00+01:00")
    assert owner.get(f"/sessions/{session.pk}").body["started_at"] == "2026-11-21T10:05:00.000Z"


def test_a_session_is_ended_at_its_deadline_whatever_a_sweep_has_done(owner, session):
    cast.pass_time(session.pk, timedelta(hours=2))
    session.refresh_from_db()

    found = owner.get(f"/sessions/{session.pk}").body

    assert (session.state, found["state"], found["end_reason"]) == ("live", "ended", "expired")
    assert found["ended_at"][:23] == session.ends_at.isoformat(timespec="milliseconds")[:23]
    assert found["actions"] == []


@pytest.mark.parametrize("id", ["0199", "emulator-", "00000000-0000-7000-8000-000000000000", "%00", "ä", "a b"])
def test_what_is_no_session_is_not_found(owner, id):
    refused(owner.get(f"/sessions/{id}"), 404, "not_found")


def test_an_emulator_session_says_so_in_its_id(owner, shop):
    started = owner.post("/sessions", {"agent": "shop", "user": ADA, "version": "DRAFT"}).body
    assert started["id"].startswith("emulator-")
    assert owner.get(f"/sessions/{started['id']}").body["version"] == "DRAFT"
    assert owner.get("/sessions").body["items"] == []
    assert [s["id"] for s in owner.get("/sessions", version="DRAFT").body["items"]] == [started["id"]]


# ── start
def test_starting_makes_a_session_in_a_new_thread_and_keeps_what_is_told_of_the_user(owner, shop):
    body = {"agent": "shop", "user": ADA, "language": "de", "locale": "de-at", "channel": "whatsapp"}
    response = owner.post("/sessions", body)

    assert response.status_code == 201, response.content
    started = response.body
    assert started["user"] == {"id": "ada", "name": "Ada Lovelace", "identified": True}
    assert (started["language"], started["locale"], started["channel"]) == ("de", "de-at", "whatsapp")
    assert (started["interactions"], started["messages"]) == (0, 0)
    assert ChatUser.objects.get(external_id="ada").attributes == {"plan": "pro"}
    assert owner.post("/sessions", body).body["thread"] != started["thread"]


def test_starting_in_a_thread_with_an_open_session_answers_with_it(owner, shop):
    first = owner.post("/sessions", {"agent": "shop", "user": ADA}).body
    again = owner.post("/sessions", {"agent": "shop", "user": ADA, "thread": first["thread"]})
    assert (again.status_code, again.body["id"]) == (200, first["id"])

    owner.post(f"/sessions/{first['id']}/end")
    new = owner.post("/sessions", {"agent": "shop", "user": ADA, "thread": first["thread"]})
    assert new.status_code == 201
    assert (new.body["thread"], new.body["id"] == first["id"]) == (first["thread"], False)


def test_the_prompt_opens_a_session_only_when_asked_for(owner, olga):
    cast.agent("greeter", owner=olga, prompt_kind="preset", prompt_text="Good day!")
    owner = program(olga)
    silent = owner.post("/sessions", {"agent": "greeter", "user": ADA}).body
    prompted = owner.post("/sessions", {"agent": "greeter", "user": ADA, "prompt": True}).body
    assert (silent["messages"], prompted["messages"], prompted["interactions"]) == (0, 1, 0)


def test_a_language_the_agent_does_not_speak_becomes_its_default(owner, shop):
    assert owner.post("/sessions", {"agent": "shop", "user": ADA, "language": "tlh"}).body["language"] == "en"


def test_what_cannot_be_started_is_refused_by_name(owner, shop):
    elsewhere = cast.chatting(shop, cast.user("bert")).thread_id
    refused(owner.post("/sessions", {"agent": "nowhere", "user": ADA}), 404, "not_found")
    refused(owner.post("/sessions", {"agent": "shop", "user": ADA, "thread": str(elsewhere)}), 404, "not_found")
    assert refused(owner.post("/sessions", {"agent": "shop"}), 422, "invalid")["errors"] == {
        "user": ["This is required."]
    }
    problem = refused(owner.post("/sessions", {"agent": "shop", "user": {"id": "x" * 201}}), 422, "invalid")
    assert problem["errors"] == {"user.id": ["At most 200 characters."]}
    problem = refused(owner.post("/sessions", {"agent": "shop", "user": {"id": "a\nb"}}), 422, "invalid")
    assert problem["errors"] == {"user.id": ["Only printable characters can be used here."]}
    problem = refused(owner.post("/sessions", {"agent": "shop", "user": ADA, "color": "red"}), 422, "invalid")
    assert problem["errors"] == {"color": ["There is no such field."]}
    assert ChatUser.objects.filter(external_id="ada").count() == 0


def test_a_disabled_agent_starts_nothing(owner, shop):
    shop.status = "disabled"
    shop.save()
    refused(owner.post("/sessions", {"agent": "shop", "user": ADA}), 409, "agent_disabled")
    assert not ChatUser.objects.filter(external_id="ada").exists(), "an error changes nothing"


def test_any_printable_user_id_will_do(owner, shop):
    id = "team/ä 7 " + "x" * 191
    assert owner.post("/sessions", {"agent": "shop", "user": {"id": id}}).body["user"]["id"] == id
    assert len(owner.get("/sessions", user=id).body["items"]) == 1


# ── deeds
def test_pausing_and_resuming(owner, session):
    paused = owner.post(f"/sessions/{session.pk}/pause", {"reason": "lunch", "seen_state": "live"})
    assert (paused.status_code, paused.body["state"], paused.body["ends_at"]) == (200, "paused", None)
    assert paused.body["actions"] == ["end", "resume", "transfer"]
    assert owner.post(f"/sessions/{session.pk}/pause").body["row_version"] == paused.body["row_version"]
    assert owner.post(f"/sessions/{session.pk}/resume").body["state"] == "live"


def test_ending_twice_changes_nothing_and_is_no_error(owner, session):
    first = owner.post(f"/sessions/{session.pk}/end", {"reason": "spam"}).body
    again = owner.post(f"/sessions/{session.pk}/end", {"seen_state": "live"})
    assert (first["state"], first["end_reason"]) == ("ended", "owner_ended")
    assert again.status_code == 200
    same = ("ended_at", "end_reason", "row_version")
    assert [again.body[name] for name in same] == [first[name] for name in same]


@pytest.mark.parametrize("deed", ["pause", "resume"])
def test_an_ended_session_is_neither_paused_nor_resumed(owner, session, deed):
    owner.post(f"/sessions/{session.pk}/end")
    refused(owner.post(f"/sessions/{session.pk}/{deed}"), 409, "session_ended")


def test_a_deed_is_not_done_to_a_state_it_was_not_meant_for(owner, session):
    owner.post(f"/sessions/{session.pk}/pause")
    problem = refused(owner.post(f"/sessions/{session.pk}/end", {"seen_state": "live"}), 409, "state_changed")
    assert problem["detail"] == "The session is paused now."
    assert owner.get(f"/sessions/{session.pk}").body["state"] == "paused"


def test_a_deed_takes_no_unknown_state_and_no_endless_reason(owner, session):
    refused(owner.post(f"/sessions/{session.pk}/end", {"seen_state": "asleep"}), 422, "invalid")
    refused(owner.post(f"/sessions/{session.pk}/end", {"reason": "x" * 501}), 422, "invalid")
    refused(owner.post(f"/sessions/{session.pk}/end", b"null"), 422, "invalid")
    assert owner.get(f"/sessions/{session.pk}").body["state"] == "live"


def test_clearing_the_history_ends_the_session_and_begins_a_new_one(visitor):
    new = visitor.post(f"/sessions/{visitor.session}/clear-history").body
    assert (new["state"], new["thread"], new["id"] == visitor.session) == ("live", visitor.thread, False)
    assert visitor.get(f"/sessions/{visitor.session}").body["end_reason"] == "history_cleared"


def test_every_deed_of_staff_is_in_the_audit_log(owner, session):
    owner.post(f"/sessions/{session.pk}/pause", {"reason": "lunch"})
    entry = Entry.objects.get(verb="session.pause")
    assert (entry.reason, entry.subject) == ("lunch", f"session {session.pk}")


# ── visitors start for themselves
def test_a_visitor_starts_a_session_in_their_own_thread_or_a_new_one(visitor):
    visitor.post(f"/sessions/{visitor.session}/end")
    again = visitor.post("/sessions", {"agent": "shop", "thread": visitor.thread})
    assert (again.status_code, again.body["thread"]) == (201, visitor.thread)
    new = visitor.post("/sessions", {"agent": "shop"})
    assert (new.status_code, new.body["thread"] == visitor.thread) == (201, False)


def test_a_visitor_starts_for_nobody_else(visitor, other_visitor):
    refused(visitor.post("/sessions", {"agent": "shop", "user": {"id": "ada"}}), 403, "forbidden")
    refused(visitor.post("/sessions", {"agent": "shop", "version": "DRAFT"}), 403, "forbidden")
    refused(visitor.post("/sessions", {"agent": "shop", "thread": other_visitor.thread}), 404, "not_found")
    cast.agent("elsewhere")
    refused(visitor.post("/sessions", {"agent": "elsewhere"}), 404, "not_found")
