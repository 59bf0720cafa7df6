"""An agent that is removed takes its past with it, and nobody else's; with an open session it is not removed."""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from localization import actions as texts
from localization.core.keys import Key
from portal.accounts.models import Account, Grant
from portal.accounts.permissions import NotAllowed, NotVisible
from portal.agents.models import Agent
from portal.audit.models import Entry
from portal.lib import clock
from sessions_app.actions import agents, apply, chats, deeds, removing
from sessions_app.actions.agents import Refused
from sessions_app.actions.removing import HasOpenSessions
from sessions_app.core.commands import Tick
from sessions_app.core.decision import Refusal
from sessions_app.models import ChatSession, ChatUser, Event, Memory, Message, SessionData, Thread, Variable
from tests import cast

pytestmark = pytest.mark.django_db
PATIENCE_SECONDS = 15


def remove(agent: Agent, by: Account) -> int:
    return removing.remove(principal=cast.principal(by), agent=agent)


def ended(agent: Agent, who: ChatUser | None = None) -> ChatSession:
    """A session somebody had with it, past its deadline."""
    session = cast.chatting(agent, who)
    cast.pass_time(session.pk, timedelta(days=1))
    return session


def counts() -> dict[str, int]:
    """Rows per table. Those of the audit log stay."""
    models = [model for model in apps.get_models() if model._meta.app_label != "audit"]
    return {model._meta.label: model._base_manager.count() for model in models}


@pytest.fixture
def nothing(olga: Account) -> dict[str, int]:
    return counts()


def test_an_agent_without_a_past_is_removed_with_all_that_was_made_for_it(
    nothing: dict[str, int], olga: Account, shop: Agent
) -> None:
    cast.translate(cast.account("tara"), shop, "de")
    texts.save_text(
        principal=cast.principal(olga),
        agent=shop,
        key=Key.SESSION_ENDED,
        language="en",
        text="Bye.",
        expected_version=None,
    )
    assert remove(shop, olga) == 0
    Account.objects.get(username="tara").delete()
    assert counts() == nothing


def test_its_past_goes_with_it(nothing: dict[str, int], olga: Account, shop: Agent) -> None:
    session = ended(shop, cast.user("ada"))
    SessionData.objects.update_or_create(session=session, defaults={"bytes": 12})
    Variable.objects.create(session=session, name="iban", value='"x"', size=12)
    Memory.objects.create(user=session.user, value="{}", size=2, updated_at=clock.now())
    chats.visit(agent=shop, user_id=None, secret=None)  # a visitor who never opened the chat
    assert remove(shop, olga) == 1
    assert counts() == nothing


def test_who_removed_what_is_in_the_audit_log(olga: Account, shop: Agent) -> None:
    ended(shop)
    cast.agent("billing", owner=olga, transfer_targets=["shop", "helpdesk"])
    gone = shop.pk
    remove(shop, olga)
    entry = Entry.objects.get(verb="agent.removed")
    assert (entry.account, entry.agent_id, entry.agent_slug, entry.subject) == (olga, gone, "shop", "agent shop")
    assert (entry.before["name"], entry.before["owners"]) == ("Shop", [olga.pk])
    assert entry.after == {"sessions": 1, "no_longer_a_target_of": ["billing"]}


def test_nobody_is_sent_to_whoever_has_its_name_next(olga: Account, shop: Agent) -> None:
    billing = cast.agent("billing", transfer_targets=["shop", "helpdesk"])
    remove(shop, olga)
    billing.refresh_from_db()
    assert billing.transfer_targets == ["helpdesk"]


# ── what is not removed
@pytest.mark.parametrize("version", ["LIVE", "DRAFT"])
def test_nothing_is_removed_while_somebody_is_in_a_session(olga: Account, shop: Agent, version: str) -> None:
    ended(shop, cast.user("bob"))
    thread = cast.thread(shop)
    cast.start(thread, version=version)
    before = counts()
    with pytest.raises(HasOpenSessions, match=r"1 session is open with this agent\. Nothing was removed"):
        remove(shop, olga)
    assert counts() == before


def test_a_human_who_goes_on_after_the_end_is_not_interrupted(olga: Account, shop: Agent) -> None:
    session = cast.chatting(shop)
    deeds.take_over(principal=cast.principal(olga), session=session.pk)
    cast.pass_time(session.pk, timedelta(days=1))
    apply([Tick(session=session.pk)])
    with pytest.raises(HasOpenSessions):
        remove(shop, olga)
    deeds.hand_back(principal=cast.principal(olga), session=session.pk)
    assert remove(shop, olga) == 1


@pytest.fixture(params=["to it", "from it"])
def on_the_way(request: pytest.FixtureRequest, olga: Account, shop: Agent) -> ChatSession:
    """A session that was transferred, and is waited for."""
    billing = cast.agent("billing", owner=olga)
    source, target = (billing, shop) if request.param == "to it" else (shop, billing)
    session = cast.chatting(source)
    deeds.transfer(principal=cast.principal(olga), session=session.pk, to=target.slug)
    return session


def test_who_is_on_the_way_counts(olga: Account, shop: Agent, on_the_way: ChatSession) -> None:
    with pytest.raises(HasOpenSessions):
        remove(shop, olga)


def test_who_never_came_does_not(olga: Account, shop: Agent, on_the_way: ChatSession) -> None:
    cast.pass_time(on_the_way.pk, timedelta(days=1))
    remove(shop, olga)
    if on_the_way.agent_id == shop.pk:
        assert not ChatSession.objects.exists()
        return
    on_the_way.refresh_from_db()
    assert on_the_way.pending_to is None
    assert Event.objects.filter(session=on_the_way, type="session.transfer_cancelled", cause="lapsed").count() == 1


def test_who_was_transferred_goes_on_with_the_other_agent(olga: Account, shop: Agent) -> None:
    billing = cast.agent("billing", owner=olga)
    session = cast.chatting(shop)
    deeds.transfer(principal=cast.principal(olga), session=session.pk, to="billing")
    went_on = cast.say(session.thread, "here I am").session
    assert remove(shop, olga) == 1
    assert went_on is not None
    assert ChatSession.objects.get().pk == went_on.id
    again = cast.say(session.thread, "and still")
    assert again.session is not None
    assert (again.session.id, again.session.agent) == (went_on.id, billing.pk)


def test_users_whom_another_agent_meets_stay(olga: Account, shop: Agent) -> None:
    cast.agent("billing")
    cast.agent("elsewhere", realm="other")
    ada = cast.user("ada")
    ended(shop, ada)
    remove(shop, olga)
    assert list(ChatUser.objects.all()) == [ada]


def test_users_whom_no_agent_meets_any_more_go_and_others_stay(olga: Account, shop: Agent) -> None:
    cast.agent("elsewhere", realm="other")
    zoe = cast.user("zoe", realm="other")
    ended(shop)
    remove(shop, olga)
    assert list(ChatUser.objects.all()) == [zoe]


def test_a_chat_that_has_gone_on_with_another_agent_stays_with_that_one(olga: Account, shop: Agent) -> None:
    """Whichever of the two the chat is with now."""
    billing = cast.agent("billing", realm="other")
    for now_with in (shop, billing):
        thread = ended(shop, cast.user(f"with {now_with}")).thread
        Thread.objects.filter(pk=thread.pk).update(agent=billing)
        cast.say(thread, "and now to you")
        Thread.objects.filter(pk=thread.pk).update(agent=now_with)
    assert ChatSession.objects.count() == 4
    remove(shop, olga)
    assert set(ChatSession.objects.values_list("agent", flat=True)) == {billing.pk}
    assert set(Thread.objects.values_list("agent", flat=True)) == {billing.pk}
    assert (ChatSession.objects.count(), Thread.objects.count(), ChatUser.objects.count()) == (2, 2, 2)
    assert set(Message.objects.values_list("session__agent", flat=True)) == {billing.pk}
    assert set(Event.objects.values_list("session__agent", flat=True)) == {billing.pk}


def test_the_number_of_statements_does_not_grow_with_its_past(olga: Account) -> None:
    def statements(slug: str, sessions: int) -> int:
        agent = cast.agent(slug, owner=olga, realm=slug)
        for number in range(sessions):
            ended(agent, cast.user(f"{slug}-{number}", realm=slug))
        with CaptureQueriesContext(connection) as captured:
            assert remove(agent, olga) == sessions
        return len(captured)

    assert statements("few", 1) == statements("many", 12)


def test_what_goes_wrong_at_the_end_undoes_all_of_it(
    olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended(shop)
    before = counts()

    def fail(*_args: object, **_more: object) -> None:
        raise IntegrityError

    monkeypatch.setattr(removing.audit, "record", fail)
    with pytest.raises(IntegrityError):
        remove(shop, olga)
    assert counts() == before


# ── who may
def test_only_those_who_run_it_remove_it(olga: Account, shop: Agent) -> None:
    otto, tara = cast.account("otto"), cast.account("tara")
    cast.translate(tara, shop, "de")
    with pytest.raises(NotVisible):
        remove(shop, otto)
    with pytest.raises(NotAllowed):
        remove(shop, tara)
    remove(shop, cast.admin())
    assert not Grant.objects.exists()


def test_one_that_is_gone_already_is_not_there(shop: Agent) -> None:
    root = cast.admin()
    remove(shop, root)
    with pytest.raises(NotVisible):
        remove(Agent(pk=shop.pk, slug="shop"), root)


# ── and at the same time
def beside(work: Callable[[], object]) -> "Future[object]":
    """Do something at the same time, and go on when it waits for a lock."""

    def run() -> object:
        try:
            return work()
        finally:
            connections.close_all()

    with_one_thread = ThreadPoolExecutor(1)
    future = with_one_thread.submit(run)
    with_one_thread.shutdown(wait=False)
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return future
            assert time.monotonic() < deadline, "nobody waits"
            time.sleep(0.01)


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_first_keeps_the_agent(olga: Account, shop: Agent) -> None:
    thread = ended(shop).thread
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM chat_thread WHERE id = %s FOR UPDATE", [thread.pk])
        removal = beside(lambda: remove(shop, olga))
        cast.say(thread, "I am back")
    with pytest.raises(HasOpenSessions):
        removal.result(PATIENCE_SECONDS)
    assert ChatSession.objects.filter(agent=shop).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_message_that_comes_too_late_finds_nothing(olga: Account, shop: Agent) -> None:
    thread = ended(shop).thread
    with transaction.atomic():
        remove(shop, olga)
        late = beside(lambda: cast.say(thread, "I am back").refusal)
    assert late.result(PATIENCE_SECONDS) == Refusal.NOT_FOUND


@pytest.mark.django_db(transaction=True)
def test_an_agent_that_is_being_removed_becomes_no_target(olga: Account, shop: Agent) -> None:
    billing = cast.agent("billing", owner=olga)
    principal, values = cast.principal(olga), {"transfer_targets": ("shop",)}
    with transaction.atomic():
        remove(shop, olga)
        chosen = beside(lambda: agents.change(principal=principal, agent=billing, values=values))
    with pytest.raises(Refused, match="There is no agent “shop”"):
        chosen.result(PATIENCE_SECONDS)


@pytest.mark.django_db(transaction=True)
def test_a_target_that_was_chosen_first_is_dropped(olga: Account, shop: Agent) -> None:
    billing = cast.agent("billing", owner=olga)
    with transaction.atomic():
        agents.change(principal=cast.principal(olga), agent=billing, values={"transfer_targets": ("shop",)})
        removal = beside(lambda: remove(shop, olga))
    removal.result(PATIENCE_SECONDS)
    billing.refresh_from_db()
    assert billing.transfer_targets == []
