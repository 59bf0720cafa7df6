"""What a chat's socket takes, and how it says that it takes no more (5-promises.md, "Security")."""

import time

import pytest
from django.conf import settings as configured
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from portal.agents.models import Agent
from portal.lib import redis_client
from portal.rest import throttling
from portal.rest.throttling import Limit
from sessions_app.consumers import chat as module
from sessions_app.consumers import places, visits
from tests.integration.chat.client import Client, visit
from tests.integration.chat.conftest import Visitor
from tests.integration.chat.identities import Site

SHOP = "https://shop.example"


def refused_with(chat: Client, code: str) -> tuple[int, str]:
    """The close code and its reason, after an error frame with this code."""
    closed = chat.closed()
    assert chat.frames[-1]["type"] == "error"
    assert chat.frames[-1]["code"] == code
    reason = chat.socket.protocol.close_rcvd.reason
    assert reason == chat.frames[-1]["detail"]
    return closed, reason


# ── origins
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://shop.example",
        "https://shop.example:8443",
        "https://shop.example.evil.example",
        "https://SHOP.example",
        "null",
        "",
    ],
)
def test_an_origin_is_exact_scheme_host_and_port(visitor, origin):
    Agent.objects.update(allowed_origins=[SHOP])
    with visitor.connect(origin=origin) as chat:
        assert chat.closed() == 4403
    with visitor.connect(origin=SHOP) as chat:
        chat.until("ready")


def test_portals_own_pages_and_programs_are_always_let_in(visitor):
    Agent.objects.update(allowed_origins=[SHOP])
    for origin in (configured.PORTAL_URL, None):
        with visitor.connect(origin=origin) as chat:
            chat.until("ready")
    with visitor.connect(origin=f"http://127.0.0.1:{configured.PORT + 1}") as chat:
        assert chat.closed() == 4403, "another port is another origin"


# ── the first frame
def test_who_does_not_say_hello_is_shown_out(site, monkeypatch):
    monkeypatch.setattr(module, "HELLO_WITHIN", 0.1)
    with connect(f"{site.replace('http', 'ws')}/ws/chat/") as socket:
        assert "within 5 seconds" in socket.recv(timeout=10)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4408, "hello did not come within 5 seconds")


def test_within_five_seconds_is_what_is_promised():
    assert module.HELLO_WITHIN == 5.0


def test_any_other_first_frame_is_refused(visitor):
    with connect(f"{visitor.site.replace('http', 'ws')}/ws/chat/") as socket:
        socket.send('{"type": "open"}')
        assert '"code": "invalid"' in socket.recv(timeout=10)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=10)
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4400, "The first frame is hello.")


# ── frames
def test_a_frame_of_64_kb_is_read_and_a_larger_one_ends_the_connection(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        room = 65_536 - len('{"type": "typing", "x": ""}')
        chat.socket.send('{"type": "typing", "x": "' + "x" * room + '"}')
        chat.until("ack", client_id=chat.say("still here"))
        chat.socket.send('{"type": "typing", "x": "' + "x" * (room + 1) + '"}')
        assert chat.closed() == 1009


def test_a_flood_is_told_why(visitor):
    with visitor.connect() as chat:
        chat.until("ready")
        try:
            for _ in range(60):
                chat.send("typing")
        except ConnectionClosed:
            pass
        assert chat.closed() == 4429
        assert chat.frames[-1]["code"] == "rate_limited"
        assert chat.socket.protocol.close_rcvd.reason == "more than 10 frames a second"


# ── connections
def free_again(most: int = 0) -> None:
    deadline = time.monotonic() + 10
    while any(sum(one._taken.values()) > most for one in places.places._made.values()):
        assert time.monotonic() < deadline, "a connection that ended has left its place taken"
        time.sleep(0.02)


def somebody_else(visitor: Visitor) -> Visitor:
    chat = visit(visitor.site, "shop")
    return visitor._replace(token=chat["visitor_token"], thread=chat["thread"])


def test_one_address_has_so_many_connections_and_a_place_is_free_when_one_ends(visitor, settings):
    free_again()
    settings.SOCKETS_PER_ADDRESS = 2
    with visitor.connect() as one, visitor.connect() as two:
        one.until("ready")
        two.until("ready")
        with connect(f"{visitor.site.replace('http', 'ws')}/ws/chat/") as three:
            assert "Too many open connections from this address." in three.recv(timeout=10)
            with pytest.raises(ConnectionClosed) as closed:
                three.recv(timeout=10)
        assert closed.value.rcvd.code == 4429
        two.until("ack", client_id=two.say("still here"))
    free_again()
    with visitor.connect() as chat:
        chat.until("ready")


def test_one_person_has_so_many_connections_and_others_of_the_same_address_theirs(visitor, settings):
    free_again()
    settings.SOCKETS_PER_USER = 1
    other = somebody_else(visitor)
    with visitor.connect() as one, other.connect() as two:
        one.until("ready")
        two.until("ready")
        with visitor.connect() as again:
            assert refused_with(again, "rate_limited")[0] == 4429
        one.until("ack", client_id=one.say("still here"))


def test_who_is_identified_takes_a_place_of_that_person(visitor, settings):
    free_again()
    settings.SOCKETS_PER_USER = 1
    house = Site(Agent.objects.get())
    other = somebody_else(visitor)
    with visitor.connect() as one, other.connect() as two:
        one.until("ready")
        two.until("ready")
        one.until("ack", client_id=one.send("identify", identity=house.vouch()))
        two.until("ack", client_id=two.send("identify", identity=house.vouch()))
        assert refused_with(two, "rate_limited")[0] == 4429
        one.until("ack", client_id=one.say("still here"))


# ── tokens that do not count
@pytest.fixture
def three_failures(monkeypatch):
    redis_client.client().delete("portal-limit:three:127.0.0.1")
    monkeypatch.setattr(visits, "FAILURES", Limit("three", most=3, seconds=60))


def test_guessing_tokens_is_limited_by_address_and_locks_nobody_out(visitor, three_failures):
    codes = []
    for number in range(5):
        with visitor._replace(token=f"vis_{number}").connect() as chat:
            codes.append(chat.closed())
    assert codes == [4401, 4401, 4401, 4429, 4429]
    with visitor.connect() as chat:
        chat.until("ready")


def test_guessing_identities_is_limited_too(visitor, three_failures):
    Site(Agent.objects.get())
    with visitor.connect() as chat:
        chat.until("ready")
        for _ in range(3):
            chat.until("error", client_id=chat.send("identify", identity="eyJ"), code="invalid")
        chat.send("identify", identity="eyJ")
        assert refused_with(chat, "rate_limited")[0] == 4429
    with visitor.connect() as chat:
        chat.until("ready")


def test_without_redis_each_process_counts(visitor, three_failures, monkeypatch, settings):
    monkeypatch.setattr(throttling, "_here", throttling._Here())
    redis_client.client.cache_clear()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    try:
        test_guessing_tokens_is_limited_by_address_and_locks_nobody_out(visitor, three_failures)
    finally:
        redis_client.client.cache_clear()
