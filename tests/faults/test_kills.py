"""R6: whatever is killed under load, what was acknowledged is there once, nothing is half-changed, all of it is done.

The clients are as docs/chat-protocol.md wants them: what was not acknowledged is said again, with the same client id.
"""

import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from uuid import UUID

import psycopg
import pytest
from django.db import connections
from django.db.models import F

from portal.agents.models import Agent
from sessions_app.models import ChatSession, Message, Turn
from tests import cast
from tests.faults import whole
from tests.faults.ledger import Ledger, Tally
from tests.faults.patience import until
from tests.faults.portal_copy import Copy
from tests.faults.scene import WITH_BOT, Guest
from tests.faults.writers import Acknowledged, ByApi, BySocket, Writer, busy, meddle_until

HOURS = timedelta(hours=2)
SOME = (5, 30)  # messages
LINE = """
    INSERT INTO chat_message (id, thread_id, session_id, seq, at, sender, kind, text, event, language, held, after_end,
        interaction)
    SELECT gen_random_uuid(), %(thread)s, %(session)s, max(seq) + 1, clock_timestamp(), 'user', 'text', %(text)s, '',
        'en', false, false, true
    FROM chat_message WHERE thread_id = %(thread)s
"""


def test_who_acknowledges_before_the_commit_loses_and_who_has_no_client_id_says_it_twice(portal, scene, ledger):
    guest, other_guest = scene().guest(), scene().guest()
    early = psycopg.connect(portal.postgres.url)
    _naive_line(early, guest, "acknowledged before the commit")
    with psycopg.connect(portal.postgres.url) as unheard:
        _naive_line(unheard, other_guest, "committed, and nobody heard the answer")
    _crash(portal)
    with pytest.raises(psycopg.OperationalError):
        early.commit()
    with psycopg.connect(portal.postgres.url) as again:
        _naive_line(again, other_guest, "committed, and nobody heard the answer")
    there = list(Message.objects.filter(text__contains="commit").values_list("text", flat=True))
    lost = int("acknowledged before the commit" not in there)
    ledger.broken("R6", "PostgreSQL stopped at once", Tally(injected=1, acknowledged=2, lost=lost, duplicated=1))
    assert (lost, len(there)) == (1, 2)


def test_whatever_is_killed_under_load_each_acknowledged_message_is_there_once(whole_portal, scene, ledger, times):
    back_end, bot = scene(), scene(**WITH_BOT)
    kept: list[Acknowledged] = []
    writers: list[Writer] = [
        *(ByApi(back_end.guest(), kept) for _ in range(3)),
        *(BySocket(back_end.guest(), kept) for _ in range(3)),
        *(BySocket(bot.guest(), kept) for _ in range(2)),
    ]
    faults = _in_any_order(len(times(1, 12)))
    marks, due = [0], {}
    with busy(writers, partial(meddle_until, shop=back_end)):
        for fault in faults:
            due |= dict(_overdue(back_end.guest()) for _ in range(5))
            _some_more(kept)
            (KILLS | AT_LENGTH)[fault](whole_portal)
            whole_portal.ensure(*whole_portal.webs, *whole_portal.background)
            _some_more(kept)
            marks.append(len(kept))
    _all_is_done(due, bot.agent)
    _note(ledger, faults, kept, marks)
    assert whole.broken(back_end.agent) == {}
    assert whole.broken(bot.agent) == {}


# ── the kills ────────────────────────────────────────────────────────────────────────────────────────────────────────
def _crash(portal: Copy) -> None:
    portal.postgres.crash()
    portal.postgres.start()
    connections.close_all()


def _kill_postmaster(portal: Copy) -> None:
    portal.postgres.kill()
    portal.postgres.start()
    connections.close_all()


def _kill_web(portal: Copy) -> None:
    random.choice(portal.webs).kill()


def _kill_background(portal: Copy) -> None:
    for process in portal.background:
        process.kill()


def _kill_all(portal: Copy) -> None:
    """As when the machine is switched off; only that what was written to the disk is all there."""
    for process in [*portal.webs, *portal.background]:
        process.kill()
    _kill_postmaster(portal)


KILLS: dict[str, Callable[[Copy], None]] = {
    "kill -9 of a web process": _kill_web,
    "kill -9 of worker, sweeper and beat": _kill_background,
    "PostgreSQL stopped at once": _crash,
    "kill -9 of PostgreSQL": _kill_postmaster,
}
AT_LENGTH = {"kill -9 of everything": _kill_all}  # all those processes take their time to start


def _in_any_order(rounds: int) -> list[str]:
    faults = list(KILLS if rounds == 1 else KILLS | AT_LENGTH)
    return [fault for _ in range(rounds) for fault in random.sample(faults, len(faults))]


def _some_more(kept: list[Acknowledged]) -> None:
    """At any moment: after some more messages."""
    wanted = len(kept) + random.randint(*SOME)
    until(lambda: len(kept) >= wanted, "more messages are acknowledged")


# ── what is there afterwards ─────────────────────────────────────────────────────────────────────────────────────────
def _overdue(guest: Guest) -> tuple[UUID, datetime]:
    """A session whose deadline is over, with that deadline."""
    cast.pass_time(guest.session.pk, HOURS)
    return guest.session.pk, guest.session.ends_at - HOURS


def _all_is_done(due: dict[UUID, datetime], bot: Agent) -> None:
    """What was due has ended when it was, and every turn has its answer: we let the minute pass after which that of a
    dead process is asked again."""
    ended = ChatSession.objects.filter(pk__in=due, state="ended")
    until(lambda: ended.count() == len(due), "the sessions that were due have ended")
    assert dict(ended.values_list("pk", "ended_at")) == due
    turns = Turn.objects.filter(session__agent=bot)
    turns.update(asked_at=F("asked_at") - timedelta(minutes=2))
    until(lambda: not turns.exists(), "every turn is answered")
    asked = Message.objects.filter(session__agent=bot, interaction=True)
    assert Message.objects.filter(answers__in=asked.values("pk")).count() == asked.count()


def _note(ledger: Ledger, faults: list[str], kept: list[Acknowledged], marks: list[int]) -> None:
    """One entry for each kind of fault, with what was acknowledged around it."""
    lines = Message.objects.filter(client_id__in=[said.client_id for said in kept]).values_list("client_id", "pk")
    there = Counter((client_id, str(id)) for client_id, id in lines)
    around = [kept[begin:end] for begin, end in pairwise([*marks[:-1], len(kept)])]
    for fault in dict.fromkeys(faults):
        slices = [slice for name, slice in zip(faults, around, strict=True) if name == fault]
        said = [there[one] for slice in slices for one in slice]
        lost, duplicated = sum(not number for number in said), sum(number > 1 for number in said)
        tally = Tally(injected=len(slices), acknowledged=len(said), lost=lost, duplicated=duplicated)
        ledger.kept("R6", fault, tally)


def _naive_line(connection: psycopg.Connection, guest: Guest, text: str) -> None:
    connection.execute(LINE, {"thread": guest.thread.pk, "session": guest.session.pk, "text": text})
