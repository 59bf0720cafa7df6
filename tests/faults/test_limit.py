"""R5: one user never has more open sessions with one agent than its policy allows, on whatever path they come."""

import contextlib
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Self

import httpx
import pytest
from django.db import transaction
from django.db.models import Q

from portal.agents.models import Agent
from portal.lib import clock
from portal.lib.ids import uuid7
from sessions_app.models import ChatSession, ChatUser, Thread
from tests import cast
from tests.faults import crowd, whole
from tests.faults.ledger import Tally, total
from tests.faults.scene import Guest, Scene, answer_to, cut
from tests.integration.chat.client import Client

LIMIT, RIVALS = 5, 50
LIMITED = {"max_concurrent_per_user": LIMIT}
HOURS = timedelta(hours=2)
REFUSED = ("session_limit_reached", "transfer_impossible")


def test_who_counts_and_then_starts_starts_as_many_as_there_are_rivals(scene, ledger):
    session = scene(policy=LIMITED).guest().session
    works = [partial(_naive_start, session)] * RIVALS
    crowd.together(works, at=[("chat_user", session.user_id)], waiting=RIVALS)
    taken = _places_taken(session.user, session.agent)
    ledger.broken("R5", "50 starts at once", Tally(injected=RIVALS, acknowledged=taken - 1, wrong=taken - LIMIT))


@pytest.mark.parametrize("path", ["starts", "late messages", "transfers", "rivals on all three paths"])
def test_the_limit_holds_under_fifty_at_once_and_every_place_is_taken(scene, ledger, times, path):
    shop = scene()
    tallies = []
    for _ in times(1, 20):
        guest = shop.guest()
        with contextlib.ExitStack() as stack:
            tallies.append(_raced(shop, guest, PATHS[path](shop, guest, stack)))
    ledger.kept("R5", f"50 {path} at once", total(tallies))
    assert whole.broken(shop.agent, shop.neighbour) == {}


def test_who_makes_room_by_ending_the_longest_idle_keeps_to_the_limit_all_the_time(scene, ledger, times):
    shop = scene(policy=LIMITED | {"when_full": "end_longest_idle"})
    for _ in times(1, 10):
        guest = shop.guest()
        race = _starts(shop, guest, RIVALS)
        deeds = crowd.together(race.works, at=[("chat_user", guest.thread.user_id)])
        over = _most_at_once(guest.thread.user) - LIMIT
        tally = Tally(injected=RIVALS, acknowledged=_accepted(deeds), wrong=max(0, over))
        ledger.kept("R5", "50 starts that displace at once", tally)
    assert whole.broken(shop.agent, shop.neighbour) == {}


def _naive_start(session: ChatSession) -> None:
    with transaction.atomic():
        if _places_taken(session.user, session.agent) >= LIMIT:
            return
        thread = Thread.objects.create(agent_id=session.agent_id, user_id=session.user_id)
        new = ChatSession.objects.get(pk=session.pk)
        new.pk, new.thread, new.started_at = uuid7(), thread, clock.now()
        new.save(force_insert=True)


# ── the paths ────────────────────────────────────────────────────────────────────────────────────────────────────────
@dataclass
class Race:
    """What is done at once, each giving whether it was accepted; the threads it needs, and those of them whose session
    is over by then, without anybody having ended it."""

    works: list[Callable[[], bool]]
    threads: list[Thread] = field(default_factory=list)
    overdue: list[ChatSession] = field(default_factory=list)

    def __add__(self, other: "Race") -> Self:
        return type(self)(self.works + other.works, self.threads + other.threads, self.overdue + other.overdue)


def _starts(shop: Scene, guest: Guest, number: int) -> Race:
    """By a back end, each in a thread of its own."""
    body = {"agent": shop.agent.slug, "user": {"id": guest.thread.user.external_id}}
    return Race([partial(_by_api, partial(shop.owner.post, "/sessions", body))] * number)


def _late_messages(shop: Scene, guest: Guest, number: int, stack: contextlib.ExitStack) -> Race:
    """Of the user, by API and by socket, in old threads."""
    there = [shop.in_another_thread(guest) for _ in range(number)]
    by_api = [partial(_by_api, partial(chat.say, "late")) for chat in there[::2]]
    by_socket = [partial(_by_socket, _connected(chat, stack), chat.thread) for chat in there[1::2]]
    return Race([*by_api, *by_socket], [chat.thread for chat in there], [chat.session for chat in there])


def _transfers(shop: Scene, guest: Guest, number: int) -> Race:
    """By an admin, from an agent where the user has as many sessions as they like."""
    sessions = [cast.chatting(shop.neighbour, guest.thread.user) for _ in range(number)]
    deeds = [partial(shop.admin.post, f"/sessions/{one.pk}/transfer", {"agent": shop.agent.slug}) for one in sessions]
    return Race([partial(_by_api, deed) for deed in deeds], [one.thread for one in sessions])


PATHS: dict[str, Callable[[Scene, Guest, contextlib.ExitStack], Race]] = {
    "starts": lambda shop, guest, _stack: _starts(shop, guest, RIVALS),
    "late messages": lambda shop, guest, stack: _late_messages(shop, guest, RIVALS, stack),
    "transfers": lambda shop, guest, _stack: _transfers(shop, guest, RIVALS),
    "rivals on all three paths": lambda shop, guest, stack: (
        _starts(shop, guest, 16) + _late_messages(shop, guest, 18, stack) + _transfers(shop, guest, 16)
    ),
}


def _by_api(deed: Callable[[], httpx.Response]) -> bool:
    answer = deed()
    assert answer.is_success or answer.json()["code"] in REFUSED, answer.text
    return answer.is_success


def _connected(guest: Guest, stack: contextlib.ExitStack) -> Client:
    chat = guest.connect()
    stack.callback(cut, chat)
    return chat.__enter__()


def _by_socket(chat: Client, thread: Thread) -> bool:
    """To its thread by name: what a connection shows is the user's latest."""
    answer = answer_to(chat, chat.say("late", thread=str(thread.pk)))
    assert answer["type"] == "ack" or answer["code"] in REFUSED, answer
    return bool(answer["type"] == "ack")


# ── the race ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def _raced(shop: Scene, guest: Guest, race: Race) -> Tally:
    """The limit comes when everybody is there, one place is taken already, and nobody goes before all may go."""
    shop.owner.put(f"/agents/{shop.agent.slug}/session-policy", LIMITED).raise_for_status()
    rows = [("chat_user", guest.thread.user_id), *(("chat_thread", thread.pk) for thread in race.threads)]
    with crowd.held(rows):
        crowd.Deed(partial(_let_pass, race.overdue)).finish()
        deeds = [crowd.Deed(work) for work in race.works]
        crowd.until_waiting(crowd.BATCHES)
    accepted = _accepted(crowd.all_of(deeds))
    shop.owner.put(f"/agents/{shop.agent.slug}/session-policy", {"max_concurrent_per_user": None}).raise_for_status()
    taken = _places_taken(guest.thread.user, shop.agent)
    too_many, refused_in_vain = max(0, taken - LIMIT), max(0, LIMIT - taken)
    assert accepted == taken - 1
    return Tally(injected=len(race.works), acknowledged=accepted, lost=refused_in_vain, wrong=too_many)


def _let_pass(sessions: list[ChatSession]) -> None:
    for session in sessions:
        cast.pass_time(session.pk, HOURS)


def _accepted(deeds: list[crowd.Deed]) -> int:
    assert [deed.error for deed in deeds if deed.error] == []
    return sum(deed.result for deed in deeds)


def _places_taken(user: ChatUser, agent: Agent) -> int:
    here = Q(agent=agent) & ~Q(state="ended")
    return ChatSession.objects.filter(here | Q(pending_to=agent), user=user).count()


def _most_at_once(user: ChatUser) -> int:
    """How many sessions of the user were open at one instant, at most."""
    spans = ChatSession.objects.filter(user=user).values_list("started_at", "ended_at")
    steps = sorted(step for start, end in spans for step in ((start, 1), *(((end, -1),) if end else ())))
    return max(itertools.accumulate(step for _, step in steps))
