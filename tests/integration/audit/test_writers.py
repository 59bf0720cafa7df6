"""Writers do not wait for each other, and the chain takes in what they have committed, once, without a fork."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction

from portal.audit import actions as audit
from portal.audit.actions import sealing
from portal.audit.models import Entry, Link
from tests.integration.audit.log import record

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 60
WRITERS, DEEDS = 6, 15


def alone(work: Callable[[], object]) -> Callable[[], object]:
    """On a thread, which gives its connection back."""

    def run() -> object:
        try:
            return work()
        finally:
            connections.close_all()

    return run


def chain() -> list[tuple[int, int]]:
    return list(Link.objects.filter(seq__isnull=False).order_by("seq").values_list("seq", "entry_id"))


def test_writers_and_sealers_at_the_same_time_make_one_chain_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "BATCH", 7)
    written = threading.Event()

    def write() -> None:
        for number in range(DEEDS):
            with transaction.atomic():
                record(2)
                if number % 5 == 4:
                    transaction.set_rollback(True)

    def seal() -> None:
        while not written.is_set():
            audit.seal()

    with ThreadPoolExecutor(WRITERS + 3) as threads:
        sealers = [threads.submit(alone(seal)) for _ in range(3)]
        try:
            for writer in [threads.submit(alone(write)) for _ in range(WRITERS)]:
                writer.result(PATIENCE_SECONDS)
        finally:
            written.set()
        for sealer in sealers:
            sealer.result(PATIENCE_SECONDS)
    report = audit.verify()
    kept = WRITERS * DEEDS * 2 * 4 // 5
    assert (report.fault, report.links, Entry.objects.count()) == (None, kept, kept)
    assert [seq for seq, _ in chain()] == list(range(1, kept + 1))
    assert len({entry for _, entry in chain()}) == kept


def test_what_is_committed_late_comes_late_and_is_not_left_out() -> None:
    """The lower id is committed after the higher one was sealed."""
    recorded, commit = threading.Event(), threading.Event()

    def slowly() -> int:
        with transaction.atomic():
            (entry,) = record()
            recorded.set()
            assert commit.wait(PATIENCE_SECONDS)
        return entry.pk

    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(alone(slowly))
        try:
            assert recorded.wait(PATIENCE_SECONDS)
            (quick,) = record()
            assert audit.seal() == 1
            assert audit.verify().fault is None, "what nobody sees yet is not missed"
        finally:
            commit.set()
        late = slow.result(PATIENCE_SECONDS)
    assert late < quick.pk
    assert audit.seal() == 1
    assert chain() == [(1, quick.pk), (2, late)]
    assert audit.verify().fault is None


def test_writing_waits_for_no_sealer() -> None:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [sealing._SEALING])
        with ThreadPoolExecutor(1) as threads:
            threads.submit(alone(record)).result(PATIENCE_SECONDS)
    assert audit.seal() == 1
