"""Simulated visitors: they use the doors that everybody uses, and stop when they are told to."""

import asyncio
import os
import signal
import time
from functools import partial
from random import Random

import pytest

from portal.accounts.models import Token
from portal.demo import loading
from portal.demo.management.commands import visitors as command
from portal.demo.phrases import phrasebooks
from portal.demo.visitors import backend, chat, life, persons, visits
from portal.demo.visitors.chat import Chat, Closed
from portal.lib import http
from portal.lib.http import Away
from portal.lib.threads import in_database
from sessions_app.models import ChatSession, ChatUser, Event, Message, VisitorToken

HASTE = 150  # how much faster than people


@pytest.fixture
def hasty(monkeypatch):
    read = Chat.read
    monkeypatch.setattr(Chat, "read", lambda self, seconds: read(self, seconds / HASTE))
    monkeypatch.setattr(life, "BETWEEN", (0.0, 0.1))


@pytest.fixture
def demo_site(site, settings, hasty):
    settings.DEMO = True
    loading.load(visits=0)
    return site


async def _simulated(**wanted):
    return await in_database(ChatSession.objects.filter(user__simulated=True, **wanted).count)


async def _come(number, **wanted):
    """Wait until so many sessions of simulated people have begun."""
    await _until(partial(_at_least, number, wanted))


async def _at_least(number, wanted):
    return await _simulated(**wanted) >= number


async def _until(holds):
    """A socket is closed before all that was sent on it is done."""
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110  the database tells nobody
            await asyncio.sleep(0.05)


async def _behave(site, behaviour):
    """One visit of one person."""
    visitor = persons.of_place(0, places=1)[0]
    async with http.client(site) as client:
        token = await in_database(partial(life._arrive, visitor))
        language = visitor.person.language
        async with chat.opened(client, site, visitor.agent.slug, token=token, language=language) as opened:
            await behaviour(opened, phrasebooks(visitor.agent.settings.script)[language], Random(1))


@pytest.mark.parametrize("behaviour", visits.SHARES, ids=lambda behaviour: behaviour.__name__)
async def test_a_visit_is_a_real_session(demo_site, behaviour):
    wanted = 2 if behaviour is visits.clear else 1
    await _behave(demo_site, behaviour)
    await _come(wanted)
    assert await _simulated() == wanted


async def test_who_says_goodbye_or_ends_it_has_ended_it(demo_site):
    await _behave(demo_site, visits.end)
    await _come(1, end_reason="user_ended")


async def test_who_pauses_goes_on(demo_site):
    await _behave(demo_site, visits.pause)
    events = Event.objects.filter(session__user__simulated=True)

    async def gone_on():
        types = await in_database(partial(set, events.values_list("type", flat=True)))
        return {"session.paused", "session.resumed"} <= types

    await _until(gone_on)


async def test_they_come_and_go_until_they_are_stopped(demo_site):
    living = asyncio.create_task(life.all_of_them(demo_site, number=3))
    await _come(5)
    asked = time.monotonic()
    living.cancel()
    await asyncio.wait([living])
    assert living.cancelled()
    assert time.monotonic() - asked < 2


async def test_a_signal_ends_them_at_once(demo_site):
    ended = asyncio.create_task(command._until_asked_to_stop(demo_site, 2))
    await _come(1)
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.wait_for(ended, timeout=2)


@pytest.mark.parametrize("error", [Away("restarting"), Closed(0.01), RuntimeError("whatever")], ids=repr)
async def test_nothing_that_goes_wrong_ends_them(monkeypatch, error):
    tries = []

    async def visit(_visitor, _rng):
        tries.append(1)
        if len(tries) < 3:
            raise error

    monkeypatch.setattr(life, "LONGEST_WAIT", 0.01)
    monkeypatch.setattr(life, "BETWEEN", (0.0, 0.01))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(life._keep_coming(visit, persons.of_place(0, places=1), Random(1)), timeout=0.3)
    assert len(tries) > 3


async def test_nobody_is_there_while_the_web_process_is_away():
    async with http.client("http://127.0.0.1:1") as client:
        with pytest.raises(Away):
            async with chat.opened(client, "http://127.0.0.1:1", "shop", token="vis_x", language="en"):
                pass


def test_a_person_comes_back_as_the_same_with_one_token(demo_site):
    visitor = persons.of_place(0, places=1)[0]
    first, second = life._arrive(visitor), life._arrive(visitor)
    assert first != second
    user = ChatUser.objects.get(external_id=visitor.external_id)
    assert user.simulated
    assert VisitorToken.objects.filter(user=user).count() == 1
    assert Message.objects.filter(thread__user=user).count() == 0


def test_nobody_takes_two_places():
    taken = [visitor.external_id for place in range(4) for visitor in persons.of_place(place, places=4)]
    assert len(taken) == len(set(taken)) == (2 + 2 + 1 + 2) * persons.PER_PLACE
    assert persons.of_place(3, places=4) == persons.of_place(3, places=4)


async def test_the_helpdesk_s_own_back_end_keeps_its_sessions_by_the_api(demo_site, monkeypatch):
    monkeypatch.setattr(backend, "THINKING", (0.0, 0.01))
    monkeypatch.setattr(backend, "ANSWERS_AFTER", (0.0, 0.01))
    monkeypatch.setattr(backend, "ENDS", 1.0)
    visitor = persons.of_place(persons.HELPDESK_EVERY - 1, places=3)[0]
    async with http.client(demo_site) as client:
        for _ in range(2):  # the second one is of a process that was started again
            portal = life._Portal(demo_site, client, backend.Backend(client))
            await life._visit(portal, visitor, Random(1))
    assert await _simulated(agent__slug="helpdesk", end_reason="owner_ended") == 2
    senders = Message.objects.filter(session__user__simulated=True).values_list("sender", flat=True)
    assert await in_database(partial(set, senders)) >= {"user", "bot"}
    assert await in_database(Token.objects.filter(account__username="otto").count) == 1
