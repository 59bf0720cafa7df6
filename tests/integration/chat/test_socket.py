"""The chat socket, over the wire (docs/chat-protocol.md)."""

import asyncio
import contextlib
import json
import threading
import time
from datetime import timedelta
from uuid import UUID

import pytest
from channels_redis.pubsub import RedisSingleShardConnection
from django.db import OperationalError, connection, transaction
from redis.exceptions import ConnectionError as RedisAway
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from portal.agents.models import Agent
from sessions_app.actions import sweeping
from sessions_app.consumers.feed import feed
from sessions_app.engines import scripted
from sessions_app.engines.turn import Reply, Turn
from sessions_app.models import ChatSession, Message, Thread, VisitorToken
from sessions_app.queries import chats
from sessions_app.queries.chats import Chat, Seen
from tests import cast

HOURS = timedelta(hours=1)
SCRIPT = """
languages:
  en:
    events:
      WELCOME: {replies: [Welcome!]}
    intents:
      greeting: {phrases: [hello], replies: [Hi!]}
    fallback: {replies: [What?]}
"""


def test_hello_is_answered_with_what_there_is(visitor):
    with visitor.connect() as chat:
        ready = chat.until("ready")
    assert (ready["thread"], ready["session"], ready["messages"], ready["seq"]) == (visitor.thread, None, [], 0)
    assert ChatSession.objects.count() == 0, "no session before the chat is opened"


def test_a_message_is_acknowledged_after_it_is_kept(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        sent = chat.say("hello")
        ack = chat.until("ack", client_id=sent)
        assert Message.objects.get(pk=ack["message_id"]).text == "hello"
        assert ack["seq"] == 1
        assert chat.until("message", client_id=sent)["from"] == "user"


def test_the_same_client_id_is_one_message_acknowledged_twice(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        first = chat.until("ack", client_id=chat.say("hello", client_id="once"))
        second = chat.until("ack", client_id=chat.say("hello", client_id="once"))
    assert (first["message_id"], first["seq"]) == (second["message_id"], second["seq"])
    assert Message.objects.count() == 1


def test_a_client_that_comes_back_gets_exactly_what_it_missed(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("one"))
    with visitor.connect() as other:
        other.until("ready")
        other.until("ack", client_id=other.say("two"))
    with visitor.connect(after=1) as chat:
        assert [line["text"] for line in chat.until("ready")["messages"]] == ["two"]


def test_two_tabs_see_the_same_lines(visitor):
    with visitor.connect() as one, visitor.connect() as two:
        one.until("ready")
        two.until("ready")
        sent = one.say("hello")
        assert two.until("message", client_id=sent)["text"] == "hello"


def test_the_bot_answers(visitor):
    Agent.objects.update(platform="scripted", script=SCRIPT, prompt_kind="intent")
    with visitor.connect() as chat:
        chat.until("ready")
        chat.send("open")
        assert chat.until("message")["text"] == "Welcome!"
        chat.say("blah")
        assert chat.until("message", **{"from": "bot"})["text"] == "What?"


def test_the_user_sees_that_a_bot_which_takes_its_time_is_typing(visitor, monkeypatch):
    Agent.objects.update(platform="scripted", script=SCRIPT, prompt_kind="none")
    seen = threading.Event()
    answer = scripted.reply

    async def think(turn: Turn) -> Reply:
        await asyncio.to_thread(seen.wait, 10)
        return await answer(turn)

    monkeypatch.setattr(scripted, "reply", think)
    with visitor.connect() as chat:
        chat.until("ready")
        chat.say("hello")
        chat.until("typing", **{"from": "bot"})
        seen.set()
        assert chat.until("message", **{"from": "bot"})["text"] == "Hi!"


def test_a_limit_before_the_users_eyes_gives_divider_and_new_session_once_for_all_tabs(visitor):
    with visitor.connect() as one, visitor.connect() as two:
        for chat in (one, two):
            chat.until("ready")
            chat.send("open")
        one.until("ack", client_id=one.say("hello"))
        old = ChatSession.objects.get()
        cast.pass_time(old.pk, 2 * HOURS)

        sweeping.sweep()

        for chat in (one, two):
            ended = chat.until("session", reason="expired")
            assert ended["session"]["id"] == str(old.pk)
            assert chat.until("divider")["text"] == "Your session has expired"
            assert chat.until("session", reason=None)["session"]["state"] == "live"
        assert ChatSession.objects.count() == 2
        assert Message.objects.filter(kind="divider").count() == 1


def test_a_chat_that_is_open_ends_at_its_deadline_when_nothing_sweeps(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.send("open")
        chat.until("ack", client_id=chat.say("hello"))
        old = ChatSession.objects.get()
        ends_at = old.ends_at - 2 * HOURS
        cast.pass_time(old.pk, 2 * HOURS)
        chat.until("divider")
    old.refresh_from_db()
    assert (old.state, old.ended_at) == ("ended", ends_at)


def test_pause_holds_messages_and_resume_lets_them_go(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.send("open")
        chat.until("ack", client_id=chat.send("pause"))
        assert chat.until("session")["session"]["state"] in ("live", "paused")
        held = chat.say("later")
        assert chat.until("message", client_id=held)["held"] is True
        chat.until("ack", client_id=chat.send("resume"))
    session = ChatSession.objects.get()
    assert (session.state, session.user_turns, session.held) == ("live", 1, 0)


def test_clear_history_empties_the_view_and_begins_anew(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
        chat.send("clear_history")
        assert chat.until("cleared")["seq"] == 1
        assert chat.until("session", reason=None)["session"]["state"] == "live"
    with visitor.connect() as chat:
        assert chat.until("ready")["messages"] == []


def test_a_new_chat_is_another_thread_for_every_connection(visitor):
    with visitor.connect() as one, visitor.connect() as two:
        one.until("ready")
        two.until("ready")
        one.until("ack", client_id=one.say("hello"))
        one.send("new_chat", language="de")
        fresh = one.until("ready")
        assert fresh["thread"] != visitor.thread
        session = fresh["session"] or one.until("session")["session"]  # the thread may be seen before its session
        assert session["language"] == "de"
        assert two.until("ready")["thread"] == fresh["thread"]


def test_a_new_chat_that_is_refused_leaves_the_one_there_is(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
        Agent.objects.update(status="disabled")
        assert chat.until("error", client_id=chat.send("new_chat"))["code"] == "agent_disabled"
    with visitor.connect() as chat:
        ready = chat.until("ready")
    assert ready["thread"] == visitor.thread
    assert [line["text"] for line in ready["messages"]] == ["hello"]


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        ({"kind": "text", "text": "x" * 8001}, "at most 8,000"),
        ({"kind": "text", "text": " "}, "empty"),
        ({"kind": "text", "text": "a\0b"}, "cannot be kept"),
        ({"kind": "upload", "text": "x"}, "kind must be"),
        ({"kind": "event"}, "event must be"),
        ({"kind": "text", "text": "x", "thread": "no id"}, "not an id"),
        ({"kind": "text", "text": "x", "payload": json.loads("[" * 51 + "]" * 51)}, "nested too deeply"),
        ({"kind": "text", "text": "x", "payload": json.loads("[" * 900 + "]" * 900)}, "nested too deeply"),
    ],
)
def test_a_message_that_cannot_be_taken_is_refused_and_the_chat_goes_on(visitor, frame, sentence):
    with visitor.connect() as chat:
        chat.until("ready")
        error = chat.until("error", client_id=chat.send("message", **frame))
        assert error["code"] == "invalid"
        assert sentence in error["detail"]
        chat.until("ack", client_id=chat.say("still here"))


def test_at_any_other_address_nobody_answers_and_nothing_is_logged(site, caplog):
    """It was a 500, and a traceback for whoever asked for one."""
    with pytest.raises(InvalidStatus) as refused, connect(site.replace("http", "ws") + "/ws/nowhere/"):
        pass
    assert refused.value.response.status_code == 403
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


@pytest.mark.parametrize("broken", ["a\0b", "\ud800"])
def test_a_client_id_that_cannot_be_kept_is_none(visitor, broken):
    """It failed in the database, with every message that arrived in the same moment, and ended the connection."""
    with visitor.connect() as chat:
        chat.until("ready")
        chat.say("hello", client_id=broken)
        assert "client_id" in chat.until("error", code="invalid")["detail"]
        chat.until("ack", client_id=chat.say("still here"))


def test_another_users_thread_does_not_exist(visitor):
    foreign = cast.thread(Agent.objects.get())
    with visitor.connect() as chat:
        chat.until("ready")
        error = chat.until("error", client_id=chat.say("hello", thread=str(foreign.pk)))
        assert error["code"] == "not_found"
    with visitor.connect(thread=str(foreign.pk)) as chat:
        assert chat.closed() == 4404


def test_a_wrong_token_is_refused(visitor):
    with visitor._replace(token="vis_wrong").connect() as chat:
        assert chat.closed() == 4401
        assert chat.frames[-1]["code"] == "unauthenticated"


def test_a_token_that_is_revoked_later_ends_the_connection(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        VisitorToken.objects.all().delete()
        assert chat.closed() == 4401


def test_a_page_of_an_origin_that_is_not_listed_may_not_chat(visitor):
    Agent.objects.update(allowed_origins=["https://shop.example"])
    with visitor.connect(origin="https://evil.example") as chat:
        assert chat.closed() == 4403
    with visitor.connect(origin="https://shop.example") as chat:
        chat.until("ready")


def test_a_page_may_not_write_to_the_chat_of_another_agent_that_does_not_list_it(visitor):
    strict = cast.agent("billing", allowed_origins=["https://billing.example"])
    mine = Thread.objects.create(agent=strict, user=Thread.objects.get().user)
    with visitor.connect(origin="https://shop.example", thread=visitor.thread) as chat:
        chat.until("ready")
        error = chat.until("error", client_id=chat.say("hello", thread=str(mine.pk)))
    assert error["code"] == "not_found"


def test_frames_that_are_none_end_the_connection(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.socket.send("[1, 2")
        assert chat.closed() == 4400


def test_a_flood_ends_the_connection(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        with contextlib.suppress(ConnectionClosed):  # it may be closed before all of them are sent
            for _ in range(60):
                chat.send("typing")
        assert chat.closed() == 4429


def test_how_much_is_a_flood_is_a_setting(visitor, settings):
    settings.CHAT_FRAMES_BURST = 100
    with visitor.connect() as chat:
        chat.until("ready")
        for _ in range(60):
            chat.send("typing")
        assert chat.until("ack", client_id=chat.say("still here"))


def test_a_client_that_leaves_before_its_message_is_acknowledged_is_forgotten(visitor):
    """Channels calls no `disconnect` when a handler fails to send: the connection stayed in the feed for ever."""
    with visitor.connect() as chat:
        chat.until("ready")
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM chat_thread WHERE id = %s FOR UPDATE", [visitor.thread])
            chat.say("bye")
            time.sleep(0.1)
            chat.socket.close()
    deadline = time.monotonic() + 5
    while _shown(visitor.thread) or not Message.objects.exists():
        assert time.monotonic() < deadline, "the feed still shows the chat to nobody"
        time.sleep(0.02)
    assert Message.objects.get().text == "bye", "and the message is kept"


def _shown(thread: str) -> bool:
    return any(UUID(thread) in one._viewers for one in feed._made.values())


def test_chats_open_and_messages_are_kept_while_redis_is_away(visitor, monkeypatch):
    async def away(*_args: object) -> None:
        raise RedisAway("stopped")

    for name in ("subscribe", "publish"):
        monkeypatch.setattr(RedisSingleShardConnection, name, away)
    with visitor.connect() as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
    assert Message.objects.get().text == "hello"


def test_a_chat_whose_next_thread_cannot_be_read_at_first_is_shown_it_later(visitor, monkeypatch):
    read, failures = chats.chats, [OperationalError("away for a moment")]

    def reads(seen: dict[UUID, Seen]) -> dict[UUID, Chat]:
        if failures and UUID(visitor.thread) not in seen:
            raise failures.pop()
        return read(seen)

    with visitor.connect() as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
        monkeypatch.setattr(chats, "chats", reads)
        chat.until("ack", client_id=chat.send("new_chat"))
        assert chat.until("ready")["thread"] != visitor.thread
    assert not failures


def test_what_was_cleared_is_not_told_to_who_comes_back_either(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        for text in ("one", "two"):
            chat.until("ack", client_id=chat.say(text))
        chat.until("ack", client_id=chat.send("clear_history"))
        chat.until("ack", client_id=chat.say("three"))
    with visitor.connect(after=1) as chat:
        assert [line["text"] for line in chat.until("ready")["messages"]] == ["three"]


def test_who_missed_a_lot_gets_all_of_it_in_pieces(visitor, monkeypatch):
    monkeypatch.setattr(chats, "MOST_NEWS", 3)
    thread = Thread.objects.get()
    for number in range(1, 12):
        cast.say(thread, str(number))
    with visitor.connect(after=1) as chat:
        ready = chat.until("ready")
        assert ([line["text"] for line in ready["messages"]], ready["seq"]) == (["2", "3", "4"], 4)
        chat.until("message", seq=11)
        assert [frame["seq"] for frame in chat.frames if frame["type"] == "message"] == [5, 6, 7, 8, 9, 10, 11]
    with visitor.connect() as chat:
        ready = chat.until("ready")
    assert (len(ready["messages"]), ready["seq"]) == (11, 11)
