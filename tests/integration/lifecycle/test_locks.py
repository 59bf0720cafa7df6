"""One lock order everywhere, so that nothing deadlocks: also with the locks that foreign keys take."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction

from sessions_app.actions import chats, turns
from sessions_app.models import Message, Turn
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 10


class Beside(threading.Thread):
    """Does something at the same time. `join` raises what it raised."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__()
        self.work, self.error = work, None
        self.start()

    def run(self) -> None:
        try:
            self.work()
        except Exception as error:
            self.error = error
        finally:
            connections.close_all()

    def join(self, timeout: float | None = PATIENCE_SECONDS) -> None:
        super().join(timeout)
        if self.error is not None:
            raise self.error


def _waiting() -> int:
    """How many wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


def _until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_program_that_starts_a_session_and_its_user_who_writes_do_not_deadlock():
    agent, ada = cast.agent(), cast.user()
    thread, root = cast.thread(agent, ada), cast.principal(cast.admin())
    user = {"id": ada.external_id, "name": "Ada L."}

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM chat_thread WHERE id = %s FOR UPDATE", [thread.pk])
        program = Beside(lambda: chats.start_for(principal=root, agent=agent, user=user, thread=thread.pk, start={}))
        _until(lambda: _waiting() > 0)
        outcome = cast.say(thread)
    program.join()

    ada.refresh_from_db()
    assert outcome.result == "done"
    assert ada.name == "Ada L."


def test_a_turn_is_claimed_once_by_any_number_of_processes_and_then_the_next(monkeypatch):
    """All of them wait for the row of the first turn, and find it asked, or answered and gone, when they get it."""
    monkeypatch.setattr("sessions_app.actions.turns.nudge", lambda *_args, **_kwargs: None)
    thread = cast.thread(cast.agent(platform="scripted", script=""))
    session = cast.say(thread, "one").session.id
    cast.say(thread, "two")
    claimed: list[Any] = []

    def claim() -> None:
        claimed.append(turns.claim_next(session))

    def hold(work: str) -> list[int]:
        """The `seq` claimed by eight at once that had to wait until `work` was done with the first turn."""
        claimed.clear()
        with transaction.atomic(), connection.cursor() as cursor:
            first = Turn.objects.select_for_update().order_by("seq")[0].pk
            claimers = [Beside(claim) for _ in range(8)]
            _until(lambda: _waiting() >= len(claimers))
            cursor.execute(work, [first])
        for claimer in claimers:
            claimer.join()
        return [Message.objects.get(pk=one.message).seq for one in claimed if one]

    assert hold("UPDATE chat_turn SET asked_at = NULL WHERE message_id = %s") == [1], "one of eight gets it"
    assert hold("UPDATE chat_turn SET tries = 7 WHERE message_id = %s") == [], "it is being asked"
    assert hold("DELETE FROM chat_turn WHERE message_id = %s") == [2], "it is answered: the next one, once"


def test_late_messages_at_once_open_one_session_with_all_of_them_in_it():
    session = cast.chatting(cast.agent())
    cast.pass_time(session.pk, timedelta(hours=2))
    speakers = [Beside(lambda n=n: cast.say(session.thread, f"late {n}", client_id=f"c{n % 5}")) for n in range(20)]
    for speaker in speakers:
        speaker.join()

    old, new = session.thread.sessions.order_by("started_at")
    assert (old.pk, old.end_reason, new.user_turns) == (session.pk, "expired", 5)
    assert list(session.thread.lines.order_by("seq").values_list("seq", flat=True)) == list(range(1, 8))
    assert session.thread.lines.filter(kind="divider").count() == 1
