"""A web process that sweeps itself: as long as the server lives, in its own time, and nobody's else's."""

import asyncio
import threading
import time

import pytest
import uvicorn
from django.db import OperationalError
from structlog.testing import capture_logs

from portal import stand_in
from portal.asgi import application
from portal.lib import threads
from portal.stand_in import StandIn
from sessions_app.actions import sweeping, turns
from sessions_app.models import ChatSession
from tests import cast
from tests.integration.enforcement import scenes
from tools import ports

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_SECONDS = 15


@pytest.fixture
def hurried(monkeypatch):
    monkeypatch.setattr(stand_in, "BEFORE_THE_FIRST", 0)
    monkeypatch.setattr(stand_in, "EVERY", 0.02)


def _until(condition) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _said(logs) -> list[str]:
    return [entry["event"] for entry in logs]


def test_it_sweeps_and_sees_to_forgotten_turns_until_workers_are_back(monkeypatch):
    (session,) = scenes.overdue(cast.agent())
    asked = []
    monkeypatch.setattr(turns, "answer_forgotten", lambda **_: asked.append(1))
    web = StandIn()
    with capture_logs() as logs:
        for _ in range(stand_in.TURNS_EVERY + 1):
            scenes.swept("web", ago=scenes.SECOND)
            web.look()
        session.refresh_from_db()
        assert (session.state, len(asked)) == ("ended", 2)

        scenes.swept("worker", ago=0 * scenes.SECOND)
        scenes.overdue(cast.agent("billing"))
        web.look()
        web.look()
        assert ChatSession.objects.filter(state="ended").count() == 1
    assert _said(logs) == ["no worker sweeps: this web process does", "workers sweep again"]


def test_while_another_web_process_has_just_done_it_nothing_is_said(monkeypatch):
    web = StandIn()
    with capture_logs() as logs:
        web.look()
        web.look()  # less than half a second later
    assert _said(logs) == ["no worker sweeps: this web process does"]


def test_it_lives_as_long_as_the_server(hurried):
    """The application of the web process, in the server of the Procfile."""
    (session,) = scenes.overdue(cast.agent())
    server = uvicorn.Server(uvicorn.Config(application, port=ports.free(), log_level="warning"))

    async def serve() -> None:
        serving = asyncio.create_task(server.serve())
        await threads.in_database(lambda: _until(lambda: _is_ended(session)))
        server.should_exit = True
        await serving

    asyncio.run(serve())
    assert scenes.ran("web")
    assert _threads() == []


def test_a_server_that_says_nothing_of_its_life_has_none(site):
    """As that of these tests: what they look at is not swept behind their back."""
    assert _threads() == []


def test_what_goes_wrong_in_one_sweep_does_not_end_the_others(hurried, monkeypatch):
    (session,) = scenes.overdue(cast.agent())
    sweep, wrong = sweeping.sweep_in_turn, [ValueError("a fault"), OperationalError("the database is away")]

    def fail_at_first(**by):
        if wrong:
            raise wrong.pop()
        return sweep(**by)

    monkeypatch.setattr(sweeping, "sweep_in_turn", fail_at_first)
    web = StandIn()
    web.start()
    try:
        _until(lambda: _is_ended(session))
    finally:
        web.stop()


def _is_ended(session: ChatSession) -> bool:
    return ChatSession.objects.get(pk=session.pk).state == "ended"


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "stand-in"]
