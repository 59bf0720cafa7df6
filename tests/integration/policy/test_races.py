"""A policy that is saved while people chat, and by two people at once."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.models import F, Q

from portal.accounts.models import Account
from portal.agents.models import Agent
from sessions_app.actions import Outcome, apply, policies, sweeping
from sessions_app.core.commands import USER, Command, End, Extend, Kind, Pause, Resume, Say, Sender, Start
from sessions_app.core.facts import EndReason
from sessions_app.core.policy import Reach
from sessions_app.models import ChatSession, Message, PolicyVersion, Thread
from tests import cast
from tests.integration.api.conftest import Program, program, refused
from tests.integration.lifecycle.test_locks import Beside
from tests.integration.policy.conftest import MINUTE, PATH

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_SECONDS = 60
THREADS = 8
DEEDS = 5  # of each, before the version is saved and after


def until(there: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not there():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def waiting() -> int:
    """How many wait for a lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


class Busy:
    """Somebody who does one thing after the other in three chats until told to stop. Keeps what was acknowledged."""

    def __init__(self, number: int, chats: list[Thread], stop: threading.Event) -> None:
        self.random, self.number, self.chats, self.stop = Random(number), number, chats, stop
        self.deeds = 0
        self.said: set[str] = set()

    def work(self) -> None:
        while not self.stop.is_set():
            thread = self.random.choice(self.chats)
            command = self.random.choice([self._say, self._say, _start, _pause, _resume, _extend, _end])(thread.pk)
            (outcome,) = apply([command])
            self._note(command, outcome)
            self.deeds += 1

    def _say(self, thread: UUID) -> Command:
        client_id = f"{self.number}-{self.deeds}"
        return Say(thread=thread, actor=USER, sender=Sender.USER, kind=Kind.TEXT, text=client_id, client_id=client_id)

    def _note(self, command: Command, outcome: Outcome) -> None:
        if isinstance(command, Say):
            assert outcome.message is not None, outcome.result
            self.said.add(command.text)


def _start(thread: UUID) -> Command:
    return Start(thread=thread, actor=USER)


def _pause(thread: UUID) -> Command:
    return Pause(thread=thread, actor=USER)


def _resume(thread: UUID) -> Command:
    return Resume(thread=thread, actor=USER)


def _extend(thread: UUID) -> Command:
    return Extend(thread=thread, actor=USER)


def _end(thread: UUID) -> Command:
    return End(thread=thread, actor=USER, end_reason=EndReason.USER_ENDED)


def test_versions_saved_while_eight_are_at_work_reach_every_session_and_no_message_is_lost(
    olga: Account, shop: Agent
) -> None:
    stop = threading.Event()
    chats = [cast.thread(shop, cast.user(f"user-{number}")) for number in range(2 * THREADS)]
    for thread in chats:
        cast.pass_time(cast.start(thread).pk, 20 * MINUTE)  # some have no time left under the next version
    busy = [Busy(number, chats[number:] + chats[:number], stop) for number in range(THREADS)]
    at_work = [Beside(one.work) for one in busy]
    try:
        for minutes in (10, 45, 15):
            done = [one.deeds for one in busy]
            until(lambda done=done: all(one.deeds >= was + DEEDS for one, was in zip(busy, done, strict=True)))
            values = {"session_duration": minutes * MINUTE, "max_duration": (minutes + 15) * MINUTE}
            policies.change(principal=cast.principal(olga), agent=shop, values=values)
    finally:
        stop.set()
        for worker in at_work:
            worker.join(PATIENCE_SECONDS)
    sweeping.sweep()  # who started while a version was saved

    sessions = ChatSession.objects.filter(agent=shop)
    assert PolicyVersion.objects.filter(agent=shop).count() == 4
    assert set(sessions.exclude(state="ended").values_list("policy__number", flat=True)) == {4}
    early = Q(idle_at__lt=F("policy_effective_at")) | Q(ends_at__lt=F("policy_effective_at"))
    assert not sessions.filter(early).exists()
    assert not sessions.filter(ended_at__lt=F("policy_effective_at")).exists()
    lines = Message.objects.filter(thread__agent=shop, kind="text")
    assert sorted(lines.values_list("client_id", flat=True)) == sorted(set().union(*(one.said for one in busy)))
    assert not lines.filter(after_end=False, at__gt=F("session__ended_at")).exists()


def test_what_was_said_while_the_version_was_being_saved_is_not_after_the_end(olga: Account, shop: Agent) -> None:
    """Whoever writes before the commit knows nothing of the version. It counts from its saving on, and yet the session
    must not have ended before that message."""
    session = cast.chatting(shop)
    cast.pass_time(session.pk, 20 * MINUTE)
    with transaction.atomic():
        values = {"max_duration": 10 * MINUTE}
        version = policies.change(principal=cast.principal(olga), agent=shop, values=values)
        speaker = Beside(lambda: cast.say(session.thread, "still here"))
        speaker.join()

    session.refresh_from_db()
    said = Message.objects.get(text="still here")
    assert said.at > version.saved_at
    assert (session.end_reason, session.policy.number, said.session_id) == ("max_duration", 2, session.pk)
    assert session.ended_at == said.at


def test_who_is_at_work_while_the_version_is_saved_is_waited_for(olga: Account, shop: Agent) -> None:
    """They have read the old version, and the answer must not come before they have followed."""
    session = cast.chatting(shop)
    at_work, waited_for = threading.Event(), threading.Event()

    def say_slowly() -> None:
        with transaction.atomic():
            cast.say(session.thread)
            at_work.set()
            waited_for.wait(PATIENCE_SECONDS)

    def save() -> None:
        policies.change(principal=cast.principal(olga), agent=shop, values={"session_duration": 10 * MINUTE})

    speaker = Beside(say_slowly)
    assert at_work.wait(PATIENCE_SECONDS)
    saving = Beside(save)
    until(lambda: waiting() > 0)
    waited_for.set()
    speaker.join()
    saving.join()
    session.refresh_from_db()
    assert (session.user_turns, session.policy.number) == (2, 2)


def test_what_is_held_for_long_holds_up_no_save(olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sessions_app.actions.rollout.ENOUGH", 0.05)
    held, other = cast.chatting(shop), cast.chatting(shop, cast.user("bob"))
    locked, saved = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Thread.objects.select_for_update().get(pk=held.thread_id)
            locked.set()
            saved.wait(PATIENCE_SECONDS)

    holder = Beside(hold)
    assert locked.wait(PATIENCE_SECONDS)
    policies.change(principal=cast.principal(olga), agent=shop, values={"session_duration": 10 * MINUTE})
    other.refresh_from_db()
    assert other.policy.number == 2
    saved.set()
    holder.join()
    assert cast.say(held.thread).session.policy_version == 2


def test_who_starts_while_the_version_is_being_saved_follows_by_the_sweep(olga: Account, shop: Agent) -> None:
    thread = cast.thread(shop)
    started, saved = threading.Event(), threading.Event()

    def start_slowly() -> None:
        with transaction.atomic():
            cast.say(thread)
            started.set()
            saved.wait(PATIENCE_SECONDS)

    straggler = Beside(start_slowly)
    assert started.wait(PATIENCE_SECONDS)
    values = {"session_duration": 10 * MINUTE}
    version = policies.change(principal=cast.principal(olga), agent=shop, values=values)
    saved.set()
    straggler.join()
    session = ChatSession.objects.get()
    assert session.policy.number == 1, "it knew of no other"

    def followed() -> bool:
        sweeping.sweep()
        session.refresh_from_db()
        return session.policy.number == 2

    until(followed)
    assert session.policy_effective_at == version.saved_at
    assert session.ends_at == session.last_interaction_at + 10 * MINUTE


def test_a_rollout_that_dies_is_gone_on_with_by_the_sweep(
    olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = cast.chatting(shop)
    with monkeypatch.context() as patch:
        patch.setattr("sessions_app.actions.ticking.tick", lambda _sessions: 1 / 0)
        policies.change(principal=cast.principal(olga), agent=shop, values={"session_duration": 10 * MINUTE})
    session.refresh_from_db()
    assert session.policy.number == 1

    def followed() -> bool:
        sweeping.sweep()
        session.refresh_from_db()
        return session.policy.number == 2

    until(followed)


@pytest.mark.parametrize("reach", Reach)
def test_of_two_saves_of_the_same_version_at_once_one_is_done(olga: Account, shop: Agent, reach: Reach) -> None:
    programs = [program(olga), program(olga)]
    answers: dict[int, Any] = {}

    def put(number: int, one: Program) -> None:
        settings = {"session_duration": (number + 10) * 60, "reach": reach}
        answers[number] = one.put(PATH, settings, If_Match='"1"')

    with transaction.atomic():
        Agent.objects.select_for_update(no_key=True).get(pk=shop.pk)
        both = [Beside(lambda n=n, p=p: put(n, p)) for n, p in enumerate(programs)]
        until(lambda: waiting() >= len(both))
    for one in both:
        one.join(PATIENCE_SECONDS)

    assert sorted(answer.status_code for answer in answers.values()) == [200, 412]
    for answer in answers.values():
        if answer.status_code == 412:
            refused(answer, 412, "version_conflict")
    (number,) = (number for number, answer in answers.items() if answer.status_code == 200)
    current = PolicyVersion.objects.filter(agent=shop).latest("number")
    assert (current.number, current.session_duration) == (2, timedelta(minutes=number + 10))
