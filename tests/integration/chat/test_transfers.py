"""A chat that is handed on to another agent, over the wire (2-lifecycle.md, "Transfer"; docs/chat-protocol.md)."""

from datetime import timedelta

import pytest

from portal.accounts.models import Account
from portal.agents.models import Agent
from sessions_app.actions import apply, deeds
from sessions_app.core import commands as c
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession, Message, Thread
from tests import cast
from tests.integration.chat.client import Client, visit
from tests.integration.chat.conftest import Visitor

HOURS = timedelta(hours=1)
SHOP = {"slug": "shop", "name": "Shop"}
BILLING = {"slug": "billing", "name": "Billing"}


@pytest.fixture
def olga(site: str) -> Account:
    return cast.account("olga")


@pytest.fixture
def billing(visitor: Visitor, olga: Account) -> Agent:
    """Where the users of `shop` may go."""
    shop = Agent.objects.get(slug="shop")
    cast.own(olga, shop)
    shop.transfer_targets = ["billing"]
    shop.save()
    return cast.agent("billing", owner=olga)


def begun(chat: Client) -> ChatSession:
    chat.until("ready")
    chat.until("ack", client_id=chat.say("hello"))
    return ChatSession.objects.latest("started_at")


def transferred(chat: Client) -> ChatSession:
    """The session that another agent is to pick up."""
    begun(chat)
    chat.until("ack", client_id=chat.send("transfer", agent="billing"))
    return ChatSession.objects.get(end_reason="transferred")


def picked_up(chat: Client) -> ChatSession:
    """The session with the agent that has picked up."""
    source = transferred(chat)
    chat.until("ack", client_id=chat.say("about my bill"))
    source.refresh_from_db()
    return ChatSession.objects.get(pk=source.transferred_to)


def say_and_hear(chat: Client, text: str) -> list[str]:
    """Say something, and the types of all frames until it is there, shown."""
    before = len(chat.frames)
    chat.until("message", client_id=chat.say(text))
    return [frame["type"] for frame in chat.frames[before:]]


# ── the transfer


def test_the_user_is_told_who_is_to_answer_at_the_transfer(visitor, billing):
    with visitor.connect() as chat:
        session = begun(chat)
        chat.send("transfer", agent="billing")
        ended = chat.until("session", reason="transferred")
        assert (ended["session"]["id"], ended["session"]["actions"]) == (str(session.pk), [])
        assert "Billing" in chat.told("divider")["text"]
        assert chat.told("transferred")["agent"] == BILLING


def test_the_chat_goes_on_in_the_same_thread_and_connection(visitor, billing):
    with visitor.connect() as chat:
        source = transferred(chat)
        chat.until("transferred")
        chat.until("ack", client_id=chat.say("about my bill"))
        fresh = chat.until("session", reason=None)["session"]
        assert fresh["id"] != str(source.pk)
        assert chat.until("message", text="about my bill")["session"] == fresh["id"]
        assert ChatSession.objects.get(pk=fresh["id"]).agent == billing
        say_and_hear(chat, "and another one")
    kinds = [frame["type"] for frame in chat.frames]
    assert (kinds.count("transferred"), kinds.count("ready")) == (1, 1), "the pick-up is no second transfer"


def test_all_tabs_hear_of_it(visitor, billing):
    with visitor.connect() as one, visitor.connect() as two:
        two.until("ready")
        transferred(one)
        assert two.until("transferred")["agent"] == BILLING


def test_who_comes_back_is_told_who_is_to_answer(visitor, billing):
    with visitor.connect() as chat:
        assert chat.until("ready")["agent"] == SHOP
    with visitor.connect() as chat:
        transferred(chat)
    with visitor.connect() as chat:
        assert chat.until("ready")["agent"] == BILLING


def test_a_transfer_that_is_cancelled_leads_back(visitor, billing, olga):
    with visitor.connect() as chat:
        source = transferred(chat)
        chat.until("transferred", agent=BILLING)
        deeds.cancel_transfer(principal=cast.principal(olga), session=source.pk)
        assert chat.until("transferred")["agent"] == SHOP


def test_a_transfer_that_lapses_leads_back_also_when_nothing_sweeps(visitor, billing):
    with visitor.connect() as chat:
        source = transferred(chat)
        chat.until("transferred", agent=BILLING)
        cast.pass_time(source.pk, 2 * HOURS)
        assert chat.until("transferred")["agent"] == SHOP


def test_a_target_that_has_become_impossible_leads_back_with_a_notice(visitor, billing):
    with visitor.connect() as chat:
        transferred(chat)
        chat.until("transferred", agent=BILLING)
        Agent.objects.filter(slug="billing").update(status="disabled")
        chat.say("hello?")
        assert "Shop" in chat.until("divider")["text"]
        assert chat.until("transferred")["agent"] == SHOP


# ── what cannot be done


@pytest.mark.parametrize("slug", ["helpdesk", "nowhere", "shop"])
def test_an_agent_that_is_not_offered_is_none_to_the_user(visitor, billing, slug):
    cast.agent("helpdesk", name="Secret plans")
    with visitor.connect() as chat:
        session = begun(chat)
        error = chat.until("error", client_id=chat.send("transfer", agent=slug))
    assert error["code"] == "transfer_impossible"
    assert error["detail"] == "The chat cannot be handed on to that agent. Nothing was changed."
    session.refresh_from_db()
    assert session.state == "live"


@pytest.mark.parametrize("agent", [None, "", 7, "x" * 64, "a\0b"])
def test_a_transfer_to_what_is_no_name_is_refused_and_the_chat_goes_on(visitor, billing, agent):
    with visitor.connect() as chat:
        begun(chat)
        assert chat.until("error", client_id=chat.send("transfer", agent=agent))["code"] == "invalid"
        chat.until("ack", client_id=chat.say("still here"))


def test_a_transfer_without_room_says_why(visitor, olga):
    billing = cast.agent("billing", owner=olga, policy={"max_concurrent_per_user": 1})
    Agent.objects.filter(slug="shop").update(transfer_targets=["billing"])
    other = cast.start(Thread.objects.create(agent=billing, user=Thread.objects.get().user))
    with visitor.connect(thread=visitor.thread) as chat:
        begun(chat)
        error = chat.until("error", client_id=chat.send("transfer", agent="billing"))
    assert error["code"] == "transfer_impossible"
    assert error["detail"].startswith("You have the maximum number of open sessions with that agent.")
    assert error["open_sessions"] == [str(other.pk)]


def test_without_a_session_there_is_nothing_to_transfer(visitor, billing):
    with visitor.connect() as chat:
        chat.until("ready")
        assert chat.until("error", client_id=chat.send("transfer", agent="billing"))["code"] == "session_ended"


@pytest.mark.parametrize(("targets", "offered"), [(["billing"], True), ([], False)])
def test_a_transfer_is_among_the_actions_where_there_is_somewhere_to_go(visitor, billing, targets, offered):
    Agent.objects.filter(slug="shop").update(transfer_targets=targets)
    with visitor.connect() as chat:
        chat.until("ready")
        chat.send("open")
        actions = chat.until("session")["session"]["actions"]
    assert actions == ["end", "pause", "extend", *(["transfer"] if offered else [])]


# ── which thread is on the screen


def test_a_newer_chat_with_the_target_does_not_take_the_place_of_the_one_that_comes_to_it(visitor, billing):
    """It was replaced on the screen, in the middle of the sentence: both were with the same agent all at once."""
    cast.start(Thread.objects.create(agent=billing, user=Thread.objects.get().user))
    with visitor.connect(thread=visitor.thread) as chat:
        picked_up(chat)
        assert "ready" not in say_and_hear(chat, "and another one")


def test_a_chat_with_the_target_is_not_replaced_by_one_that_comes_to_it(visitor, billing):
    user = Thread.objects.get().user
    older = Thread.objects.create(agent=billing, user=user)
    newer = Thread.objects.create(agent=Agent.objects.get(slug="shop"), user=user)
    with visitor.connect(thread=str(older.pk)) as stays, visitor.connect(thread=str(newer.pk)) as moves:
        stays.until("ready")
        picked_up(moves)
        assert "ready" not in say_and_hear(stays, "still here")
    assert Message.objects.get(text="still here").thread == older


def test_a_new_chat_begins_with_the_agent_that_has_the_chat_by_now(visitor, billing):
    with visitor.connect() as chat:
        picked_up(chat)
        chat.send("new_chat")
        fresh = chat.until("ready")
        assert fresh["agent"] == BILLING
        assert "ready" not in say_and_hear(chat, "hello")
    assert fresh["thread"] != visitor.thread
    assert Thread.objects.get(pk=fresh["thread"]).agent == billing


def test_a_page_that_is_loaded_anew_shows_the_chat_that_its_agent_has_handed_on(visitor, billing):
    with visitor.connect() as chat:
        picked_up(chat)
    assert visit(visitor.site, "shop", visitor_token=visitor.token)["thread"] == visitor.thread


# ── where it may be shown


def listed(**origins: str) -> None:
    for slug, page in origins.items():
        Agent.objects.filter(slug=slug).update(allowed_origins=[page])


def test_a_page_that_may_chat_with_the_first_agent_goes_on_with_the_second(visitor, billing):
    """Also when it comes back: with the second agent's list alone it was closed with 4403, for good."""
    listed(shop="https://shop.example", billing="https://billing.example")
    with visitor.connect(origin="https://shop.example") as chat:
        picked_up(chat)
        chat.until("ack", client_id=chat.say("and another one"))
    for page in ("https://shop.example", "https://billing.example"):
        with visitor.connect(thread=visitor.thread, origin=page) as chat:
            chat.until("ready")
            chat.until("ack", client_id=chat.say("back", thread=visitor.thread))
    with visitor.connect(thread=visitor.thread, origin="https://evil.example") as chat:
        assert chat.closed() == 4403


# ── keep chatting, and no more room


def test_keep_chatting_restarts_the_clock(visitor):
    with visitor.connect() as chat:
        session = begun(chat)
        cast.pass_time(session.pk, timedelta(minutes=40))
        chat.until("ack", client_id=chat.send("extend"))
        assert chat.until("session", reason=None)["session"]["state"] in ("live", "idle")
    before, session = session, ChatSession.objects.get()
    assert session.state == "live"
    assert session.ends_at - session.inactive_since == before.ends_at - before.inactive_since
    assert session.inactive_since > before.inactive_since


def test_what_has_ended_or_is_paused_is_not_extended(visitor):
    with visitor.connect() as chat:
        begun(chat)
        chat.until("ack", client_id=chat.send("pause"))
        assert chat.until("error", client_id=chat.send("extend"))["code"] == "session_paused"
        chat.until("ack", client_id=chat.send("end"))
        assert chat.until("error", client_id=chat.send("extend"))["code"] == "session_ended"


@pytest.fixture
def full(visitor: Visitor) -> ChatSession:
    """The one session that the visitor may have."""
    agent = cast.agent("single", policy={"max_concurrent_per_user": 1}, languages=["en", "de"])
    user = Thread.objects.get().user
    Thread.objects.all().delete()
    taken = cast.say(Thread.objects.create(agent=agent, user=user)).session
    assert taken is not None
    Thread.objects.create(agent=agent, user=user)
    return ChatSession.objects.get(pk=taken.id)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "open", "language": "de"},
        {"type": "message", "kind": "text", "text": "hello"},
        {"type": "new_chat", "language": "de"},
    ],
    ids=lambda frame: frame["type"],
)
def test_at_the_limit_it_says_so_in_the_users_language_and_nothing_is_kept(visitor, full, frame):
    with visitor.connect() as chat:
        chat.until("ready")
        error = chat.until("error", client_id=chat.send(frame.pop("type"), **frame))
        assert (error["code"], error["open_sessions"]) == ("session_limit_reached", [str(full.pk)])
        german = "Sie haben" in error["detail"]
        assert german == ("language" in frame), error["detail"]
        assert (Message.objects.count(), ChatSession.objects.count(), Thread.objects.count()) == (1, 1, 2)

        apply([c.End(session=full.pk, actor=c.USER, end_reason=EndReason.USER_ENDED)])
        chat.until("ack", client_id=chat.say("hello", client_id="the same"))
    assert ChatSession.objects.latest("started_at").pk != full.pk
