"""The memory of an identified user goes on into their next session with an agent of their realm (1-product.md)."""

from datetime import timedelta

import pytest
from django.db import transaction

from portal.lib.ids import uuid7
from sessions_app.actions import apply, sweeping
from sessions_app.core.commands import ChangeData, End
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession, ChatUser, Memory
from sessions_app.queries import data as stored
from tests import cast
from tests.integration.data.conftest import identified, kept_bytes, patch, variables
from tests.integration.lifecycle.test_locks import Beside
from tests.integration.lifecycle.test_locks import _until as until
from tests.integration.lifecycle.test_locks import _waiting as waiting

pytestmark = pytest.mark.django_db


def next_session(session: ChatSession) -> ChatSession:
    """The one that follows in the same thread."""
    apply([End(session=session.pk, end_reason=EndReason.USER_ENDED)])
    outcome = cast.say(session.thread)
    assert outcome.session is not None
    return ChatSession.objects.get(pk=outcome.session.id)


def test_memory_goes_on_into_the_next_session_and_nothing_else_does(shop):
    session = cast.chatting(shop, identified())
    patch(session, memory={"size": 42, "colour": "blue"}, basket=[1])
    patch(session, memory={"colour": None})
    after = next_session(session)

    assert variables(after.pk) == {"memory": {"size": 42}}
    assert kept_bytes(after.pk) > 0


def test_memory_is_there_in_every_thread_and_with_every_agent_of_the_realm(shop):
    ada = identified()
    patch(cast.chatting(shop, ada), memory={"size": 42})
    assert variables(cast.chatting(shop, ada).pk) == {"memory": {"size": 42}}
    assert variables(cast.chatting(cast.agent("billing"), ada).pk) == {"memory": {"size": 42}}
    assert variables(cast.chatting(shop, identified("bob")).pk) == {}


def test_the_same_id_in_another_realm_is_another_person(shop):
    bank = cast.agent("bank", realm="bank")
    patch(cast.chatting(shop, identified("ada")), memory={"size": 42})
    session = cast.chatting(bank, identified("ada", realm="bank"))
    assert variables(session.pk) == {}
    patch(session, memory={"pin": 1})
    assert sorted(Memory.objects.values_list("value", flat=True)) == ['{"pin":1}', '{"size":42}']


def test_a_user_whom_an_agent_of_another_realm_has_got_is_neither_remembered_nor_recalled(shop):
    """Such a session comes about by a transfer."""
    bank = cast.agent("bank", realm="bank")
    ada = identified()
    patch(cast.chatting(shop, ada), memory={"size": 42})
    session = cast.chatting(bank, ada)
    assert variables(session.pk) == {}
    patch(session, memory={"pin": 1})
    assert variables(cast.chatting(shop, ada).pk) == {"memory": {"size": 42}}


def test_an_anonymous_visitor_is_not_remembered(shop):
    session = cast.chatting(shop, cast.user("visitor"))
    patch(session, memory={"size": 42})
    assert variables(session.pk) == {"memory": {"size": 42}}
    assert variables(next_session(session).pk) == {}
    assert not Memory.objects.exists()


def test_an_agent_can_be_told_not_to_remember(shop):
    ada = identified()
    patch(cast.chatting(shop, ada), memory={"size": 42})
    shop.remember = False
    shop.save()
    session = cast.chatting(shop, ada)
    assert variables(session.pk) == {}
    patch(session, memory={"size": 1})
    assert Memory.objects.get().value == '{"size":42}'


def test_the_emulator_neither_remembers_nor_recalls(shop):
    ada = identified()
    patch(cast.chatting(shop, ada), memory={"size": 42})
    session = cast.start(cast.thread(shop, ada), version="DRAFT")
    assert variables(session.pk) == {}
    patch(session, memory={"size": 1})
    assert Memory.objects.get().value == '{"size":42}'


def test_memory_that_is_removed_is_forgotten(shop):
    session = cast.chatting(shop, identified())
    patch(session, memory={"size": 42})
    patch(session, memory=None)
    assert not Memory.objects.exists()
    assert variables(next_session(session).pk) == {}


def test_what_was_recalled_can_go_on(shop):
    session = cast.chatting(shop, identified())
    patch(session, memory={"size": 42})
    after = next_session(session)
    patch(after, memory={"colour": "blue"})
    assert variables(next_session(after).pk) == {"memory": {"size": 42, "colour": "blue"}}


def test_a_bot_is_told_who_has_been_here_before(shop):
    ada = identified()
    first = cast.chatting(shop, ada)
    again = cast.chatting(shop, ada)
    elsewhere = cast.chatting(cast.agent("billing"), ada)
    returning = [stored.about(one.pk).internal["user"]["returning"] for one in (first, again, elsewhere)]
    assert returning == [False, True, False]


@pytest.mark.django_db(transaction=True)
def test_memories_of_several_users_are_written_in_one_order_so_that_nobody_waits_for_each_other(shop):
    """One that waits for the first memory holds none of the others, however it came by its users."""
    ids = sorted(uuid7() for _ in range(5))
    last_first = [
        ChatUser.objects.create(id=id, realm="test", external_id=str(id), identified=True) for id in ids[::-1]
    ]
    sessions = [cast.chatting(shop, user) for user in last_first]
    write(sessions, 1)
    with transaction.atomic():
        Memory.objects.select_for_update().get(user=ids[0])
        writer = Beside(lambda: write(sessions, 2))
        until(lambda: waiting() > 0)
        assert len(Memory.objects.select_for_update(nowait=True).filter(user__in=ids[1:])) == 4
    writer.join()
    assert set(Memory.objects.values_list("value", flat=True)) == {'{"n":2}'}


def write(sessions: list[ChatSession], n: int) -> None:
    outcomes = apply([ChangeData(session=one.pk, patch={"memory": {"n": n}}) for one in sessions])
    assert {outcome.result for outcome in outcomes} == {"done"}


def test_memory_is_kept_as_long_as_session_data_after_the_last_activity(shop):
    """The retention is of the last session; one that is over earlier takes nothing of it."""
    ada = identified()
    first = cast.chatting(shop, ada)
    patch(first, memory={"size": 42})
    second = next_session(first)
    apply([End(session=second.pk, end_reason=EndReason.USER_ENDED)])

    cast.pass_time(first.pk, timedelta(days=31))
    sweeping.sweep()
    first.refresh_from_db()
    assert first.data_erased_at is not None
    assert Memory.objects.filter(user=ada).exists(), "the second session is still kept"

    cast.pass_time(second.pk, timedelta(days=31))
    sweeping.sweep()
    assert not Memory.objects.filter(user=ada).exists()
