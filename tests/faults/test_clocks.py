"""R11: clocks of processes that are an hour wrong change nothing. PostgreSQL's is the only one that decides."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from uuid import uuid4

import httpx
import pytest

from portal.accounts.models import Token
from portal.lib import clock, tokens
from sessions_app.models import ChatSession, Turn, VisitorToken
from tests import cast
from tests.faults import whole
from tests.faults.ledger import Tally
from tests.faults.patience import until
from tests.faults.portal_copy import Copy, Web, wrong_clock
from tests.faults.scene import WITH_BOT, Guest, Scene, ends_in, is_over
from tests.integration.chat.client import Client

HOUR, MINUTE, SECOND = 3600, timedelta(minutes=1), timedelta(seconds=1)
MILLISECOND = timedelta(milliseconds=1)  # to which answers are cut
FAULT = "clocks of processes are an hour wrong"
HALF_AN_HOUR = {"session_duration": 30 * MINUTE}
NAIVE = """
import sys
from datetime import UTC, datetime
print("open" if datetime.now(UTC) < datetime.fromisoformat(sys.argv[1]) else "over")
"""


@pytest.fixture
def wrong(portal: Copy) -> Iterator[tuple[Web, Web]]:
    """Two web processes, one an hour fast and one an hour slow; sweeper, worker and beat are wrong too."""
    fast, slow = portal.web("web-fast", wrong_by=HOUR), portal.web("web-slow", wrong_by=-HOUR)
    others = [portal.process(kind, wrong_by=by) for kind, by in (("sweeper", HOUR), ("worker", -HOUR), ("beat", HOUR))]
    for process in portal.background:
        process.kill()
    try:
        portal.ensure(fast, slow, *others)
        yield fast, slow
    finally:
        for process in (fast, slow, *others):
            process.kill()


def test_who_goes_by_their_own_clock_ends_sessions_an_hour_early_and_takes_messages_an_hour_late(portal, ledger):
    now = clock.now()
    verdicts = [_naive_verdict(now + 30 * MINUTE, HOUR), _naive_verdict(now - 30 * MINUTE, -HOUR)]
    assert verdicts == ["over", "open"]
    ledger.broken("R11", FAULT, Tally(injected=2, acknowledged=2, wrong=2))


def test_clocks_that_are_an_hour_wrong_change_nothing(scene, ledger, wrong, monkeypatch):
    monkeypatch.setattr("sessions_app.actions.turns.nudge", lambda *_args, **_kwargs: None)  # here nobody asks a bot
    shop = scene(policy=HALF_AN_HOUR)
    shop.webs = tuple(web.address for web in wrong)
    verdicts = [
        *_instants(shop),
        *_sessions_go_on(shop),
        *_sessions_end_on_time(shop),
        *_late_messages_are_late(shop),
        *_visitor_tokens(shop),
        *_portal_tokens(shop),
        *_turns_are_answered(scene, shop.webs),
        *_readiness(shop),
    ]
    ledger.kept("R11", FAULT, Tally(injected=5, acknowledged=len(verdicts), wrong=verdicts.count(False)))
    assert whole.broken(shop.agent) == {}


def _naive_verdict(ends_at: datetime, wrong_by: float) -> str:
    """What a process with a wrong clock says of a session that ends then."""
    command = [sys.executable, "-c", NAIVE, ends_at.isoformat()]
    environment = os.environ | wrong_clock(wrong_by)
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.strip()


# ── what is to be so: each gives whether it was, once for each web process ───────────────────────────────────────────
Verdicts = Iterator[bool]


def _instants(shop: Scene) -> Verdicts:
    """What is written and told is of the database's time."""
    for _ in shop.webs:
        before, guest = clock.now(), shop.guest()
        told = guest.say("hello").json()
        after = clock.now()
        at, now = (datetime.fromisoformat(instant) for instant in (told["message"]["at"], told["server_now"]))
        yield before - MILLISECOND <= at <= now <= after
        yield datetime.fromisoformat(told["session"]["ends_at"]) == at + 30 * MINUTE


def _sessions_go_on(shop: Scene) -> Verdicts:
    """With 29 minutes over, both of them still take what is said."""
    guest = shop.guest()
    for _ in shop.webs:
        guest.session.refresh_from_db()
        ends_in(guest.session, MINUTE)
        yield guest.say("by API").json()["session"]["id"] == str(guest.session.pk)
        guest.session.refresh_from_db()
        ends_in(guest.session, MINUTE)
        guest.say_by_socket("by socket", client_id=uuid4().hex)
        yield guest.thread.sessions.count() == 1


def _sessions_end_on_time(shop: Scene) -> Verdicts:
    """The sweeper finds it, and finds it soon: it is there within the patience of a test, not an hour later."""
    guest = shop.guest()
    ends_in(guest.session, SECOND)
    ended = ChatSession.objects.filter(pk=guest.session.pk, state="ended")
    until(ended.exists, "the sweeper ends it")
    yield ended.get().ended_at == guest.session.ends_at
    yield clock.now() >= guest.session.ends_at


def _late_messages_are_late(shop: Scene) -> Verdicts:
    for _ in shop.webs:
        guest = shop.guest()
        ends_in(guest.session, SECOND)
        until(partial(is_over, guest.session), "the deadline comes")
        yield guest.say("late").json()["session"]["id"] != str(guest.session.pk)
        guest.session.refresh_from_db()
        yield guest.session.end_reason == "expired"


def _visitor_tokens(shop: Scene) -> Verdicts:
    """One that has ten minutes left counts with the fast one, one that has been over for ten does not with the slow."""
    guest = shop.guest()
    mine = VisitorToken.objects.filter(user=guest.thread.user)
    for left, counts in ((10 * MINUTE, True), (-10 * MINUTE, False)):
        mine.update(expires_at=clock.now() + left)
        for web in shop.webs:
            yield _is_known(web, guest.caller.token, guest) is counts
            yield _may_chat(web, guest) is counts
    for web in shop.webs:
        before = clock.now()
        opened = httpx.post(f"{web}/api/v1/chat/{shop.agent.slug}", json={}, timeout=60).json()
        token = VisitorToken.objects.get(digest=tokens.digest(opened["visitor_token"]))
        yield before <= token.expires_at - timedelta(days=30) <= clock.now()


def _portal_tokens(shop: Scene) -> Verdicts:
    guest = shop.guest()
    for left, counts in ((10 * MINUTE, True), (-10 * MINUTE, False)):
        Token.objects.filter(digest=tokens.digest(shop.owner.token)).update(expires_at=clock.now() + left)
        for web in shop.webs:
            yield _is_known(web, shop.owner.token, guest) is counts


def _is_known(web: str, token: str, guest: Guest) -> bool:
    headers = {"Authorization": f"Bearer {token}"}
    answer = httpx.get(f"{web}/api/v1/sessions/{guest.session.pk}", headers=headers, timeout=60)
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


def _may_chat(web: str, guest: Guest) -> bool:
    with Client(web, guest.caller.token, thread=str(guest.thread.pk)) as chat:
        return json.loads(chat.socket.recv(timeout=60))["type"] == "ready"


def _turns_are_answered(scene: Callable[..., Scene], webs: tuple[str, ...]) -> Verdicts:
    """By the web process that took them; and by the worker, when that one has forgotten them."""
    bot = scene(**WITH_BOT)
    bot.webs = webs
    for _ in webs:
        yield [line["text"] for line in bot.guest().say("hello").json()["replies"]] == ["Hi!"]
    forgotten = bot.guest()
    cast.pass_time(forgotten.session.pk, MINUTE)
    turns = Turn.objects.filter(session=forgotten.session)
    until(lambda: not turns.exists(), "the worker finds the forgotten turn")
    yield forgotten.thread.lines.filter(sender="bot", text="Hi!").exists()


def _readiness(shop: Scene) -> Verdicts:
    """The age of the last sweep is that of the database's clock."""
    for web in shop.webs:
        until(lambda web=web: httpx.get(f"{web}/readyz", timeout=60).status_code == 200, "the web process is ready")
        yield True
