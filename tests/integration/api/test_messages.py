"""Saying things over HTTP, and reading what was said (3-api.md, "Sessions")."""

import asyncio
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection

from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.actions import chats, messages, waiting
from sessions_app.engines import scripted
from sessions_app.engines.turn import Reply
from sessions_app.models import Event, Message, Thread
from tests import cast
from tests.integration.api.conftest import Visitor, program, refused

SCRIPT = """
languages:
  en:
    events:
      WELCOME: {replies: [Welcome!]}
    intents:
      greeting: {phrases: [hello], replies: [Hi!, How are you?]}
      goodbye: {phrases: [goodbye], replies: [Bye!], ends_session: true}
    fallback: {replies: [What?]}
"""


@pytest.fixture
def say(owner, session):
    def say(text="hello", **fields):
        return owner.post(f"/sessions/{session.pk}/messages", {"kind": "text", "text": text, **fields})

    return say


# ── a back end that answers itself
@pytest.mark.django_db
class TestExternalAgents:
    def test_a_message_is_answered_at_once_with_no_replies(self, say, session):
        answer = say("Where is my order?", client_id="c-1").body

        assert list(answer) == ["message", "replies", "session", "server_now"]
        message = answer["message"]
        assert (message["seq"], message["session"], message["from"], message["kind"]) == (
            2,
            str(session.pk),
            "user",
            "text",
        )
        assert (message["text"], message["language"], message["held"]) == ("Where is my order?", "en", False)
        assert message["client_id"] == "c-1"
        assert answer["replies"] == []
        assert (answer["session"]["id"], answer["session"]["user_turns"]) == (str(session.pk), 2)

    def test_the_same_client_id_never_makes_two_messages(self, say):
        first, again = say("one", client_id="c-1").body, say("two", client_id="c-1").body
        assert again["message"] == first["message"]
        assert Message.objects.count() == 2

    def test_bots_humans_and_presets_move_no_clock(self, say, owner, session):
        before = owner.get(f"/sessions/{session.pk}").body
        bot = say("It is on its way.", **{"from": "bot"}).body
        human = say("Let me look.", **{"from": "human"}).body
        preset = say("Anything else?", kind="preset").body

        assert [answer["message"]["from"] for answer in (bot, human, preset)] == ["bot", "human", "bot"]
        after = preset["session"]
        same = ("ends_at", "last_interaction_at", "user_turns", "interactions")
        assert [after[name] for name in same] == [before[name] for name in same]
        assert after["messages"] == before["messages"] + 3

    def test_a_bot_message_after_the_end_is_flagged(self, say, owner, session):
        owner.post(f"/sessions/{session.pk}/end")
        assert say("Too late", **{"from": "bot"}).body["message"]["after_end"] is True

    def test_a_message_after_the_deadline_is_taken_by_a_new_session_and_both_are_named(self, say, session):
        cast.pass_time(session.pk, timedelta(hours=2))
        answer = say("again", client_id="c-2").body

        assert answer["previous_session"]["id"] == str(session.pk)
        assert (answer["previous_session"]["state"], answer["previous_session"]["end_reason"]) == ("ended", "expired")
        assert answer["session"]["state"] == "live"
        assert answer["message"]["session"] == answer["session"]["id"] != str(session.pk)
        again = say("again", client_id="c-2").body
        assert (again["message"], again["previous_session"]["id"]) == (answer["message"], str(session.pk))

    def test_a_message_into_a_pause_is_held(self, say, owner, session):
        owner.post(f"/sessions/{session.pk}/pause")
        answer = say("wait").body
        assert (answer["message"]["held"], answer["session"]["state"]) == (True, "paused")

    def test_events_postbacks_and_uploads_carry_what_they_are_about(self, say):
        event = say("", kind="event", event="opening_hours", payload={"day": "Monday"}).body["message"]
        postback = say("Track it", kind="postback", payload={"postback": "track"}).body["message"]
        upload = say("", kind="upload", payload={"name": "photo.jpg"}).body["message"]
        assert (event["event"], event["payload"]) == ("opening_hours", {"day": "Monday"})
        assert (postback["text"], postback["payload"]) == ("Track it", {"postback": "track"})
        assert (upload["kind"], upload["payload"]) == ("upload", {"name": "photo.jpg"})

    @pytest.mark.parametrize(
        ("fields", "field"),
        [
            ({"text": ""}, "body"),
            ({"text": " \n "}, "body"),
            ({"text": "x" * 8001}, "text"),
            ({"text": 5}, "text"),
            ({"kind": "song"}, "kind"),
            ({"kind": "event"}, "body"),
            ({"kind": "event", "event": "x" * 101}, "event"),
            ({"kind": "postback", "text": ""}, "body"),
            ({"kind": "upload"}, "body"),
            ({"kind": "event", "event": "E", "from": "bot"}, "body"),
            ({"kind": "preset", "from": "user"}, "body"),
            ({"from": "portal"}, "from"),
            ({"payload": [1]}, "payload"),
            ({"payload": {"a": "x" * 16_384}}, "payload"),
            ({"client_id": "x" * 65}, "client_id"),
            ({"client_id": ""}, "client_id"),
            ({"at": "2026-11-21T10:05:00Z"}, "at"),
        ],
    )
    def test_what_is_no_message_is_refused_by_field(self, say, fields, field):
        assert list(refused(say(**fields), 422, "invalid")["errors"]) == [field]
        assert Message.objects.count() == 1, "nothing was kept"

    def test_a_text_of_8000_characters_is_taken(self, say):
        assert say("ä" * 8000).status_code == 200

    def test_a_disabled_agent_takes_no_message_that_would_need_a_new_session(self, say, shop, session):
        cast.pass_time(session.pk, timedelta(hours=2))
        shop.status = "disabled"
        shop.save()
        refused(say(), 409, "agent_disabled")


# ── visitors
@pytest.mark.django_db
class TestVisitors:
    def test_they_write_as_themselves(self, visitor):
        answer = visitor.post(f"/sessions/{visitor.session}/messages", {"text": "me again"})
        assert (answer.status_code, answer.body["message"]["from"]) == (200, "user")

    @pytest.mark.parametrize(
        "fields", [{"from": "bot"}, {"from": "human"}, {"at": "2026-11-21T10:00:00Z"}, {"kind": "preset"}]
    )
    def test_they_write_as_nobody_else_and_not_in_the_past(self, visitor, fields):
        refused(visitor.post(f"/sessions/{visitor.session}/messages", {"text": "hi", **fields}), 403, "forbidden")

    def test_they_read_what_they_have_not_cleared(self, visitor):
        before = visitor.get(f"/sessions/{visitor.session}/messages").body["items"]
        visitor.post(f"/sessions/{visitor.session}/clear-history")
        assert [line["text"] for line in before] == ["hello"]
        assert visitor.get(f"/sessions/{visitor.session}/messages").body["items"] == []
        assert not Entry.objects.exists(), "one's own reading is nobody's business"

    def test_they_do_not_see_what_was_put_to_the_bot_in_their_name(self, olga):
        agent = cast.agent("greeter", owner=olga, platform="scripted", script=SCRIPT, prompt_kind="intent")
        ada = opened(agent, prompt="yes")
        path = f"/sessions/{ada.session}/messages"

        lines = program(olga).get(path).body["items"]
        assert [(line["from"], line["kind"], line["event"]) for line in lines] == [("portal", "event", "WELCOME")]
        assert ada.get(path).body["items"] == []


# ── the transcript and the timeline
@pytest.mark.django_db
class TestHistory:
    def test_the_transcript_comes_in_pages_in_order(self, say, owner, session):
        for number in range(4):
            say(f"line {number}")
        first = owner.get(f"/sessions/{session.pk}/messages", limit=3).body
        say("written meanwhile")
        rest = owner.get(f"/sessions/{session.pk}/messages", cursor=first["next_cursor"]).body

        assert [line["seq"] for line in (*first["items"], *rest["items"])] == [1, 2, 3, 4, 5, 6]
        assert rest["next_cursor"] is None

    def test_staff_reading_a_transcript_is_audited(self, owner, olga, session):
        owner.get(f"/sessions/{session.pk}/messages")
        entry = Entry.objects.get()
        assert (entry.verb, entry.account, entry.subject) == ("session.transcript_read", olga, f"session {session.pk}")

    def test_the_divider_is_in_it_from_the_deadline_on(self, owner, session):
        cast.pass_time(session.pk, timedelta(hours=2))
        lines = owner.get(f"/sessions/{session.pk}/messages").body["items"]
        assert [(line["from"], line["kind"]) for line in lines] == [("user", "text"), ("portal", "divider")]

    def test_the_timeline_says_what_happened_when_and_by_whom(self, owner, olga, session):
        owner.post(f"/sessions/{session.pk}/pause", {"reason": "lunch"})
        events = owner.get(f"/sessions/{session.pk}/events").body["items"]

        assert [event["type"] for event in events] == ["session.started", "session.paused"]
        paused = events[1]
        assert list(paused) == ["at", "type", "actor", "cause", "policy_version", "detail"]
        assert (paused["actor"], paused["detail"]) == (f"account:{olga.pk}", {"given": "lunch"})

    def test_the_timeline_comes_in_pages(self, owner, session):
        for deed in ("pause", "resume", "end"):
            owner.post(f"/sessions/{session.pk}/{deed}")
        first = owner.get(f"/sessions/{session.pk}/events", limit=3).body
        rest = owner.get(f"/sessions/{session.pk}/events", limit=3, cursor=first["next_cursor"]).body
        types = [event["type"].removeprefix("session.") for event in (*first["items"], *rest["items"])]
        assert types == ["started", "paused", "resumed", "ended"]
        assert Event.objects.count() == 4


# ── bots that Portal asks
@pytest.mark.django_db(transaction=True)
class TestBots:
    @pytest.fixture
    def bot(self, db):
        return cast.agent("helper", platform="scripted", script=SCRIPT)

    @pytest.fixture
    def ada(self, bot):
        return opened(bot)

    def test_the_answer_waits_for_the_bot(self, ada):
        answer = ada.post(f"/sessions/{ada.session}/messages", {"text": "hello"}).body
        assert [reply["text"] for reply in answer["replies"]] == ["Hi!", "How are you?"]
        assert [reply["seq"] for reply in answer["replies"]] == [2, 3]
        assert (answer["session"]["interactions"], answer["session"]["messages"]) == (1, 3)

    def test_the_session_is_as_the_bot_has_left_it(self, ada):
        answer = ada.post(f"/sessions/{ada.session}/messages", {"text": "goodbye"}).body
        assert (answer["session"]["state"], answer["session"]["end_reason"]) == ("ended", "bot_ended")

    def test_a_retry_gets_the_first_answer_whatever_was_said_since(self, ada):
        path = f"/sessions/{ada.session}/messages"
        first = ada.post(path, {"text": "hello", "client_id": "c-1"}).body
        ada.post(path, {"text": "blah"})
        again = ada.post(path, {"text": "hello", "client_id": "c-1"}).body
        assert (again["message"], again["replies"]) == (first["message"], first["replies"])

    def test_parallel_turns_get_their_own_answers(self, ada):
        answers = {}

        def write(text):
            answers[text] = ada.post(f"/sessions/{ada.session}/messages", {"text": text}).body
            connection.close()

        threads = [threading.Thread(target=write, args=[text]) for text in ("hello", "blah", "blub")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {text: [r["text"] for r in answers[text]["replies"]] for text in answers} == {
            "hello": ["Hi!", "How are you?"],
            "blah": ["What?"],
            "blub": ["What?"],
        }

    def test_a_bot_that_fails_is_an_answer_in_the_agents_words(self, ada, bot):
        bot.script = "languages: 5"
        bot.save()
        answer = ada.post(f"/sessions/{ada.session}/messages", {"text": "hello"})
        assert answer.status_code == 200
        (reply,) = answer.body["replies"]
        assert reply["from"] == "bot"
        assert reply["text"]
        assert Event.objects.filter(type="engine.failed").count() == 1

    def test_nobody_waits_longer_than_agreed(self, ada, monkeypatch):
        async def think(_turn):
            await asyncio.sleep(1.5)
            return Reply()

        monkeypatch.setattr(messages, "WAIT", 0.2)
        monkeypatch.setattr(scripted, "reply", think)
        began = time.monotonic()
        answer = ada.post(f"/sessions/{ada.session}/messages", {"text": "hello"})
        assert time.monotonic() - began < 1.2
        assert (answer.status_code, answer.body["replies"]) == (200, [])
        waiting.for_answer(answer.body["message"]["id"], seconds=5)

    def test_another_process_may_give_the_answer(self, ada, monkeypatch):
        monkeypatch.setattr(waiting, "answered", lambda turn: None)
        answer = ada.post(f"/sessions/{ada.session}/messages", {"text": "hello"}).body
        assert [reply["text"] for reply in answer["replies"]] == ["Hi!", "How are you?"]


def opened(agent: Agent, prompt: str = "no") -> Visitor:
    """A visitor who has opened the chat and said nothing yet."""
    chat = chats.visit(agent=agent, user_id=None, secret=None)
    thread = Thread.objects.get(pk=chat.thread_id)
    session = cast.start(thread, prompt=prompt)
    return Visitor(chat.visitor_token, session=str(session.pk), thread=str(thread.pk))
