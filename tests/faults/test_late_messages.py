"""R4: a late message opens exactly one new session, twenty at once too, and every one of them is in it."""

import contextlib
from datetime import timedelta
from functools import partial
from uuid import uuid4

from django.db import transaction
from django.db.models import F

from portal.lib import clock
from portal.lib.ids import uuid7
from sessions_app.models import ChatSession, Message, Thread
from tests import cast
from tests.faults import crowd, whole
from tests.faults.ledger import Tally, total
from tests.faults.scene import Guest
from tests.integration.chat.client import Client

TWENTY = range(20)
HOURS = timedelta(hours=2)


def test_who_looks_for_an_open_session_and_then_makes_one_loses_messages(scene, ledger):
    guest = scene().guest()
    cast.pass_time(guest.session.pk, HOURS)
    sent = [uuid4().hex for _ in TWENTY]
    works = [partial(_naive_say, guest, client_id) for client_id in sent]
    crowd.together(works, at=crowd.rows_of(guest.session), waiting=20)
    ledger.broken("R4", "20 late messages at once", _tally(guest, sent))


def test_late_messages_at_once_open_one_session_and_all_of_them_are_in_it(scene, ledger, times):
    shop = scene()
    tallies = []
    for _ in times(2, 40):
        guest = shop.guest()
        sent = [uuid4().hex for _ in TWENTY]
        with contextlib.ExitStack() as stack:
            chats = [stack.enter_context(guest.connect()) for _ in sent[::2]]
            cast.pass_time(guest.session.pk, HOURS)
            by_socket = [partial(_say_and_be_told, chat, id) for chat, id in zip(chats, sent[::2], strict=True)]
            by_api = [partial(guest.say, "late", client_id=id) for id in sent[1::2]]
            deeds = crowd.together(by_socket + by_api, at=crowd.rows_of(guest.session))
            crowd.all_succeed(deeds)
            _all_see_all(guest, chats)
        tallies.append(_tally(guest, sent))
    ledger.kept("R4", "20 late messages at once", total(tallies))
    assert whole.broken(shop.agent) == {}


def _say_and_be_told(chat: Client, client_id: str) -> None:
    chat.say("late", client_id=client_id)
    chat.until("ack", client_id=client_id)


def _all_see_all(guest: Guest, chats: list[Client]) -> None:
    guest.thread.refresh_from_db()
    for chat in chats:
        if all(frame.get("seq") != guest.thread.last_seq or frame["type"] != "message" for frame in chat.frames):
            chat.until("message", seq=guest.thread.last_seq)


def _naive_say(guest: Guest, client_id: str) -> None:
    """Look for an open session; where there is none, end the one that is over and make another."""
    with transaction.atomic():
        last = guest.thread.sessions.order_by("-started_at")[0]
        if last.state == "ended" or clock.now() >= last.ends_at:
            over = {"state": "ended", "ended_at": last.ended_at or last.ends_at, "end_reason": "expired"}
            ChatSession.objects.filter(pk=last.pk).update(**over)
            last.pk, last.started_at, last.state, last.ended_at, last.end_reason = (
                uuid7(),
                clock.now(),
                "live",
                None,
                None,
            )
            last.save(force_insert=True)
        Thread.objects.filter(pk=guest.thread.pk).update(last_seq=F("last_seq") + 1)
        seq = Thread.objects.values_list("last_seq", flat=True).get(pk=guest.thread.pk)
        line = {"sender": "user", "kind": "text", "text": "late", "language": "en", "client_id": client_id}
        Message.objects.create(thread=guest.thread, session=last, seq=seq, at=clock.now(), **line)


def _tally(guest: Guest, sent: list[str]) -> Tally:
    """All that was sent is in the one session that came after the old one."""
    there = Message.objects.filter(thread=guest.thread, client_id__in=sent).values_list("session", flat=True)
    new = guest.thread.sessions.exclude(pk=guest.session.pk).count()
    return Tally(
        injected=len(sent),
        acknowledged=len(sent),
        lost=len(sent) - len(there),
        duplicated=max(0, new - 1),
        wrong=sum(session == guest.session.pk for session in there),
    )
