"""Who a chat's user turns out to be, over the socket (docs/chat-protocol.md)."""

import pytest

from portal.agents.auth import FORGED
from portal.agents.models import Agent
from sessions_app.models import ChatSession, VisitorToken
from tests import cast
from tests.integration.chat.client import Client, visit
from tests.integration.chat.identities import Site


@pytest.fixture
def house(visitor) -> Site:
    return Site(Agent.objects.get())


def test_a_visitor_is_identified_in_the_middle_of_their_chat(visitor, house):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
        ack = chat.until("ack", client_id=chat.send("identify", identity=house.vouch(name="Ada")))
        assert chat.until("ready")["thread"] == visitor.thread
        chat.until("ack", client_id=chat.say("it is me"))
    session = ChatSession.objects.get()
    assert (session.user.external_id, session.user.name, session.user_turns) == ("u-7", "Ada", 2)
    with visitor._replace(token=ack["visitor_token"]).connect() as chat:
        assert [line["text"] for line in chat.until("ready")["messages"]] == ["hello", "it is me"]
    with visitor.connect() as chat:
        assert chat.closed() == 4401, "whoever knew the old token is not Ada"


def test_other_tabs_of_the_visitor_are_shown_out(visitor, house):
    with visitor.connect() as one, visitor.connect() as two:
        one.until("ready")
        two.until("ready")
        one.until("ack", client_id=one.say("hello"))
        one.until("ack", client_id=one.send("identify", identity=house.vouch()))
        assert two.closed() == 4401
        one.until("ack", client_id=one.say("still here"))


def test_the_persons_other_devices_move_to_the_chat_that_came_along(visitor, house):
    phone = visit(visitor.site, "shop", identity=house.vouch())
    with Client(visitor.site, phone["visitor_token"]) as other, visitor.connect() as chat:
        other.until("ready")
        other.until("ack", client_id=other.say("from the phone"))
        chat.until("ready")
        chat.until("ack", client_id=chat.send("new_chat"))
        fresh = chat.until("ready")["thread"]
        chat.until("ack", client_id=chat.say("from the desk"))
        chat.until("ack", client_id=chat.send("identify", identity=house.vouch()))
        assert chat.until("ready")["thread"] == fresh
        assert other.until("ready")["thread"] == fresh


@pytest.mark.parametrize("identity", ["eyJ", "x" * 5000, "a\0b", "\ud800", 7, None, ""])
def test_what_is_no_identity_changes_nothing_and_the_chat_goes_on(visitor, house, identity):
    with visitor.connect() as chat:
        chat.until("ready")
        error = chat.until("error", client_id=chat.send("identify", identity=identity))
        assert error["code"] == "invalid"
        chat.until("ack", client_id=chat.say("still here"))
    assert not ChatSession.objects.get().user.identified


def test_of_a_forgery_no_more_is_told_than_over_http(visitor, house):
    with visitor.connect() as chat:
        chat.until("ready")
        forged = house.sign({"sub": "root", "exp": 4e9}, secret="x" * 43)
        assert chat.until("error", client_id=chat.send("identify", identity=forged))["detail"] == f"identity: {FORGED}"


def test_without_a_client_id_nobody_is_identified_because_the_new_token_could_not_be_told(visitor, house):
    with visitor.connect() as chat:
        chat.until("ready")
        chat.send("identify", identity=house.vouch(), client_id=None)
        assert "client_id" in chat.until("error", code="invalid")["detail"]
    assert VisitorToken.objects.get().user.identified is False


def test_an_agent_that_takes_no_identity_says_so(visitor, house):
    identity = house.vouch()
    Agent.objects.update(identity="none")
    with visitor.connect() as chat:
        chat.until("ready")
        error = chat.until("error", client_id=chat.send("identify", identity=identity))
    assert (error["code"], error["detail"]) == ("invalid", "identity: This agent takes no identity.")


def test_an_agent_that_requires_an_identity_shows_its_chat_to_nobody_else(visitor, house):
    Agent.objects.update(identity="required")
    with visitor.connect() as chat:
        assert chat.closed() == 4401
        assert chat.frames[-1]["code"] == "unauthenticated"
    known = visit(visitor.site, "shop", identity=house.vouch())
    with Client(visitor.site, known["visitor_token"]) as chat:
        chat.until("ready")


def test_a_chat_that_is_open_when_identity_becomes_required_begins_no_new_one(visitor, house):
    with visitor.connect() as chat:
        chat.until("ready")
        Agent.objects.update(identity="required")
        assert chat.until("error", client_id=chat.send("new_chat"))["code"] == "forbidden"


def test_the_limit_holds_and_names_what_takes_the_places(visitor, house):
    limited = cast.agent("limited", policy={"max_concurrent_per_user": 1})
    site = Site(limited)
    phone = visit(visitor.site, "limited", identity=site.vouch())
    mine = visit(visitor.site, "limited")
    with Client(visitor.site, phone["visitor_token"]) as other:
        other.until("ready")
        other.until("ack", client_id=other.say("hello"))
    with Client(visitor.site, mine["visitor_token"]) as chat:
        chat.until("ready")
        chat.until("ack", client_id=chat.say("hello"))
        error = chat.until("error", client_id=chat.send("identify", identity=site.vouch()))
        assert error["code"] == "session_limit_reached"
        assert len(error["open_sessions"]) == 2
        chat.until("ack", client_id=chat.send("end"))
        chat.until("ack", client_id=chat.send("identify", identity=site.vouch()))


def test_who_logs_out_is_shown_out_everywhere(visitor):
    with visitor.connect() as one, visitor.connect() as two:
        one.until("ready")
        two.until("ready")
        one.until("ack", client_id=one.send("log_out"))
        assert one.closed() == 4401
        assert two.closed() == 4401
    assert not VisitorToken.objects.exists()
