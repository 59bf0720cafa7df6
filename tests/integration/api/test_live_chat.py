"""A human talks instead of the bot (2-lifecycle.md, "Transitions", "What the user sees…", worked example 8)."""

from datetime import timedelta

import pytest

from sessions_app.models import Message, Turn
from tests import cast
from tests.integration.api.conftest import come, program, refused

pytestmark = pytest.mark.django_db
HUMAN = {"text": "Let me look", "from": "human"}


@pytest.fixture
def call(owner, visitor):
    def call(deed, body=None, method="POST", by=owner):
        return by.call(method, f"/sessions/{visitor.session}/{deed}", body)

    return call


@pytest.fixture
def taken_over(call):
    return call("live-chat").body


def clocks(found):
    names = ("ends_at", "idle_at", "last_interaction_at", "user_turns", "interactions", "conversations")
    return [found[name] for name in names]


def test_taking_over_moves_no_clock(owner, visitor, call):
    before = owner.get(f"/sessions/{visitor.session}").body
    after = call("live-chat").body
    assert (before["live_chat"], after["live_chat"], after["state"]) == (False, True, "live")
    assert clocks(after) == clocks(before)


def test_what_the_user_writes_is_for_the_human_and_no_interaction(visitor, taken_over):
    answer = visitor.post(f"/sessions/{visitor.session}/messages", {"text": "Is anybody there?"}).body
    assert answer["session"]["messages"] == taken_over["messages"] + 1
    assert clocks(answer["session"]) == clocks(taken_over)
    assert answer["message"]["after_end"] is False


@pytest.mark.django_db(transaction=True)
def test_the_bot_is_not_asked(olga):
    script = "languages:\n  en:\n    events: {}\n    intents: {}\n    fallback: {replies: [What?]}\n"
    bot = cast.agent("bot", owner=olga, platform="scripted", script=script)
    owner = program(olga)
    path = f"/sessions/{owner.post('/sessions', {'agent': 'bot', 'user': {'id': 'ada'}}).body['id']}"
    owner.post(f"{path}/live-chat")
    assert owner.post(f"{path}/messages", {"text": "hello"}).body["replies"] == []
    assert not Turn.objects.exists()
    owner.call("DELETE", f"{path}/live-chat")
    assert [line["text"] for line in owner.post(f"{path}/messages", {"text": "hello"}).body["replies"]] == ["What?"]
    assert bot.platform == "scripted"


def test_the_human_writes_and_it_moves_no_clock(owner, visitor, call, taken_over):
    answer = call("messages", HUMAN).body
    assert (answer["message"]["from"], clocks(answer["session"])) == ("human", clocks(taken_over))
    refused(visitor.post(f"/sessions/{visitor.session}/messages", HUMAN), 403, "forbidden")


def test_it_expires_silently_and_their_talk_goes_on(owner, visitor, call, taken_over):
    cast.pass_time(visitor.session, timedelta(minutes=90))
    found = owner.get(f"/sessions/{visitor.session}").body
    assert (found["state"], found["end_reason"], found["silent"], found["live_chat"]) == (
        *("ended", "expired"),
        *(True, True),
    )
    assert found["why"].endswith("a live chat goes on")

    said = visitor.post(f"/sessions/{visitor.session}/messages", {"text": "And now?"}).body
    told = call("messages", HUMAN).body
    assert [line["session"] for line in (said["message"], told["message"])] == [visitor.session] * 2
    assert [line["after_end"] for line in (said["message"], told["message"])] == [True, True]
    assert "previous_session" not in said
    assert not Message.objects.filter(kind="divider").exists()


def test_handing_back_after_the_end_leaves_the_next_message_to_a_new_session(owner, visitor, call, taken_over):
    cast.pass_time(visitor.session, timedelta(minutes=90))
    ended_at = owner.get(f"/sessions/{visitor.session}").body["ended_at"]
    back = call("live-chat", method="DELETE").body
    assert (back["state"], back["live_chat"], back["ended_at"]) == ("ended", False, ended_at)
    answer = visitor.post(f"/sessions/{visitor.session}/messages", {"text": "hello bot"}).body
    assert answer["previous_session"]["id"] == visitor.session
    assert (answer["session"]["state"], answer["session"]["user_turns"]) == ("live", 1)


def test_handing_back_before_the_end_starts_the_clock_again(owner, visitor, call, taken_over):
    cast.pass_time(visitor.session, timedelta(minutes=40))
    assert owner.get(f"/sessions/{visitor.session}").body["state"] == "idle"
    moved = owner.get(f"/sessions/{visitor.session}").body
    back = call("live-chat", method="DELETE").body
    assert (back["state"], back["live_chat"]) == ("live", False)
    assert back["ends_at"] > moved["ends_at"]
    assert back["last_interaction_at"] == moved["last_interaction_at"]


def test_a_second_hand_back_and_taking_over_again_change_nothing(call, taken_over):
    assert call("live-chat").body["row_version"] == taken_over["row_version"]
    back = call("live-chat", method="DELETE").body
    assert call("live-chat", method="DELETE").body["row_version"] == back["row_version"]


def test_only_one_human_talks(admin, call, taken_over):
    refused(call("live-chat", by=admin), 409, "live_chat_running")
    assert call("live-chat", method="DELETE", by=admin).body["live_chat"] is False


def test_a_paused_or_ended_session_is_not_taken_over(call):
    call("pause")
    refused(call("live-chat"), 409, "session_paused")
    refused(call("live-chat", method="DELETE"), 409, "session_paused")
    call("end")
    refused(call("live-chat"), 409, "session_ended")
    assert call("live-chat", method="DELETE").status_code == 200, "there is none, which is what was wanted"


def test_there_is_no_pause_while_a_human_talks(call, taken_over):
    assert "hand back" in refused(call("pause"), 409, "live_chat_running")["detail"]


def test_somebodys_end_ends_the_live_chat_too(owner, visitor, call, taken_over):
    ended = call("end").body
    assert (ended["live_chat"], ended["silent"]) == (False, False)
    events = [event["type"] for event in owner.get(f"/sessions/{visitor.session}/events").body["items"]]
    assert events[-2:] == ["session.live_chat_ended", "session.ended"]
    assert Message.objects.filter(kind="divider").count() == 1


def test_no_session_is_started_while_they_talk_on_after_the_end(visitor, taken_over):
    cast.pass_time(visitor.session, timedelta(minutes=90))
    start = {"agent": "shop", "thread": visitor.thread}
    refused(visitor.post("/sessions", start), 409, "live_chat_running")


def test_users_take_nothing_over(visitor, shop):
    refused(visitor.post(f"/sessions/{visitor.session}/live-chat"), 403, "forbidden")
    refused(visitor.post(f"/sessions/{come(shop).session}/live-chat"), 404, "not_found")
