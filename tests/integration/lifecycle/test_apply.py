"""The one write path against the real database."""

from datetime import timedelta
from functools import partial

import pytest

from sessions_app.actions import apply
from sessions_app.core.commands import USER, Answer, BotMessage, End, Kind, Pause, Resume, Say, Sender, Start, Tick
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession, Event, Message
from sessions_app.queries import facts
from tests import cast

pytestmark = pytest.mark.django_db

MINUTES = timedelta(minutes=1)


def test_a_message_opens_a_session_and_is_kept_in_it():
    outcome = cast.say(cast.thread(cast.agent()), "hello")

    session = ChatSession.objects.get(pk=outcome.session.id)
    assert (session.state, session.user_turns, session.conversations, session.messages) == ("live", 1, 1, 1)
    assert Message.objects.get(pk=outcome.message).text == "hello"
    assert [event.type for event in session.events.all()] == ["session.started"]


def test_the_same_client_id_never_makes_two_messages():
    thread = cast.thread(cast.agent())
    first = cast.say(thread, client_id="c-1")
    again = cast.say(thread, client_id="c-1")

    assert again.result == "already"
    assert again.message == first.message
    assert Message.objects.count() == 1


def test_the_same_client_id_twice_in_one_batch_makes_one_message():
    thread = cast.thread(cast.agent())
    one = Say(thread=thread.pk, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text="a", client_id="c-1")
    two = Say(thread=thread.pk, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text="a", client_id="c-1")

    assert [outcome.result for outcome in apply([one, two])] == ["done", "already"]
    assert Message.objects.count() == 1


def test_a_message_after_the_deadline_ends_the_session_at_it_and_is_answered_in_a_new_one():
    session = cast.chatting(cast.agent())
    ends_at = session.ends_at - timedelta(hours=2)
    cast.pass_time(session.pk, timedelta(hours=2))

    (outcome,) = apply([Say(session=session.pk, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text="again")])

    session.refresh_from_db()
    assert (session.state, session.end_reason, session.ended_at) == ("ended", "expired", ends_at)
    assert outcome.previous == session.pk
    assert outcome.session.id != session.pk
    lines = session.thread.lines.order_by("seq").values_list("seq", "kind", "text")
    assert list(lines) == [(1, "text", "hello"), (2, "divider", "Your session has expired"), (3, "text", "again")]


def test_the_divider_is_in_the_language_of_the_session():
    thread = cast.thread(cast.agent())
    session = cast.start(thread, language="de")
    cast.say(thread, "Hallo")
    cast.pass_time(session.pk, timedelta(hours=2))
    apply([Tick(session=session.pk)])

    divider = thread.lines.get(kind="divider")
    assert divider.language == "de"
    assert divider.text != "Your session has expired"


def test_pause_and_resume_leave_exactly_the_time_that_was_left():
    session = cast.chatting(cast.agent())
    cast.pass_time(session.pk, 20 * MINUTES)
    apply([Pause(session=session.pk)])
    session.refresh_from_db()
    left = session.inactive_since + session.policy.session_duration - session.paused_at
    cast.pass_time(session.pk, 120 * MINUTES)
    apply([Resume(session=session.pk)])

    session.refresh_from_db()
    resumed_at = session.events.get(type="session.resumed").at
    assert session.state == "live"
    assert session.ends_at - resumed_at == left


def test_messages_held_in_a_pause_are_put_to_the_bot_when_it_ends():
    agent = cast.agent(platform="scripted", script="")
    thread = cast.thread(agent)
    session = cast.start(thread)
    apply([Pause(session=session.pk)])
    cast.say(thread, "one")
    cast.say(thread, "two")
    assert session.turns.count() == 0

    apply([Resume(session=session.pk)])

    session.refresh_from_db()
    assert (session.user_turns, session.held) == (2, 0)
    assert [turn.seq for turn in session.turns.order_by("seq")] == [1, 2]


def test_one_batch_releases_exactly_what_was_held_when_it_resumed():
    thread = cast.thread(cast.agent(platform="scripted", script=""))
    cast.start(thread)
    say = partial(Say, thread=thread.pk, actor=USER, sender=Sender.USER, kind=Kind.TEXT)
    apply([Pause(thread=thread.pk), say(text="before")])
    pause, resume = Pause(thread=thread.pk), Resume(thread=thread.pk)
    apply([say(text="with it"), resume, pause, say(text="after")])

    assert list(thread.lines.filter(held=True).values_list("text", flat=True)) == ["after"]
    session = thread.sessions.get()
    assert [turn.seq for turn in session.turns.order_by("seq")] == [1, 2]
    assert (session.held, session.unanswered) == (1, 2)


def test_a_chat_goes_on_by_itself_only_after_the_session_it_saw_expire():
    thread = cast.thread(cast.agent())
    seen = cast.start(thread)
    end = End(thread=thread.pk, end_reason=EndReason.OWNER_ENDED)
    apply([end, Start(thread=thread.pk), end])

    (outcome,) = apply([Start(thread=thread.pk, after=seen.pk)])

    assert outcome.result == "already"
    assert not thread.sessions.exclude(state="ended").exists()


def test_ending_twice_ends_once():
    session = cast.chatting(cast.agent())
    end = End(session=session.pk, end_reason=EndReason.OWNER_ENDED)
    assert [outcome.result for outcome in (*apply([end]), *apply([end]))] == ["done", "already"]
    assert Event.objects.filter(type="session.ended").count() == 1
    assert Message.objects.filter(kind="divider").count() == 1


def test_a_turn_is_answered_once():
    agent = cast.agent(platform="scripted", script="")
    session = cast.chatting(agent)
    turn = session.turns.get()
    answers = [Answer(session=session.pk, turn=turn.pk, messages=(BotMessage(text="hi"),)) for _ in range(2)]

    assert [outcome.result for outcome in apply(answers)] == ["done", "already"]
    assert session.lines.filter(sender="bot").count() == 1
    session.refresh_from_db()
    assert session.unanswered == 0


def test_the_stored_due_time_is_never_late():
    session = cast.chatting(cast.agent())
    first = session.due_at
    cast.pass_time(session.pk, 10 * MINUTES)
    cast.say(session.thread)

    session.refresh_from_db()
    assert session.due_at == first - 10 * MINUTES, "a touch does not move it"
    assert session.due_at <= min(session.idle_at, session.ends_at)


@pytest.mark.parametrize("size", [2, 20])
def test_policies_that_were_not_read_before_cost_one_query_however_many(size, django_assert_num_queries):
    versions = [cast.agent(f"agent-{n}").policy_versions.get() for n in range(size)]
    with django_assert_num_queries(1):
        found = facts.policies(version.pk for version in versions)
    with django_assert_num_queries(0):
        assert facts.policies(version.pk for version in versions) == found
    assert found == {version.pk: (version.policy, 1) for version in versions}
