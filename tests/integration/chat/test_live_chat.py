"""A human talks instead of the bot, as the user's chat is told of it (2-lifecycle.md, "Transitions")."""

import asyncio
import threading
from datetime import timedelta

import pytest

from portal.accounts.models import Account
from portal.agents.models import Agent
from sessions_app.actions import deeds, sweeping
from sessions_app.core.facts import EndReason
from sessions_app.engines import scripted
from sessions_app.engines.turn import Reply, Turn
from sessions_app.models import ChatSession
from tests import cast
from tests.integration.chat.client import Client
from tests.integration.chat.conftest import Visitor

HOURS = timedelta(hours=1)
SCRIPT = "languages: {en: {fallback: {replies: [What?]}}}"


@pytest.fixture
def olga(visitor: Visitor) -> Account:
    olga = cast.account("olga", first_name="Olga", last_name="Owner")
    cast.own(olga, Agent.objects.get())
    return olga


def take_over(olga: Account) -> ChatSession:
    session = ChatSession.objects.get()
    deeds.take_over(principal=cast.principal(olga), session=session.pk)
    return session


def talking(chat: Client, olga: Account) -> ChatSession:
    chat.until("ready")
    chat.until("ack", client_id=chat.say("hello"))
    session = take_over(olga)
    chat.until("live_chat")
    return session


def test_the_user_is_told_by_name_who_talks_and_when_the_bot_is_back(visitor, olga):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
        session = take_over(olga)
        assert chat.until("live_chat")["with"] == "Olga Owner"
        deeds.hand_back(principal=cast.principal(olga), session=session.pk)
        assert chat.until("live_chat")["with"] is None
    assert [frame["type"] for frame in chat.frames].count("live_chat") == 2


def test_who_comes_back_is_told_as_well(visitor, olga):
    with visitor.connect() as chat:
        assert chat.until("ready")["with"] is None
        chat.until("ack", client_id=chat.say("hello"))
    take_over(olga)
    with visitor.connect() as chat:
        assert chat.until("ready")["with"] == "Olga Owner"


def test_who_is_gone_talks_for_the_agent(visitor, olga):
    with visitor.connect() as chat:
        talking(chat, olga)
    olga.delete()
    with visitor.connect() as chat:
        assert chat.until("ready")["with"] == "Shop"


def test_an_end_by_somebody_ends_the_live_chat(visitor, olga):
    with visitor.connect() as chat:
        talking(chat, olga)
        chat.until("ack", client_id=chat.send("end"))
        assert chat.until("live_chat")["with"] is None


def test_a_live_chat_goes_on_when_the_session_expires(visitor, olga):
    with visitor.connect() as chat:
        session = talking(chat, olga)
        chat.send("open")
        cast.pass_time(session.pk, 2 * HOURS)
        sweeping.sweep()
        assert chat.until("session", reason=EndReason.EXPIRED)["session"]["silent"] is True
        assert chat.until("message", client_id=chat.say("still there?"))["session"] == str(session.pk)
        deeds.hand_back(principal=cast.principal(olga), session=session.pk)
        assert chat.until("live_chat")["with"] is None
        chat.until("ack", client_id=chat.say("bot?"))
    assert ChatSession.objects.count() == 2
    assert not [frame for frame in chat.frames if frame["type"] == "divider"]


def test_the_user_cannot_pause_a_live_chat(visitor, olga):
    with visitor.connect() as chat:
        talking(chat, olga)
        error = chat.until("error", client_id=chat.send("pause"))
    assert (error["code"], error["detail"]) == (
        "live_chat_running",
        "Somebody is talking with you. Wait until they are done.",
    )


def test_while_a_human_talks_no_bot_is_typing(visitor, olga, monkeypatch):
    """The bot still thinks about what was said before."""
    Agent.objects.update(platform="scripted", script=SCRIPT)
    seen = threading.Event()
    answer = scripted.reply

    async def think(turn: Turn) -> Reply:
        await asyncio.to_thread(seen.wait, 20)
        return await answer(turn)

    monkeypatch.setattr(scripted, "reply", think)
    with visitor.connect() as chat:
        chat.until("ready")
        chat.say("hello")
        chat.until("typing", **{"from": "bot"})
        take_over(olga)
        chat.until("live_chat")
        before = len(chat.frames)
        chat.until("message", client_id=chat.say("is anybody there?"))
        chat.until("message", client_id=chat.say("hello?"))
        assert "typing" not in {frame["type"] for frame in chat.frames[before:]}
        seen.set()
