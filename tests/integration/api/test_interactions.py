"""Messages in bulk, for back ends (3-api.md, `POST /interactions`)."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.lib import clock
from sessions_app.models import ChatSession, ChatUser, Message, Thread
from tests import cast
from tests.integration.api.conftest import refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def send(owner):
    def send(*items, by=owner):
        return by.post("/interactions", {"items": list(items)})

    return send


def results(response):
    assert response.status_code == 200, response.body
    return [(item["result"], item["code"]) for item in response.body["items"]]


def texts(session):
    return [*Message.objects.filter(session=session).order_by("seq").values_list("text", flat=True)]


# ── where they go
def test_a_message_goes_to_a_session_a_thread_or_a_users_latest_thread(send, session):
    thread = str(session.thread_id)
    found = send(
        {"session": str(session.pk), "text": "one"},
        {"agent": "shop", "thread": thread, "text": "two"},
        {"agent": "shop", "user": "ada", "text": "three"},
    ).body["items"]
    assert [(item["result"], item["session"], item["thread"]) for item in found] == [
        ("ok", str(session.pk), thread)
    ] * 3
    assert texts(session) == ["hello", "one", "two", "three"]
    assert [item["seq"] for item in found] == [2, 3, 4]


def test_a_user_whom_nobody_knows_begins_with_it_once(send, shop):
    found = send(*({"agent": "shop", "user": "dora", "text": f"{n}"} for n in range(3))).body["items"]
    assert len({item["session"] for item in found}) == 1
    session = ChatSession.objects.get()
    assert (session.user_turns, session.user.external_id, session.user.identified) == (3, "dora", True)
    assert texts(session) == ["0", "1", "2"]


def test_a_late_one_opens_a_session_and_says_which_it_was_sent_to(send, session):
    cast.pass_time(session.pk, timedelta(hours=1))
    item, again = send(
        {"session": str(session.pk), "text": "late"}, {"session": str(session.pk), "text": "later"}
    ).body["items"]
    assert item["previous_session"] == again["previous_session"] == str(session.pk)
    assert item["session"] == again["session"] != str(session.pk)


@pytest.mark.parametrize(
    "address",
    [
        {},
        {"agent": "shop"},
        {"user": "ada"},
        {"thread": "00000000-0000-7000-8000-000000000000"},
        {"agent": "shop", "user": "ada", "thread": "00000000-0000-7000-8000-000000000000"},
        {"session": "x", "agent": "shop"},
        {"session": None, "agent": None},
    ],
)
def test_another_address_is_none(send, address):
    refused(send({"text": "hello", **address}), 422, "invalid")


# ── each has its own result
def test_a_refused_one_does_not_hold_up_the_others(send, olga, session):
    cast.chatting(cast.agent("vault"), cast.user("bert"))
    closed = cast.agent("closed", owner=olga, status="disabled")
    vault = str(Thread.objects.get(agent__slug="vault").pk)
    found = results(
        send(
            {"session": str(session.pk), "text": "one"},
            {"session": "no id", "text": "two"},
            {"session": "00000000-0000-7000-8000-000000000000", "text": "three"},
            {"agent": "vault", "thread": vault, "text": "four"},
            {"agent": "shop", "thread": vault, "text": "five"},
            {"agent": "nowhere", "user": "ada", "text": "six"},
            {"session": str(session.pk), "text": "eight"},
        )
    )
    assert found == [("ok", None), *[("refused", "not_found")] * 5, ("ok", None)]
    assert texts(session) == ["hello", "one", "eight"]
    assert closed.status == "disabled"


def test_who_only_sees_an_agent_may_not_write_to_it(send, translator, session):
    assert results(send({"agent": "shop", "user": "ada", "text": "x"}, by=translator)) == [("refused", "forbidden")]
    assert results(send({"agent": "shop", "user": "new", "text": "x"}, by=translator)) == [("refused", "forbidden")]
    assert not ChatUser.objects.filter(external_id="new").exists()


def test_users_write_no_messages_in_bulk(send, visitor):
    assert results(send({"session": visitor.session, "text": "x"}, by=visitor))[0][0] == "refused"
    refused(send({"session": visitor.session, "text": "x", "from": "bot"}, by=visitor), 403, "forbidden")
    refused(send({"session": visitor.session, "text": "x", "at": "2026-01-01T00:00:00Z"}, by=visitor), 403, "forbidden")


def test_a_refused_one_says_why_and_leaves_nothing(send, shop):
    shop.status = "disabled"
    shop.save()
    (item,) = send({"agent": "shop", "user": "dora", "text": "canary"}).body["items"]
    assert (item["result"], item["code"]) == ("refused", "agent_disabled")
    assert item["detail"]
    assert (item["message"], item["seq"], item["thread"], item["session"]) == (None, None, None, None)
    assert not Message.objects.exists()
    assert not Thread.objects.exists()


# ── the same one twice
def test_the_same_client_id_is_one_message_in_one_request_and_in_the_next(send, session):
    item = {"session": str(session.pk), "text": "once", "client_id": "c-1"}
    first, twin = send(item, item | {"text": "twice"}).body["items"]
    assert (first["result"], twin["result"]) == ("ok", "already")
    (again,) = send(item).body["items"]
    assert again["result"] == "already"
    same = ("message", "seq", "thread", "session")
    assert [twin[name] for name in same] == [again[name] for name in same] == [first[name] for name in same]
    assert texts(session) == ["hello", "once"]


def test_it_is_the_same_over_the_other_door(send, owner, session):
    (first,) = send({"session": str(session.pk), "text": "once", "client_id": "c-1"}).body["items"]
    again = owner.post(f"/sessions/{session.pk}/messages", {"text": "again", "client_id": "c-1"}).body
    assert again["message"]["id"] == first["message"]


# ── what was said earlier
def test_an_import_dates_the_message_and_moves_no_deadline(send, owner, session):
    cast.pass_time(session.pk, timedelta(minutes=10))
    (item,) = send({"session": str(session.pk), "text": "once", "at": "2026-01-02T03:04:05.678Z"}).body["items"]
    line = owner.get(f"/sessions/{session.pk}/messages").body["items"][-1]
    assert (line["id"], line["at"]) == (item["message"], "2026-01-02T03:04:05.678Z")
    found = owner.get(f"/sessions/{session.pk}").body
    assert found["last_interaction_at"] > "2026-11-01", "it counts from when it was received"
    ends_in = datetime.fromisoformat(found["ends_at"]) - datetime.fromisoformat(found["server_now"])
    assert timedelta(minutes=50) < ends_in <= timedelta(minutes=60)


def test_a_bots_line_of_then_moves_nothing_at_all(send, owner, session):
    before = owner.get(f"/sessions/{session.pk}").body
    send({"session": str(session.pk), "text": "once", "from": "bot", "at": "2026-01-02T03:04:05Z"})
    after = owner.get(f"/sessions/{session.pk}").body
    same = ("ends_at", "idle_at", "last_interaction_at", "interactions")
    assert [after[name] for name in same] == [before[name] for name in same]


def test_nothing_was_said_in_the_future(send, session):
    tomorrow = (clock.now() + timedelta(days=1)).astimezone(UTC).isoformat()
    assert results(
        send({"session": str(session.pk), "text": "x", "at": tomorrow}, {"session": str(session.pk), "text": "y"})
    ) == [("refused", "invalid"), ("ok", None)]


@pytest.mark.parametrize(
    "at", ["yesterday", "2026-01-02T03:04:05", 5, "1767323045", True, [], "9999-12-31T23:59:59Z", "-0001-01-01"]
)
def test_what_is_no_instant_is_refused(send, session, at):
    response = send({"session": str(session.pk), "text": "x", "at": at})
    assert response.status_code == 422 or results(response) == [("refused", "invalid")]
    assert texts(session) == ["hello"]


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "1969-12-31T23:59:59.999Z"])
def test_nothing_was_said_before_there_were_chats(send, session, at):
    """Moved to UTC, the first instants there are would be before the year 1, where nobody could read them again."""
    assert list(refused(send({"session": str(session.pk), "text": "x", "at": at}), 422, "invalid")["errors"]) == [
        "items.0.at"
    ]
    assert results(send({"session": str(session.pk), "text": "x", "at": "1970-01-01T00:00:00Z"})) == [("ok", None)]


# ── as any side, of every kind
def test_every_kind_and_side_is_recorded(send, session):
    at = {"session": str(session.pk)}
    found = send(
        at | {"kind": "event", "event": "ping"},
        at | {"kind": "postback", "text": "Track it", "payload": {"a": 1}},
        at | {"kind": "upload", "payload": {"name": "a.jpg"}},
        at | {"kind": "preset", "text": "Hi"},
        at | {"text": "bot", "from": "bot"},
        at | {"text": "human", "from": "human"},
    )
    assert results(found) == [("ok", None)] * 6
    session.refresh_from_db()
    assert (session.user_turns, session.interactions, session.messages) == (4, 4, 7)


# ── many
def test_a_thousand_are_one_call_with_a_constant_number_of_statements(send, session):
    def statements(number: int) -> int:
        items = [{"session": str(session.pk), "text": "x", "client_id": f"{number}-{n}"} for n in range(number)]
        with CaptureQueriesContext(connection) as queries:
            assert results(send(*items)) == [("ok", None)] * number
        return len(queries)

    statements(1)  # what is read once in the life of a process
    assert statements(10) == statements(1000)
    seqs = [*Message.objects.filter(thread=session.thread_id).order_by("seq").values_list("seq", flat=True)]
    assert seqs == list(range(1, 1013))


@pytest.mark.parametrize("number", [0, 1001])
def test_none_and_more_than_a_thousand_are_refused(send, session, number):
    refused(send(*[{"session": str(session.pk), "text": "x"}] * number), 422, "invalid")
    assert texts(session) == ["hello"]


def test_a_broken_one_refuses_the_request_and_is_named(send, session):
    broken = [{"session": str(session.pk), "text": "x"}, {"session": str(session.pk), "text": "x" * 8001}]
    assert list(refused(send(*broken), 422, "invalid")["errors"]) == ["items.1.text"]
    assert texts(session) == ["hello"]
