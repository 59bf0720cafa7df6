"""R16: a thread's lines are numbered without a gap, and who comes back fifty times sees each of them once."""

import itertools
import random
import threading
from functools import partial
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.db.models import Max

from portal.lib import clock
from sessions_app.models import Message, Thread
from tests.faults import crowd, whole
from tests.faults.ledger import Tally
from tests.faults.scene import Guest, Scene, cut

RECONNECTIONS = 50


# ── the numbers ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_takes_the_highest_number_and_adds_one_gives_it_to_many(scene, ledger):
    guest = scene().guest()
    sent = [uuid4().hex for _ in range(20)]
    works = [partial(_naive_write, guest, client_id) for client_id in sent]
    crowd.together(works, at=crowd.rows_of(guest.session), waiting=20)
    ledger.broken("R16", "20 lines at once", _numbered(guest, sent))


def test_lines_of_user_bot_and_human_at_once_are_numbered_without_a_gap(scene, ledger, times):
    shop = scene()
    guest = shop.guest()
    sent: list[str] = []
    for _ in times(2, 40):
        ids = [uuid4().hex for _ in range(30)]
        works = [partial(_write, shop, guest, place, client_id) for place, client_id in enumerate(ids)]
        deeds = crowd.together(works, at=crowd.rows_of(guest.session))
        crowd.all_succeed(deeds)
        sent += ids
    ledger.kept("R16", "30 lines at once, of user, bot and human", _numbered(guest, sent))
    assert whole.broken(shop.agent) == {}


def _write(shop: Scene, guest: Guest, place: int, client_id: str) -> Any:
    said_by = ("user", "bot", "human")[place % 3]
    if said_by == "user" and place % 2:
        return guest.say_by_socket("by socket", client_id=client_id)
    line = {"kind": "text", "text": "by API", "from": said_by, "client_id": client_id}
    return shop.owner.post(f"/sessions/{guest.session.pk}/messages", line)


def _naive_write(guest: Guest, client_id: str) -> None:
    """The highest number there is, and one more."""
    with transaction.atomic():
        highest = Message.objects.filter(thread=guest.thread).aggregate(highest=Max("seq"))["highest"]
        line = {"sender": "user", "kind": "text", "text": "hello", "language": "en", "client_id": client_id}
        Message.objects.create(thread=guest.thread, session=guest.session, seq=highest + 1, at=clock.now(), **line)


def _numbered(guest: Guest, sent: list[str]) -> Tally:
    numbers = list(Message.objects.filter(thread=guest.thread).order_by("seq").values_list("seq", flat=True))
    there = Message.objects.filter(thread=guest.thread, client_id__in=sent).count()
    return Tally(
        injected=len(sent),
        acknowledged=len(sent),
        lost=len(sent) - there,
        duplicated=len(numbers) - len(set(numbers)),
        wrong=sum(number != place for place, number in enumerate(numbers, 1)),
    )


# ── the reader ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_comes_back_with_the_time_of_the_last_line_misses_one_that_was_committed_late(scene, ledger):
    guest = scene().guest()
    seen: list[Message] = list(guest.thread.lines.all())
    with transaction.atomic():
        _line_at(guest, seq=2)
        crowd.Deed(partial(_line_at, guest, seq=3)).finish()
        crowd.Deed(partial(_naive_read, guest, seen)).finish()
    _naive_read(guest, seen)
    written = guest.thread.lines.count()
    ledger.broken("R16", "a reader comes back while lines come", _seen_once([line.seq for line in seen], written, 2))


def test_a_client_that_comes_back_fifty_times_while_lines_come_sees_each_of_them_once(scene, ledger, times):
    shop = scene()
    for _ in times(1, 10):
        guest, enough = shop.guest(), threading.Event()
        writers = [crowd.Deed(partial(_write_until, enough, shop, guest.thread)) for _ in range(3)]
        try:
            seen = _read_and_leave(guest)
        finally:
            enough.set()
        crowd.all_succeed(writers)
        guest.thread.refresh_from_db()
        with guest.connect(after=_last(seen)) as chat:
            _show(seen, chat.until("ready")["messages"])
        ledger.kept("R16", "a client comes back 50 times while lines come", _seen_once(seen, guest.thread.last_seq, 50))
    assert whole.broken(shop.agent) == {}


def _write_until(enough: threading.Event, shop: Scene, thread: Thread) -> None:
    """Lines of all kinds: now and then a session ends, with a divider, and the next message opens another."""
    for number in itertools.count(1):
        if enough.is_set():
            return
        session = thread.sessions.order_by("-started_at", "-id")[0].pk
        line = {"kind": "text", "text": str(number), "from": random.choice(("user", "bot", "human"))}
        deed, body = ("end", {}) if number % 10 == 0 else ("messages", line)
        shop.owner.post(f"/sessions/{session}/{deed}", body).raise_for_status()


def _read_and_leave(guest: Guest) -> list[int]:
    """The numbers it has shown to its user: of what it is told when it connects, and of what comes until it leaves."""
    seen: list[int] = []
    for visit in range(RECONNECTIONS):
        with guest.connect(after=_last(seen)) as chat:
            _show(seen, chat.until("ready")["messages"])
            for _ in range(visit % 3):
                chat.until("message")
            _show(seen, [frame for frame in chat.frames if frame["type"] in ("message", "divider")])
            cut(chat)
    return seen


def _show(seen: list[int], lines: list[dict[str, Any]]) -> None:
    """As docs/chat-protocol.md has it: what is at or below the last number is known already."""
    for line in lines:
        if line["seq"] > _last(seen):
            seen.append(line["seq"])


def _last(seen: list[int]) -> int:
    return seen[-1] if seen else 0


def _line_at(guest: Guest, *, seq: int) -> None:
    line = {"sender": "user", "kind": "text", "text": "hello", "language": "en"}
    Message.objects.create(thread=guest.thread, session=guest.session, seq=seq, at=clock.now(), **line)


def _naive_read(guest: Guest, seen: list[Message]) -> None:
    """What is newer than the last line there was."""
    seen += guest.thread.lines.filter(at__gt=seen[-1].at).order_by("at")


def _seen_once(seen: list[int], written: int, visits: int) -> Tally:
    return Tally(
        injected=visits,
        acknowledged=written,
        lost=len(set(range(1, written + 1)) - set(seen)),
        duplicated=len(seen) - len(set(seen)),
        wrong=int(seen != sorted(seen)),
    )
