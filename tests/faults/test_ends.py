"""R1: no session ends twice, whatever ends it at the same time."""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import pytest
from django.db import transaction
from django.db.models import F

from portal.lib import clock
from sessions_app.actions import apply, sweeping
from sessions_app.core.commands import BOT, Answer, BotMessage, Tick
from sessions_app.models import ChatSession, Event, Message, Thread
from tests.faults import crowd, whole
from tests.faults.ledger import Tally, total
from tests.faults.patience import LOOK_EVERY, until
from tests.faults.scene import WITH_BOT, Guest, Scene, ends_in, is_over

Deeds = list[Callable[[], Any]]


def test_who_reads_the_state_and_ends_it_then_ends_it_as_often_as_there_are_enders(scene, ledger):
    session = scene().guest().session
    deeds = crowd.together([partial(_naive_end, session.pk)] * 20, at=crowd.rows_of(session), waiting=20)
    ledger.broken("R1", "20 enders at once", _tally(session, deeds))


def test_no_session_ends_twice_whoever_ends_it(scene, ledger, times, monkeypatch):
    shop = _shop(scene, monkeypatch)
    tallies = []
    for _ in times(2, 40):
        guest = shop.guest()
        deeds = crowd.together(_fifty_enders(shop, guest), at=crowd.rows_of(guest.session), waiting=16)
        tallies.append(_tally(guest.session, deeds))
    ledger.kept("R1", "50 enders of all kinds at once", total(tallies))
    assert whole.broken(shop.agent) == {}


def test_who_ends_it_while_its_deadline_comes_finds_it_ended_then(scene, ledger, times, monkeypatch):
    shop = _shop(scene, monkeypatch)
    tallies = []
    for _ in times(1, 20):
        guest = shop.guest()
        enders = _fifty_enders(shop, guest)
        ends_in(guest.session, timedelta(seconds=1))
        with crowd.held(crowd.rows_of(guest.session)):
            deeds = [crowd.Deed(work) for work in enders]
            crowd.until_waiting(16)
            until(partial(is_over, guest.session), "the deadline comes")
        tallies.append(_tally(guest.session, crowd.all_of(deeds)))
        ended = ChatSession.objects.get(pk=guest.session.pk)
        assert (ended.end_reason, ended.ended_at) == ("expired", guest.session.ends_at)
    ledger.kept("R1", "50 enders of all kinds at the deadline", total(tallies))
    assert whole.broken(shop.agent) == {}


def _shop(scene: Callable[..., Scene], monkeypatch: pytest.MonkeyPatch) -> Scene:
    """Its bot says good-bye. The turns that this process commits wait for whoever brings an answer."""
    monkeypatch.setattr("sessions_app.actions.turns.nudge", lambda *_args, **_kwargs: None)
    return scene(**WITH_BOT)


def _fifty_enders(shop: Scene, guest: Guest) -> Deeds:
    """User, owner and admin, clear history, transfer, bot and sweep."""
    end, clear = (f"/sessions/{guest.session.pk}/{deed}" for deed in ("end", "clear-history"))
    turn = Message.objects.get(session=guest.session, sender="user").pk
    return [
        *([partial(guest.caller.post, end)] * 10),
        *([partial(shop.owner.post, end)] * 7),
        *([partial(shop.admin.post, end)] * 7),
        *([partial(guest.caller.post, clear)] * 6),
        *([partial(_transfer, shop, guest.session.pk)] * 6),
        *([partial(_bot_ends, guest.session.pk, turn)] * 6),
        *([partial(apply, [Tick(session=guest.session.pk)])] * 4),
        *([partial(_sweep_until_ended, guest.session.pk)] * 4),
    ]


def _transfer(shop: Scene, session: UUID) -> httpx.Response | None:
    """The one deed that an ended session refuses."""
    answer = shop.admin.post(f"/sessions/{session}/transfer", {"agent": shop.neighbour.slug})
    return answer if answer.is_success or answer.json()["code"] != "session_ended" else None


def _bot_ends(session: UUID, turn: UUID) -> None:
    goodbye = BotMessage(text="Bye!")
    apply([Answer(session=session, actor=BOT, turn=turn, messages=(goodbye,), ends_session=True)])


def _sweep_until_ended(session: UUID) -> None:
    while ChatSession.objects.filter(pk=session, ended_at=None).exists():
        sweeping.sweep()
        time.sleep(LOOK_EVERY)


def _naive_end(session: UUID) -> None:
    """Read, judge, write: each in its turn, and all of it in one transaction."""
    with transaction.atomic():
        row = ChatSession.objects.get(pk=session)
        if row.state == "ended":
            return
        now = clock.now()
        ChatSession.objects.filter(pk=session).update(state="ended", ended_at=now, end_reason="user_ended")
        Event.objects.create(session=row, seq=0, at=now, type="session.ended", actor="user", policy_version=1)
        Thread.objects.filter(pk=row.thread_id).update(last_seq=F("last_seq") + 1)
        seq = Thread.objects.values_list("last_seq", flat=True).get(pk=row.thread_id)
        line = {"sender": "portal", "kind": "divider", "text": "Ended", "language": "en"}
        Message.objects.create(thread_id=row.thread_id, session=row, seq=seq, at=now, **line)


def _ends_told(session: ChatSession, deeds: list[crowd.Deed]) -> set[str]:
    """When it has ended, in the answers to those who asked for it."""
    answers = [deed.result.json() for deed in deeds if isinstance(deed.result, httpx.Response)]
    return {answer["ended_at"] for answer in answers if answer["id"] == str(session.pk)}


def _tally(session: ChatSession, deeds: list[crowd.Deed]) -> Tally:
    """Every ender is told that it has ended; it has once, and one divider at most says so."""
    ends = Event.objects.filter(session=session, type="session.ended").count()
    dividers = Message.objects.filter(session=session, kind="divider").count()
    crowd.all_succeed(deeds)
    return Tally(
        injected=len(deeds),
        acknowledged=len(deeds),
        lost=int(not ends),
        duplicated=max(0, ends - 1, dividers - 1),
        wrong=max(0, len(_ends_told(session, deeds)) - 1),
    )
