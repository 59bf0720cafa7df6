"""What the write path does with session data, over any number of sessions in one go."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessions_app.actions import _data, apply
from sessions_app.core import data, internal
from sessions_app.core.commands import ChangeData, End, Tick, Transfer
from sessions_app.core.data import LARGEST
from sessions_app.core.decision import Refusal
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession, Event, Memory, SessionData, Variable
from sessions_app.queries import data as queries
from tests import cast
from tests.integration.data.conftest import identified, kept_bytes, patch, variables

pytestmark = pytest.mark.django_db


def understood(session: ChatSession) -> dict[str, object]:
    return dict(SessionData.objects.values_list("understood", flat=True).get(pk=session.pk))


# ── patches
def test_a_patch_is_kept_and_the_timeline_names_the_variables_and_nothing_of_their_values(session):
    patch(session, basket={"lines": [1, 2], "sum": 5}, name="Ada", gone=1)
    before = ChatSession.objects.get(pk=session.pk).row_version
    patch(session, basket={"sum": None}, name="Bea", gone=None)

    assert variables(session.pk) == {"basket": {"lines": [1, 2]}, "name": "Bea"}
    kept_bytes(session.pk)
    assert ChatSession.objects.get(pk=session.pk).row_version == before + 1
    event = Event.objects.filter(session=session, type="session.data_changed").order_by("-pk")[0]
    assert (event.actor, event.detail) == ("account:1", {"variables": ["basket", "gone", "name"]})


def test_what_was_written_is_what_is_read_to_the_byte(session):
    patch(session, v={"z": 1, "a": [1.0, 10**30, -0.0, 'é\u2028\t"\\/😀']})
    kept = Variable.objects.get(session=session).value
    assert kept == '{"z":1,"a":[1.0,1000000000000000000000000000000,-0.0,"é\u2028\\t\\"\\\\/😀"]}'


def test_a_patch_that_changes_nothing_leaves_no_trace(session):
    patch(session, a=1)
    before = (ChatSession.objects.get(pk=session.pk).row_version, Event.objects.count())
    assert patch(session, a=1, b=None).result == "already"
    assert (ChatSession.objects.get(pk=session.pk).row_version, Event.objects.count()) == before


def test_an_ended_session_takes_no_patch(session):
    apply([End(session=session.pk, end_reason=EndReason.USER_ENDED)])
    assert patch(session, a=1).result == Refusal.SESSION_ENDED
    assert variables(session.pk) == {}


@pytest.mark.parametrize(
    ("refused", "result"),
    [({"internal": {"botId": "x"}}, Refusal.INTERNAL_READ_ONLY), ({"n" * 101: 1}, Refusal.INVALID)],
)
def test_a_patch_that_cannot_be_is_refused_whole_and_holds_up_no_other(session, refused, result):
    patches = [{"a": 1}, refused | {"b": 1}, {"c": 1}]
    outcomes = apply([ChangeData(session=session.pk, patch=one) for one in patches])
    assert [outcome.result for outcome in outcomes] == ["done", result, "done"]
    assert variables(session.pk) == {"a": 1, "c": 1}


def test_patches_of_one_batch_are_done_in_their_order(session, shop):
    other = cast.chatting(shop, cast.user("bob"))
    patches = [(session, {"a": 1, "b": {"x": 1}}), (other, {"a": 5}), (session, {"a": None, "b": {"y": 2}})]
    apply([ChangeData(session=of.pk, patch=one) for of, one in [*patches, (session, {"a": 3, "c": None})]])
    assert (variables(session.pk), variables(other.pk)) == ({"a": 3, "b": {"x": 1, "y": 2}}, {"a": 5})
    kept_bytes(session.pk), kept_bytes(other.pk)


def test_the_number_of_statements_does_not_depend_on_the_number_of_sessions(shop):
    sessions = [cast.chatting(shop, identified(f"u{n}")) for n in range(5)]

    def statements(of: list[ChatSession], value: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            apply([ChangeData(session=s.pk, patch={"v": value, "memory": {"n": value}}) for s in of])
        return len(captured)

    statements(sessions, 0)
    assert statements(sessions[:1], 1) == statements(sessions, 2)


# ── transfers
def test_variables_go_along_with_a_transfer_but_for_the_sensitive_ones():
    source = cast.agent("shop", sensitive_variables=["card", "none"])
    target = cast.agent("billing", realm="test")
    session = cast.chatting(source, cast.user("ada"))
    patch(session, basket=[1], card="4711", memory={"size": 42})
    apply([Transfer(session=session.pk, target=target.pk)])
    picked_up = cast.say(session.thread).session

    assert picked_up.agent == target.pk
    assert variables(picked_up.id) == {"basket": [1], "memory": {"size": 42}}
    assert kept_bytes(picked_up.id) < kept_bytes(session.pk)
    assert variables(session.pk).keys() == {"basket", "card", "memory"}


def test_memory_does_not_go_along_to_an_agent_of_another_realm(shop):
    target = cast.agent("bank", realm="bank")
    session = cast.chatting(shop, identified())
    patch(session, basket=[1], memory={"size": 42})
    apply([Transfer(session=session.pk, target=target.pk)])
    assert variables(cast.say(session.thread).session.id) == {"basket": [1]}


def test_a_transfer_brings_the_latest_memory_of_the_user(shop):
    ada = identified()
    session = cast.chatting(shop, ada)
    patch(session, memory={"size": 42}, basket=[1])
    patch(cast.chatting(shop, ada), memory={"size": 43})  # meanwhile, in another thread
    apply([Transfer(session=session.pk, target=cast.agent("billing").pk)])
    picked_up = cast.say(session.thread).session.id
    assert variables(picked_up) == {"memory": {"size": 43}, "basket": [1]}
    kept_bytes(picked_up)


def test_a_memory_that_has_no_room_beside_what_was_carried_along_is_left(shop):
    ada = identified()
    session = cast.chatting(shop, ada)
    patch(cast.chatting(shop, ada), memory="x" * 100)
    patch(session, memory=None, v="x" * (LARGEST - 50))
    apply([Transfer(session=session.pk, target=cast.agent("billing").pk)])
    picked_up = cast.say(session.thread).session.id
    assert variables(picked_up).keys() == {"v"}
    kept_bytes(picked_up)


def test_several_transfers_are_carried_at_once(shop):
    pairs = [(cast.chatting(shop, cast.user(f"u{n}")), cast.chatting(shop, cast.user(f"w{n}"))) for n in range(3)]
    for n, (source, _) in enumerate(pairs):
        patch(source, n=n, secret=n)
    patch(pairs[0][1], n="stays", own=1)
    with CaptureQueriesContext(connection) as captured:
        _data.carry([(one.pk, other.pk) for one, other in pairs], {pairs[1][0].pk: ["secret"]})
    assert len(captured) == 1
    assert [variables(target.pk) for _, target in pairs] == [
        {"n": "stays", "own": 1, "secret": 0},
        {"n": 1},
        {"n": 2, "secret": 2},
    ]
    for _, target in pairs:
        kept_bytes(target.pk)


# ── removing
def test_erasing_the_data_of_a_session_leaves_others_and_the_memory_of_the_user(shop):
    ada = identified()
    session, other = cast.chatting(shop, ada), cast.chatting(shop, ada)
    for one in (session, other):
        patch(one, memory={"size": 42}, a=1)
        _data.understand({one.pk: internal.understood(expression="secret")})
    _data.erase([session.pk])

    assert variables(session.pk) == {}
    assert not SessionData.objects.filter(pk=session.pk).exists()
    assert variables(other.pk).keys() == {"memory", "a"}
    assert Memory.objects.get().user_id == ada.pk
    _data.forget([session.pk])
    assert Memory.objects.exists(), "the data of the other session is kept"


def test_when_its_transcript_is_erased_no_word_of_it_is_left_in_the_data_either():
    """Transcripts may be kept for a shorter time than session data."""
    agent = cast.agent(policy={"transcript_retention": timedelta(days=1)})
    session = cast.chatting(agent)
    patch(session, a=1)
    _data.understand({session.pk: internal.understood(expression="a canary")})
    cast.pass_time(session.pk, timedelta(days=2))
    apply([Tick(session=session.pk)])

    assert SessionData.objects.get(pk=session.pk).understood is None
    assert variables(session.pk) == {"a": 1}
    assert queries.about(session.pk).internal["nlp"]["expression"] is None


def test_nothing_to_do_is_no_statement():
    with CaptureQueriesContext(connection) as captured:
        assert _data.load({}) == {}
        _data.store([], {})
        _data.carry([], {})
        _data.recall({})
        _data.understand({})
        _data.erase([])
        _data.unlearn([])
        _data.forget([])
    assert len(captured) == 0


def test_what_is_not_there_is_loaded_as_nothing(session):
    patch(session, a=1, b=2)
    unknown = uuid4()
    found = _data.load({session.pk: ["a", "c"], unknown: ["a"]})
    assert found[unknown] == data.NOTHING
    assert (dict(found[session.pk].texts), found[session.pk].bytes) == ({"a": "1"}, kept_bytes(session.pk))


# ── what the bot understood
STATES = [{"id": f"d-{n}", "name": f"n{n}", "type": "INTENT"} for n in range(3)]
TURNS = st.lists(
    st.builds(
        internal.understood,
        expression=st.none() | st.sampled_from(["a", "é 😀"]),
        dialogstate=st.none() | st.sampled_from(STATES),
    ),
    max_size=4,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(batches=st.lists(TURNS, max_size=3))
def test_the_database_goes_on_from_what_was_understood_as_the_core_does(session, batches):
    _data.erase([session.pk])
    expected: dict[str, object] = {}
    for batch in batches:
        gathered: dict[str, object] | None = None
        for turn in batch:
            gathered = internal.understood_after(gathered, turn)
            expected = internal.understood_after(expected, turn)
        if gathered is not None:
            _data.understand({session.pk: gathered})
    if any(batches):
        assert understood(session) == expected


def test_what_is_understood_leaves_the_variables(session, shop):
    patch(session, a=1)
    other = cast.chatting(shop, cast.user("bob"))
    with CaptureQueriesContext(connection) as captured:
        _data.understand({one.pk: internal.understood(dialogstate=STATES[0]) for one in (session, other)})
    assert len(captured) == 1
    assert understood(session) == understood(other) == {"current": STATES[0]}
    assert kept_bytes(session.pk) > 0
    assert patch(other, a=1).result == "done"
    assert understood(other) == {"current": STATES[0]}
