"""Every frame that a client may send × who sends it × whose it is about: a frame without a row fails (5-promises.md,
"Security")."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import pytest

from portal import routing
from portal.lib import redis_client
from sessions_app.consumers import chat, live
from sessions_app.models import ChatSession, Message
from tests.integration.matrix import chats, watchers
from tests.integration.matrix.chats import AT_HOME, STRANGERS, Comer, House
from tests.integration.matrix.ledger import Cell, Matrix

pytestmark = pytest.mark.django_db(transaction=True)

# What there is: `hello` comes before all deeds.
FRAMES = {"/ws/chat/": {"hello", *chat.DEEDS}, "/ws/sessions/": set(live.NOTES)}
# Of a chat: what a visitor hears of their own, and of what is another's. Whoever is at home here hears the same.
CHAT: dict[str, tuple[str, str]] = {
    "hello": ("ready", "4404"),
    "open": ("ack", "4404"),
    "message": ("ack", "not_found"),  # to another's thread
    "typing": ("nothing", "4404"),  # and nobody is told
    "pause": ("ack", "4404"),
    "resume": ("ack", "4404"),
    "extend": ("ack", "4404"),
    "transfer": ("ack", "transfer_impossible"),  # to an agent that is not offered
    "end": ("ack", "4404"),
    "clear_history": ("ack", "4404"),
    "set_language": ("ack", "4404"),
    "new_chat": ("ack", "4404"),
    "identify": ("ack", "invalid"),  # as another agent's site signs
    "log_out": ("ack", "4404"),
}
Fields = Callable[[House], dict[str, Any]]
SAID: dict[str, Fields] = {
    "message": lambda _: {"kind": "text", "text": "hello"},
    "transfer": lambda _: {"agent": "billing"},
    "set_language": lambda _: {"language": "de"},
    "identify": lambda house: {"identity": house.signs.vouch()},
}
# Those that name by themselves what is another's. For the others the whole connection is about another's thread.
OF_ANOTHER: dict[str, Fields] = {
    "message": lambda house: {"kind": "text", "text": "hello", "thread": str(house.other.thread_id)},
    "transfer": lambda _: {"agent": "helpdesk"},
    "identify": lambda house: {"identity": house.other_site_signs.vouch()},
}


@pytest.fixture(autouse=True)
def _all_limits() -> None:
    redis_client.client().flushdb()


@pytest.fixture
def house(site: str) -> House:
    return chats.house(site)


def test_every_socket_is_here():
    assert {f"/{socket.pattern}" for socket in routing.sessions_app.routing.sockets} == set(FRAMES)


def test_every_frame_of_a_chat_has_its_row():
    assert set(CHAT) == FRAMES["/ws/chat/"]


@pytest.mark.parametrize("frame", CHAT)
def test_each_hears_what_is_theirs(house: House, matrix: Matrix, frame: str) -> None:
    before = _facts(house)
    expected = dict(_expected(frame))
    got = {(comer, whose): _got(house, frame, comer, whose) for comer, whose in expected}
    matrix.hold("frames", f"/ws/chat/ {frame}", got=got, expected=expected)
    assert _facts(house) == before, "what is another's was left alone"


def _expected(frame: str) -> Iterator[tuple[Cell, str]]:
    for place, whose in enumerate(("own", "other")):
        yield from (((comer, whose), CHAT[frame][place]) for comer in AT_HOME)
        yield from (((comer, whose), code) for comer, (code, _) in STRANGERS.items())


def _got(house: House, frame: str, name: str, whose: str) -> str:
    comer = AT_HOME[name](house) if name in AT_HOME else STRANGERS[name][1](house)
    fields = (OF_ANOTHER if whose == "other" else SAID).get(frame, SAID.get(frame, lambda _: {}))
    return chats.answer(house, comer, frame, fields(house), thread=_thread(house, frame, whose, comer))


def _thread(house: House, frame: str, whose: str, comer: Comer) -> UUID | None:
    another = whose == "other" and frame not in OF_ANOTHER and comer.token is not None
    return house.other.thread_id if another else None


def _facts(house: House) -> tuple[list[Any], int]:
    thread = house.other.thread_id
    sessions = ChatSession.objects.filter(thread=thread).values_list("pk", "row_version", "user")
    return list(sessions), Message.objects.filter(thread=thread).count()


# ── the sessions pages: of whose sessions each is told on the page of the shop, of the help desk, of all agents
NOBODY, NOT_STAFF = ("4401", "4401", "4401"), ("4404", "4404", "4403")
PAGES: dict[str, tuple[str, str, str]] = {
    **dict.fromkeys(("nobody", "garbage", "visitor", "token", "switched off", "signed out"), NOBODY),
    "user": NOT_STAFF,
    "translator": ("4403", "4404", "4403"),
    "owner": ("shop", "4404", "shop"),
    "other owner": ("4404", "helpdesk", "helpdesk"),
    "admin": ("shop", "helpdesk", "shop helpdesk"),
}
WATCHING = ("watch", "refresh", "forget")


def test_every_frame_of_a_page_is_tried():
    assert set(WATCHING) == FRAMES["/ws/sessions/"]
    assert set(PAGES) == set(watchers.COMERS)


@pytest.mark.parametrize("frame", WATCHING)
def test_each_is_told_of_what_is_theirs(site: str, matrix: Matrix, frame: str) -> None:
    office = watchers.office(site)
    expected, got = {}, {}
    for comer, headers in watchers.COMERS.items():
        shown = headers(office)
        for slug, whose, answer in zip(("shop", "helpdesk", None), ("own", "other", "all"), PAGES[comer], strict=True):
            expected[comer, whose] = answer
            got[comer, whose] = watchers.told(office, shown, frame, slug)
    matrix.hold("frames", f"/ws/sessions/ {frame}", got=got, expected=expected)
