"""R2 and R3: nothing is accepted after the deadline and nothing ends before it, whoever enforces it, whoever waits."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F

from portal.lib import clock
from sessions_app.actions import apply, sweeping
from sessions_app.core.commands import USER, Kind, Say, Sender, Tick
from sessions_app.models import ChatSession, Message, Thread
from tests.faults import crowd, whole
from tests.faults.ledger import Tally
from tests.faults.patience import until
from tests.faults.scene import Guest, ends_in, is_over

SECOND = timedelta(seconds=1)
Speak = Callable[[Guest, str], list[crowd.Deed]]


# ── R2 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_who_asks_the_clock_and_then_waits_for_the_row_takes_a_late_message(scene, ledger):
    guest = scene().guest()
    _over_the_deadline(guest, lambda *said: [crowd.Deed(partial(_naive_say, *said))])
    ledger.broken("R2", "a message waits for a row over the deadline", _late_tally([guest], each=1))


def test_a_message_that_waits_for_a_row_over_the_deadline_is_late(scene, ledger, times):
    shop = scene()
    guests = [shop.guest() for _ in times(2, 30)]
    for guest in guests:
        _over_the_deadline(guest, _by_api_and_socket)
    ledger.kept("R2", "a message waits for a row over the deadline", _late_tally(guests, each=2))
    assert whole.broken(shop.agent) == {}


def test_nothing_is_taken_after_the_deadline_with_nothing_left_but_web_and_database(portal, scene, ledger, times):
    shop = scene()
    for process in portal.background:
        process.kill()
    portal.redis.kill()
    guests = [shop.guest() for _ in times(2, 40)]
    for guest in guests:
        ends_in(guest.session, SECOND)
    for guest in guests:
        until(partial(is_over, guest.session), "the deadline comes")
        crowd.all_succeed(_by_api_and_socket(guest, uuid4().hex))
    ledger.kept("R2", "workers, beat and Redis are gone", _late_tally(guests, each=2))
    assert whole.broken(shop.agent) == {}


def _over_the_deadline(guest: Guest, speak: Speak) -> None:
    """Messages that come in time and wait until it is too late. On a machine so slow that they come too late: again."""
    lead, in_time = SECOND, False
    while not in_time:
        guest.catch_up()
        ends_in(guest.session, lead)
        with crowd.held(crowd.rows_of(guest.session)):
            deeds = speak(guest, uuid4().hex)
            crowd.until_waiting(len(deeds))
            in_time = not is_over(guest.session)
            until(partial(is_over, guest.session), "the deadline comes")
        crowd.all_succeed(deeds)
        lead *= 2


def _by_api_and_socket(guest: Guest, client_id: str) -> list[crowd.Deed]:
    return [
        crowd.Deed(partial(guest.say, "by API", client_id=f"{client_id}-a")),
        crowd.Deed(partial(guest.say_by_socket, "by socket", client_id=f"{client_id}-s")),
    ]


def _naive_say(guest: Guest, client_id: str) -> None:
    """Ask the clock, lock, judge."""
    with transaction.atomic():
        now = clock.now()
        row = ChatSession.objects.select_for_update().get(pk=guest.session.pk)
        assert now < row.ends_at, "too late"
        _write_line(row, at=now, client_id=client_id)


def _write_line(row: ChatSession, **values: object) -> None:
    Thread.objects.filter(pk=row.thread_id).update(last_seq=F("last_seq") + 1)
    seq = Thread.objects.values_list("last_seq", flat=True).get(pk=row.thread_id)
    line = {"sender": "user", "kind": "text", "text": "hello", "language": "en", "interaction": True}
    Message.objects.create(thread_id=row.thread_id, session=row, seq=seq, **line, **values)


def _late_tally(guests: list[Guest], *, each: int) -> Tally:
    """What was said after the deadline of the guest's session stands in one new session, and the old one ended then."""
    said = [
        list(Message.objects.filter(thread=guest.thread, client_id__isnull=False).order_by("-seq")[:each])
        for guest in guests
    ]
    taken = sum(
        line.session_id == guest.session.pk for guest, lines in zip(guests, said, strict=True) for line in lines
    )
    return Tally(
        injected=each * len(guests),
        acknowledged=each * len(guests),
        lost=sum(each - len(lines) for lines in said),
        duplicated=sum(max(0, len({line.session_id for line in lines}) - 1) for lines in said),
        wrong=taken + sum(not _ended_at_its_deadline(guest.session) for guest in guests),
    )


def _ended_at_its_deadline(known: ChatSession) -> bool:
    now = ChatSession.objects.get(pk=known.pk)
    return (now.state, now.end_reason, now.ended_at) == ("ended", "expired", known.ends_at)


# ── R3 ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_sweep_that_goes_by_what_it_has_read_ends_a_session_that_was_touched_meanwhile(scene, ledger):
    shop = scene()
    guests = [shop.guest() for _ in range(5)]
    _touched_before_the_sweep(guests, lambda due: [crowd.Deed(partial(_naive_sweep, due))])
    ledger.broken("R3", "a touch is written while the sweep comes", _touched_tally(guests))


def test_a_touch_a_moment_before_the_sweep_wins(scene, ledger, times):
    shop = scene()
    guests = [shop.guest() for _ in range(5) for _ in times(1, 6)]
    _touched_before_the_sweep(guests, _sweeps)
    ledger.kept("R3", "a touch is written while the sweep comes", _touched_tally(guests))
    assert whole.broken(shop.agent) == {}


def test_a_due_time_that_is_too_early_costs_a_look_and_ends_nothing(scene, ledger, times):
    shop = scene()
    guests = [shop.guest() for _ in range(10)]
    rounds = times(2, 40)
    for _ in rounds:
        ChatSession.objects.filter(agent=shop.agent).update(due_at=clock.now() - SECOND)
        sweeps = [crowd.Deed(sweeping.sweep) for _ in range(3)]
        touches = [crowd.Deed(partial(guest.say, "still here", client_id=uuid4().hex)) for guest in guests]
        crowd.all_succeed(sweeps + touches)
    ledger.kept("R3", "stored due times are too early while messages come", _touched_tally(guests, len(rounds)))
    assert whole.broken(shop.agent) == {}


def _touched_before_the_sweep(guests: list[Guest], enforce: Callable[[list[UUID]], list[crowd.Deed]]) -> None:
    """Their messages come in time, and are committed when the deadline they had is over and everybody wants to end
    them."""
    lead, in_time = SECOND, False
    while not in_time:
        for guest in guests:
            guest.catch_up()
            ends_in(guest.session, lead)
        with transaction.atomic():
            in_time = _touch(guests)
            for guest in guests:
                until(partial(is_over, guest.session), "the deadline comes")
            deeds = enforce([guest.session.pk for guest in guests])
            crowd.until_waiting(1)
        crowd.all_succeed(deeds)
        lead *= 2


def _touch(guests: list[Guest]) -> bool:
    """Whether the messages were taken by the sessions they were meant for."""
    says = [
        Say(session=guest.session.pk, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text="still here")
        for guest in guests
    ]
    return all(outcome.previous is None for outcome in apply(says))


def _sweeps(due: list[UUID]) -> list[crowd.Deed]:
    ticks = [partial(apply, [Tick(session=session)]) for session in due]
    return [crowd.Deed(work) for work in (sweeping.sweep, *ticks, sweeping.sweep)]


def _naive_sweep(due: list[UUID]) -> None:
    """Compare and swap on the state: what was due when it was read is ended."""
    swept = ChatSession.objects.filter(pk__in=due, state__in=["live", "idle"])
    swept.update(state="ended", ended_at=F("ends_at"), end_reason="expired")


def _touched_tally(guests: list[Guest], rounds: int = 1) -> Tally:
    ended = ChatSession.objects.filter(pk__in=[guest.session.pk for guest in guests], state="ended")
    touches = len(guests) * rounds
    return Tally(injected=touches, acknowledged=touches, wrong=ended.count())
