"""The same key twice at the same time, and processes that die between a deed and its answer (docs/decisions/0014)."""

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections

from portal.lib import ids, threads
from portal.rest import claims, idempotency
from portal.rest.claims import Claim
from portal.rest.keyed import Keyed
from sessions_app.models import ChatSession, Message
from tests.integration.api import bench
from tests.integration.api.bench import (
    PATIENCE_SECONDS,
    START,
    grow_older,
    is_replay,
    send,
    send_bench,
    stage,
)
from tests.integration.api.conftest import refused

MANY = 8


@pytest.fixture(autouse=True)
def _empty_stage() -> None:
    stage.clear()


class Crowd:
    """Calls at the same time, each in a thread of its own."""

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(16)

    def __call__(self, work: Callable[[], Any]) -> "Future[Any]":
        return self.pool.submit(self._then_release, work)

    @staticmethod
    def _then_release(work: Callable[[], Any]) -> Any:
        try:
            return work()
        finally:
            connections.close_all()


@pytest.fixture
def beside(transactional_db: None) -> Iterator[Crowd]:
    crowd = Crowd()
    yield crowd
    stage.go_on.set()
    crowd.pool.shutdown()


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> "list[bool]":
    """Whenever somebody is about to wait: whether they hold a connection."""
    held: list[bool] = []
    release = threads.release_connection

    def note() -> None:
        release()
        held.append(connection.connection is not None)

    monkeypatch.setattr(threads, "release_connection", note)
    return held


def until(there: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def result(future: "Future[Any]") -> Any:
    return future.result(PATIENCE_SECONDS)


Take = Callable[[Keyed], Claim | None]


def together(take: Take) -> Take:
    """Nobody's first try is over before everybody has begun theirs."""
    begun, mine = threading.Barrier(MANY), threading.local()

    def take_together(keyed: Keyed) -> Claim | None:
        if not hasattr(mine, "begun"):
            mine.begun = begun.wait(PATIENCE_SECONDS)
        return take(keyed)

    return take_together


def check_then_insert(insert: Take) -> Take:
    """The way one would write it without thinking: what is not there yet is put there."""
    looked = threading.Barrier(MANY)

    def take(keyed: Keyed) -> Claim | None:
        if claims.find(keyed) is not None:
            return None
        looked.wait(PATIENCE_SECONDS)
        return insert(keyed) or Claim(keyed, ids.uuid7())

    return take


@pytest.mark.parametrize(("way", "times"), [(check_then_insert, MANY), (together, 1)], ids=["naive", "claimed"])
def test_of_many_at_the_same_time_one_is_done(beside, owner, monkeypatch, way, times):
    monkeypatch.setattr(claims, "take", way(claims.take))
    answers = [result(future) for future in [beside(lambda: send(owner)) for _ in range(MANY)]]

    assert ChatSession.objects.count() == times
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == times
    assert sum(not is_replay(answer) for answer in answers) == times


@pytest.mark.urls(bench.__name__)
class TestAtTheSameTime:
    def first(self, beside: Crowd, path: str = "/slow") -> "Future[Any]":
        """One that has begun, and goes on when the stage says so."""
        future = beside(lambda: send_bench(path))
        assert stage.entered.wait(PATIENCE_SECONDS)
        return future

    def test_the_second_waits_for_the_answer_without_a_connection(self, beside, waiting):
        first = self.first(beside)
        second = beside(lambda: send_bench("/slow"))
        until(lambda: waiting)
        stage.go_on.set()

        assert (result(first).content, result(second).content) == (b"1", b"1")
        assert [is_replay(result(first)), is_replay(result(second))] == [False, True]
        assert set(waiting) == {False}

    def test_when_the_first_fails_the_second_is_done(self, beside, waiting):
        first = self.first(beside, "/slow?fail")
        second = beside(lambda: send_bench("/slow?fail"))
        until(lambda: waiting)
        stage.go_on.set()

        assert (result(first).status_code, result(second).status_code) == (500, 201)
        assert is_replay(send_bench("/slow?fail"))

    def test_the_wait_has_an_end_and_says_when_to_come_back(self, beside, monkeypatch):
        monkeypatch.setattr(idempotency, "PATIENCE", 0.0)
        first = self.first(beside)
        second = send_bench("/slow")

        assert (second.status_code, second.json()["code"]) == (503, "unavailable")
        assert int(second.headers["Retry-After"]) > 0
        stage.go_on.set()
        assert result(first).status_code == 201
        assert send_bench("/slow").content == b"1"

    def test_another_body_does_not_wait(self, beside):
        self.first(beside)
        assert send_bench("/slow", b"{}").status_code == 422

    def test_one_that_is_overtaken_keeps_nothing(self, beside):
        """It took so long that it counted as dead, and was not."""
        first = self.first(beside)
        grow_older(claims.DEAD_AFTER)
        assert send_bench("/slow").content == b"2"
        stage.go_on.set()

        assert result(first).content == b"1"
        assert send_bench("/slow").content == b"2"

    def test_nor_does_its_failure_free_the_key(self, beside):
        first = self.first(beside, "/slow?fail")
        grow_older(claims.DEAD_AFTER)
        assert send_bench("/slow?fail").content == b"2"
        stage.go_on.set()

        assert result(first).status_code == 500
        assert send_bench("/slow?fail").content == b"2"

    def test_who_hangs_up_gets_the_answer_at_the_next_try(self, beside, site):
        def call() -> http.client.HTTPConnection:
            line = http.client.HTTPConnection(urlsplit(site).netloc, timeout=PATIENCE_SECONDS)
            line.request("POST", "/api/v1/slow", headers={"Idempotency-Key": "ключ".encode()})
            return line

        line = call()
        assert stage.entered.wait(PATIENCE_SECONDS)
        line.close()
        again = call()
        stage.go_on.set()

        answer = again.getresponse()
        assert (answer.status, answer.headers["Idempotent-Replayed"], answer.read()) == (201, "true", b"1")
        assert stage.done == ["slow"]
        again.close()


# ── a process that dies
def die_before_the_answer_is_kept(monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any]) -> Any:
    with monkeypatch.context() as killed:
        killed.setattr(claims, "keep", lambda *_args, **_more: None)
        return call()


def test_a_dead_claim_is_taken_over_by_one_after_a_minute(beside, owner, monkeypatch):
    """What it had done is done again: the deed and its answer are not one transaction."""
    monkeypatch.setattr(idempotency, "PATIENCE", 0.0)
    die_before_the_answer_is_kept(monkeypatch, lambda: send(owner))
    refused(send(owner), 503, "unavailable")
    grow_older(claims.DEAD_AFTER)
    refused(send(owner, body={**START, "language": "de"}), 422, "invalid")

    monkeypatch.setattr(idempotency, "PATIENCE", float(PATIENCE_SECONDS))
    monkeypatch.setattr(claims, "take", together(claims.take))
    answers = [result(future) for future in [beside(lambda: send(owner)) for _ in range(MANY)]]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert ChatSession.objects.count() == 2


@pytest.mark.django_db
def test_a_message_with_a_client_id_is_one_message_even_then(owner, session, monkeypatch):
    def say() -> Any:
        return send(owner, f"/sessions/{session.pk}/messages", {"text": "once", "client_id": "c-1"})

    first = die_before_the_answer_is_kept(monkeypatch, say)
    grow_older(claims.DEAD_AFTER)
    again = say()
    assert not is_replay(again)
    assert again.body["message"] == first.body["message"]
    assert Message.objects.filter(text="once").count() == 1
