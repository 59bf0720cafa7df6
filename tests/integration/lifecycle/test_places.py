"""2-lifecycle.md, "Concurrency", in the write path: what is in the way is dealt with first, and nobody is refused whom
there is room for."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from portal.agents.models import Agent
from sessions_app.actions import apply
from sessions_app.core import commands as c
from sessions_app.core.commands import USER, NewThread
from sessions_app.core.facts import EndReason
from sessions_app.core.policy import WhenFull
from sessions_app.models import ChatSession, ChatUser, PolicyVersion
from tests import cast

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
ONE = {"max_concurrent_per_user": 1}
DISPLACING = {"max_concurrent_per_user": 1, "when_full": WhenFull.END_LONGEST_IDLE}


@pytest.fixture
def ada(db: None) -> ChatUser:
    return cast.user()


def _start(agent: Agent, who: ChatUser, **values: Any) -> c.Start:
    return c.Start(opens=NewThread(user=who.pk, agent=agent.pk), actor=USER, **values)


def _open() -> list[ChatSession]:
    return list(ChatSession.objects.exclude(state="ended").order_by("started_at"))


def _version_that_nobody_was_told_of(agent: Agent, **values: Any) -> None:
    """Saved by a process that has died since: sessions follow when somebody looks at them."""
    row = PolicyVersion.objects.filter(agent=agent).values().get()
    PolicyVersion.objects.create(**row | {"id": None, "number": 2, "reached_at": None} | values)


def test_of_two_starts_in_one_batch_the_second_is_refused(ada):
    shop = cast.agent(policy=ONE)
    first, second = apply([_start(shop, ada), _start(shop, ada)])
    assert (first.result, second.result) == ("done", "session_limit_reached")
    assert second.open_sessions == (first.session.id,)


def test_a_refused_start_leaves_no_thread_behind(ada):
    shop = cast.agent(policy=ONE)
    apply([_start(shop, ada), _start(shop, ada)])
    assert ada.threads.count() == 1


def test_a_session_past_its_deadline_is_ended_first_and_at_it(ada):
    shop = cast.agent(policy=ONE)
    over = cast.chatting(shop, ada)
    cast.pass_time(over.pk, 90 * MINUTE)
    over.refresh_from_db()

    (outcome,) = apply([_start(shop, ada)])

    ends_at = over.ends_at
    over.refresh_from_db()
    assert outcome.result == "done"
    assert (over.ended_at, over.end_reason) == (ends_at, "expired")


def test_the_one_idle_longest_is_displaced_and_told_so(ada):
    shop = cast.agent(policy={"max_concurrent_per_user": 2, "when_full": WhenFull.END_LONGEST_IDLE})
    longest, shorter = (cast.chatting(shop, ada) for _ in range(2))
    for session, minutes in ((longest, 10), (shorter, 5)):
        cast.pass_time(session.pk, minutes * MINUTE)
    (outcome,) = apply([_start(shop, ada)])

    longest.refresh_from_db()
    shorter.refresh_from_db()
    assert (outcome.result, longest.end_reason, shorter.state) == ("done", "displaced", "live")
    assert longest.lines.filter(kind="divider").count() == 1


def test_what_one_batch_opens_it_does_not_displace(ada):
    shop = cast.agent(policy=DISPLACING)
    outcomes = apply([_start(shop, ada) for _ in range(3)])
    assert [outcome.result for outcome in outcomes] == ["done", *["session_limit_reached"] * 2]


def test_commands_after_one_that_waits_keep_their_order(ada):
    """The first message of the batch needs a place, and the second belongs after it."""
    shop = cast.agent(policy=DISPLACING)
    thread, other = cast.thread(shop, ada), cast.thread(shop, ada)
    cast.say(other)
    cast.pass_time(other.sessions.get().pk, 5 * MINUTE)
    say = {"actor": USER, "sender": c.Sender.USER, "kind": c.Kind.TEXT}
    outcomes = apply([c.Say(thread=thread.pk, text=text, **say) for text in ("one", "two")])

    assert [outcome.result for outcome in outcomes] == ["done", "done"]
    assert list(thread.lines.order_by("seq").values_list("text", flat=True)) == ["one", "two"]
    assert [session.thread_id for session in _open()] == [thread.pk]


def test_a_place_that_one_command_gives_back_the_next_one_takes(ada):
    shop = cast.agent(policy=ONE)
    old = cast.chatting(shop, ada)
    ended, started = apply([c.End(session=old.pk, end_reason=EndReason.USER_ENDED), _start(shop, ada)])
    assert (ended.result, started.result) == ("done", "done")


def test_also_one_that_was_reserved_by_a_transfer(ada):
    shop, billing = cast.agent("shop", transfer_targets=["billing"]), cast.agent("billing", policy=ONE)
    source = cast.chatting(shop, ada)
    apply([c.Transfer(session=source.pk, actor=USER, target=billing.pk)])
    cancelled, started = apply([c.CancelTransfer(session=source.pk, actor=USER), _start(billing, ada)])
    assert (cancelled.result, started.result) == ("done", "done")


def test_a_picked_up_session_takes_the_place_that_was_reserved_for_it_and_no_other(ada):
    shop = cast.agent("shop", transfer_targets=["billing"])
    billing = cast.agent("billing", policy={"max_concurrent_per_user": 2})
    source = cast.chatting(shop, ada)
    apply([c.Transfer(session=source.pk, actor=USER, target=billing.pk)])
    say = {"actor": USER, "sender": c.Sender.USER, "kind": c.Kind.TEXT, "text": "hello?"}
    outcomes = apply([c.Say(thread=source.thread_id, **say), _start(billing, ada), _start(billing, ada)])
    assert [outcome.result for outcome in outcomes] == ["done", "done", "session_limit_reached"]


def test_a_message_that_a_new_policy_makes_late_is_answered_where_there_is_a_limit(ada):
    """Nobody has told the session of the new version: that it has ended is known only when its message is decided."""
    shop = cast.agent(policy=ONE)
    session = cast.chatting(shop, ada)
    cast.pass_time(session.pk, 20 * MINUTE)
    _version_that_nobody_was_told_of(shop, session_duration=10 * MINUTE, idle_timeout=10 * MINUTE)

    outcome = cast.say(session.thread, "still there?")

    session.refresh_from_db()
    assert (outcome.result, session.end_reason) == ("done", "expired")
    assert [one.pk for one in _open()] == [outcome.session.id]


def test_a_session_that_a_new_policy_has_ended_is_in_nobodys_way(ada):
    shop = cast.agent(policy=ONE)
    session = cast.chatting(shop, ada)
    cast.pass_time(session.pk, 20 * MINUTE)
    _version_that_nobody_was_told_of(shop, session_duration=10 * MINUTE, idle_timeout=10 * MINUTE)

    (outcome,) = apply([_start(shop, ada)])
    assert outcome.result == "done"
    session.refresh_from_db()
    assert session.end_reason == "expired"


def test_nor_is_one_that_a_new_policy_has_brought_back_to_life_counted_out(ada):
    """Its stored deadline has passed, its true one has not."""
    shop = cast.agent(policy={"session_duration": 10 * MINUTE} | ONE)
    session = cast.chatting(shop, ada)
    cast.pass_time(session.pk, 5 * MINUTE)
    _version_that_nobody_was_told_of(shop, session_duration=60 * MINUTE)
    cast.pass_time(session.pk, 10 * MINUTE)
    PolicyVersion.objects.filter(agent=shop, number=2).update(saved_at=session.started_at - 9 * MINUTE)

    (outcome,) = apply([_start(shop, ada)])
    assert (outcome.result, outcome.open_sessions) == ("session_limit_reached", (session.pk,))


def test_an_emulator_session_needs_no_place_and_takes_no_lock(ada):
    shop = cast.agent(policy=ONE)
    cast.chatting(shop, ada)
    (outcome,) = apply([_start(shop, ada, version="DRAFT")])
    assert outcome.result == "done"


def test_a_limit_costs_three_statements(ada):
    """The lock, the places, and the clock again: waiting for the lock took time."""
    limited, free = cast.agent("shop", policy={"max_concurrent_per_user": 1000}), cast.agent("free")
    for agent in (limited, free):  # what is read once has been read
        apply([_start(agent, ada)])
    assert _statements([_start(limited, ada)]) == _statements([_start(free, ada)]) + 3


def _statements(commands: list[c.Command]) -> int:
    with CaptureQueriesContext(connection) as captured:
        apply(commands)
    return len(captured)
