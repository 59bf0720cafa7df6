"""Bringing in a history: the same decisions, at the instants of then."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.accounts.permissions import NotAllowed, NotVisible
from portal.agents.core.platforms import Platform
from portal.lib import clock
from sessions_app.actions import imports, policies
from sessions_app.actions.imports import Answered, PastChat, PastPolicy, PastUser
from sessions_app.core import commands as c
from sessions_app.core.commands import USER, Kind, Say, Sender
from sessions_app.core.facts import EndReason, State
from sessions_app.core.policy import default_policy
from sessions_app.engines.turn import Reply, ReplyMessage
from sessions_app.models import ChatSession, Event, Message, PolicyVersion, Turn
from tests import cast

pytestmark = pytest.mark.django_db
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


@pytest.fixture
def shop(olga):
    """Scripted, with an intent prompt; the platform's defaults: 60 minutes, idle after 30."""
    return cast.agent("shop", owner=olga, platform="scripted", prompt_kind="intent", prompt_event="WELCOME")


def _bot(turn):
    return Answered(Reply(messages=(ReplyMessage(text=f"to {turn.event or turn.text}"),), language="en"), SECOND)


def _say(text):
    return Say(actor=USER, sender=Sender.USER, kind=Kind.TEXT, text=text)


def _chat(*steps, who="ada"):
    """Steps of (how long ago, command)."""
    now = clock.now()
    user = PastUser(external_id=who, name=who.title(), identified=True)
    return PastChat(user=user, steps=tuple((now - ago, command) for ago, command in steps))


def _write(account, agent, *chats, versions=()):
    return imports.write_history(
        principal=cast.principal(account), agent=agent, policies=versions, chats=chats, bot=_bot
    )


def test_a_session_of_then_is_asked_answered_and_over(olga, shop):
    assert _write(olga, shop, _chat((5 * HOUR, c.Start(actor=USER)), (5 * HOUR - MINUTE, _say("hello")))) == 1
    session = ChatSession.objects.get()
    assert (session.state, session.end_reason) == (State.ENDED, EndReason.EXPIRED)
    assert session.ended_at == session.last_interaction_at + HOUR
    lines = Message.objects.order_by("seq").values_list("sender", "text")
    assert list(lines) == [
        ("portal", ""),
        ("bot", "to WELCOME"),
        ("user", "hello"),
        ("bot", "to hello"),
        ("portal", "Your session has expired"),
    ]
    assert not Turn.objects.exists()


def test_what_is_not_over_goes_on(olga, shop):
    _write(olga, shop, _chat((40 * MINUTE, _say("hello"))))
    session = ChatSession.objects.get()
    assert session.state == State.IDLE
    assert session.due_at == session.ends_at == session.inactive_since + HOUR


def test_an_answer_never_comes_before_its_turn_or_after_now(olga, shop):
    _write(olga, shop, _chat((timedelta(0), _say("hello")), (timedelta(0), _say("and")), (timedelta(0), _say("so"))))
    ats = list(Message.objects.order_by("seq").values_list("at", flat=True))
    assert ats == sorted(ats)
    assert ats[-1] <= clock.now()
    assert [m.text for m in Message.objects.filter(sender="bot").order_by("seq")] == ["to hello", "to and", "to so"]


def test_held_messages_are_answered_after_the_pause(olga, shop):
    pause, resume = c.Pause(actor=USER), c.Resume(actor=USER)
    _write(
        olga,
        shop,
        _chat((50 * MINUTE, _say("hello")), (49 * MINUTE, pause), (48 * MINUTE, _say("held")), (20 * MINUTE, resume)),
    )
    answer = Message.objects.get(text="to held")
    assert answer.at == Event.objects.get(type="session.resumed").at + SECOND
    assert not Message.objects.filter(held=True).exists()


def test_each_session_has_the_policy_that_was_in_force(olga, shop):
    now = clock.now()
    default = default_policy(Platform.SCRIPTED)
    short = PastPolicy(saved_at=now - 5 * HOUR, policy=replace(default, session_duration=5 * MINUTE), reason="Shorter")
    first = PastPolicy(saved_at=now - 20 * HOUR, policy=default)
    chats = [_chat((10 * HOUR, _say("hello")), who="ada"), _chat((4 * HOUR, _say("hello")), who="bob")]
    _write(olga, shop, *chats, versions=[first, short])
    found = {s.user.external_id: (s.policy.number, s.ended_at - s.inactive_since) for s in ChatSession.objects.all()}
    assert found == {"ada": (1, HOUR), "bob": (2, 5 * MINUTE)}
    shop.refresh_from_db()
    assert shop.created_at == first.saved_at


def test_a_limit_of_open_sessions_leaves_nothing_of_the_past_out(olga):
    """Chats are written one after the other; how many were open at once then is not asked."""
    shop = cast.agent("shop", owner=olga, platform="scripted", policy={"max_concurrent_per_user": 1})
    chats = [_chat((hours * HOUR, _say("hello")), (hours * HOUR - MINUTE, _say("again"))) for hours in (5, 5, 3)]
    assert _write(olga, shop, *chats) == 3
    assert Message.objects.filter(sender="user").count() == 6


def test_the_number_of_statements_does_not_depend_on_the_number_of_chats(olga, shop):
    def statements(agent, number):
        chats = [_chat((5 * HOUR, _say("hello")), (4 * HOUR, _say("again")), who=f"u{n}") for n in range(number)]
        with CaptureQueriesContext(connection) as captured:
            _write(olga, agent, *chats)
        return len(captured)

    few = statements(shop, 2)
    other = cast.agent("other", owner=olga, platform="scripted")
    assert statements(other, 200) == few


def test_an_agent_that_has_sessions_keeps_its_history(olga, shop):
    _write(olga, shop, _chat((5 * HOUR, _say("hello"))))
    with pytest.raises(imports.HasSessions):
        _write(olga, shop, _chat((5 * HOUR, _say("hello"))))
    assert ChatSession.objects.count() == 1


@pytest.mark.parametrize("ago", [[], [timedelta(days=-1)], [HOUR, 2 * HOUR]], ids=["nothing", "future", "backwards"])
def test_only_the_past_is_written_and_in_order(olga, shop, ago):
    with pytest.raises(imports.NotPast):
        _write(olga, shop, _chat(*((then, _say("hello")) for then in ago)))


def test_policies_are_held_to_their_bounds(olga, shop):
    policy = replace(default_policy(Platform.SCRIPTED), session_duration=timedelta(days=2))
    with pytest.raises(policies.OutOfBounds):
        _write(olga, shop, versions=[PastPolicy(saved_at=clock.now(), policy=policy)])
    assert PolicyVersion.objects.get().number == 1


def test_only_who_runs_the_agent_writes_its_history(olga, shop):
    with pytest.raises(NotVisible):
        _write(cast.account("otto"), shop)
    tara = cast.account("tara", "translator")
    cast.translate(tara, shop, "de")
    with pytest.raises(NotAllowed):
        _write(tara, shop)
