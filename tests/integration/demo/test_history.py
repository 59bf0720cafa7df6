"""The week before: it obeys every law that what happens here obeys."""

from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now

from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.lib import clock
from sessions_app.core import decision, replay
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.facts import State
from sessions_app.models import ChatSession, Event, Message, PolicyVersion, Thread, Turn
from sessions_app.queries import facts as rows

pytestmark = pytest.mark.usefixtures("demo")
WEEK = timedelta(days=7, hours=1)


def _facts() -> list[Any]:
    found = list(ChatSession.objects.values(*rows.COLUMNS))
    policies = rows.policies(row["policy_id"] for row in found)
    return [rows.facts_from(row, policies) for row in found]


def _events(session: Any) -> list[decision.Event]:
    names = ("seq", "at", "type", "actor", "cause", "policy_version", "detail")
    stored = Event.objects.filter(session=session).order_by("pk").values(*names)
    return [decision.Event(session=session, **values) for values in stored]


def _messages(session: Any) -> list[decision.Message]:
    names = ("id", "seq", "at", "sender", "kind", "text", "language", "held", "interaction", "answers", "received_at")
    stored = Message.objects.filter(session=session).values(*names)
    kinds = [(values.pop("sender"), values.pop("kind"), values) for values in stored]
    return [
        decision.Message(session=session, sender=Sender(sender), kind=Kind(kind), **values)
        for sender, kind, values in kinds
    ]


def test_replaying_a_session_gives_its_facts():
    answers = {agent.pk: Platform(agent.platform).answers for agent in Agent.objects.all()}
    for facts in _facts():
        events, messages = _events(facts.id), _messages(facts.id)
        replayed = replay.replay(facts, events=events, messages=messages, answers=answers[facts.agent])
        assert replay.same(replayed, facts)


def test_it_lies_in_the_week_before():
    now = clock.now()
    for model in (Message, Event):
        instants = list(model.objects.values_list("at", flat=True))
        assert min(instants) >= now - WEEK
        assert max(instants) <= now


def test_transcripts_have_no_gap_and_go_on_in_time():
    for thread in Thread.objects.all():
        lines = list(Message.objects.filter(thread=thread).order_by("seq").values_list("seq", "at"))
        assert [seq for seq, _ in lines] == list(range(1, thread.last_seq + 1))
        assert [at for _, at in lines] == sorted(at for _, at in lines)


def test_nothing_is_left_to_do():
    """No turn waits for the bot, and time has had its effect until the instant of the load."""
    assert not Turn.objects.exists()
    running = ChatSession.objects.filter(state__in=[State.LIVE, State.IDLE])
    assert running.exists()
    assert not running.filter(due_at__lte=Now()).exists()  # Now() is when this test's transaction began


def test_each_session_began_under_the_policy_of_its_day():
    versions = list(PolicyVersion.objects.order_by("saved_at"))
    for session in ChatSession.objects.all():
        then = [v for v in versions if v.agent_id == session.agent_id and v.saved_at <= session.started_at]
        assert session.policy_id == then[-1].pk


def test_the_bots_gave_their_own_answers():
    answered = Message.objects.filter(session__agent__slug="shop", sender="user", interaction=True)
    replies = Message.objects.filter(answers__in=answered.values("pk"))
    assert replies.values("answers").distinct().count() == answered.count()
    assert not Event.objects.filter(type="engine.failed").exists()


def test_every_user_who_is_named_is_known_to_the_site():
    names = ChatSession.objects.filter(user__identified=False).values_list("user__name", flat=True)
    assert all(name.startswith("Visitor ") for name in names)
    assert not ChatSession.objects.filter(user__simulated=True).exists()
