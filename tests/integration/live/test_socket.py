"""The socket of a sessions page: what it tells equals a fresh page, whoever looks (4-architecture.md, "Live pages")."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings

from portal.accounts.models import Account, Grant
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.lib.threads import in_database
from sessions_app import broadcast
from sessions_app.actions import apply, sweeping
from sessions_app.consumers import audience, live
from sessions_app.core import commands as c
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession
from tests import cast
from tests.integration.live.page import LivePage, drawn

pytestmark = pytest.mark.django_db(transaction=True)

MINUTES = timedelta(minutes=1)


@pytest.fixture
def shop(olga: Account) -> Agent:
    policy = {"idle_timeout": 10 * MINUTES, "session_duration": 30 * MINUTES}
    return cast.agent("shop", owner=olga, policy=policy)


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    return cast.chatting(shop, cast.user("ada"))


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every hint is lost."""
    monkeypatch.setattr(broadcast, "announce", lambda changes: None)


async def did(work: Callable[[], Any]) -> Any:
    return await in_database(work)


def passed(session: UUID, by: timedelta) -> None:
    """Time passes, and the sweep notices."""
    cast.pass_time(session, by)
    sweeping.sweep()


def transferred(session: ChatSession, shop: Agent) -> Agent:
    """To the agent of another owner."""
    billing = cast.agent("billing", owner=cast.account("otto"))
    apply([c.Transfer(session=session.pk, actor=c.account_actor(1), target=billing.pk)])
    return billing


def taken_over(session: ChatSession) -> None:
    apply([c.TakeOver(session=session.pk, actor=c.account_actor(Account.objects.get(username="olga").pk))])


def end(session: UUID) -> None:
    apply([c.End(session=session, actor=c.USER, end_reason=EndReason.USER_ENDED)])


DEEDS: dict[str, Callable[[ChatSession, Agent], Any]] = {
    "start": lambda session, shop: cast.start(cast.thread(shop, cast.user("grace"))),
    "turn": lambda session, shop: cast.say(session.thread, "more"),
    "pause": lambda session, shop: apply([c.Pause(session=session.pk, actor=c.USER)]),
    "resume": lambda session, shop: apply([c.Pause(session=session.pk), c.Resume(session=session.pk)]),
    "end": lambda session, shop: end(session.pk),
    "idle": lambda session, shop: passed(session.pk, 15 * MINUTES),
    "expiry": lambda session, shop: passed(session.pk, 45 * MINUTES),
    "late message": lambda session, shop: (cast.pass_time(session.pk, 45 * MINUTES), cast.say(session.thread, "back")),
    "clear history": lambda session, shop: apply([c.ClearHistory(session=session.pk, actor=c.USER)]),
    "language": lambda session, shop: apply([c.SetLanguage(session=session.pk, actor=c.USER, language="de")]),
    "take over": lambda session, shop: taken_over(session),
    "hand back": lambda session, shop: (taken_over(session), apply([c.HandBack(session=session.pk)])),
    "expiry of a live chat": lambda session, shop: (taken_over(session), passed(session.pk, 45 * MINUTES)),
    "transfer": transferred,
    "cancel": lambda session, shop: (transferred(session, shop), apply([c.CancelTransfer(session=session.pk)])),
    "pick up": lambda session, shop: (transferred(session, shop), cast.say(session.thread, "hello?")),
    "lapse": lambda session, shop: (transferred(session, shop), passed(session.pk, 120 * MINUTES)),
}


ADDRESSES = ("/sessions/", "/agents/shop/sessions/?state=any", "/sessions/?state=live")


@pytest.mark.parametrize("deed", DEEDS)
async def test_what_is_told_makes_an_old_page_a_fresh_one(
    olga: Account, shop: Agent, session: ChatSession, deed: str
) -> None:
    people = (olga, await did(cast.admin))
    async with contextlib.AsyncExitStack() as stack:
        all_pages = [LivePage(account, address) for account in people for address in ADDRESSES]
        pages = [await stack.enter_async_context(page) for page in all_pages]
        before = [(drawn(page.rows), page.strip) for page in pages]
        await did(partial(DEEDS[deed], session, shop))
        for page, old in zip(pages, before, strict=True):
            rows, strip = await page.anew()
            fresh = (drawn(rows), strip)
            assert fresh != old
            await page.hear_until(lambda page=page, fresh=fresh: (drawn(page.rows), page.strip) == fresh)


async def test_what_no_hint_told_is_found_by_looking(
    deaf: None, monkeypatch: pytest.MonkeyPatch, olga: Account, shop: Agent, session: ChatSession
) -> None:
    monkeypatch.setattr(audience, "LOOK_EVERY", 0.3)
    async with LivePage(olga) as page:
        await did(lambda: cast.chatting(shop, cast.user("grace")))
        await did(partial(end, session.pk))
        fresh = await page.fresh()
        await page.hear_until(lambda: drawn(page.rows) == drawn(fresh))
        assert page.state(session.pk) == "ended"
        assert not page.rows[str(session.pk)]["fits"]


async def test_time_alone_is_told_when_no_sweep_runs(
    monkeypatch: pytest.MonkeyPatch, olga: Account, session: ChatSession
) -> None:
    monkeypatch.setattr(audience, "LOOK_EVERY", 0.3)
    async with LivePage(olga) as page:
        await did(partial(cast.pass_time, session.pk, 15 * MINUTES))
        await page.hear_until(lambda: page.state(session.pk) == "idle")
        await did(partial(cast.pass_time, session.pk, 30 * MINUTES))
        await page.hear_until(lambda: page.state(session.pk) == "ended")
        assert page.rows[str(session.pk)]["row_version"] == 1


async def test_a_page_that_comes_back_gets_exactly_the_differences(olga: Account, shop: Agent) -> None:
    sessions = [await did(partial(cast.chatting, shop, await did(partial(cast.user, f"u{n}")))) for n in range(6)]
    page = LivePage(olga)
    await page.load()
    await did(partial(end, sessions[0].pk))
    await did(lambda: cast.say(sessions[1].thread, "more"))
    new = await did(lambda: cast.chatting(shop, cast.user("grace")))

    assert await page.open()
    await page.watch()
    told = await page.hear()
    assert {row["id"] for row in told["rows"]} == {str(each.pk) for each in (sessions[0], sessions[1], new)}
    assert told["counts"] == {"live": 6, "idle": 0, "paused": 0, "open": 6, "ended_lately": 1, "expired_lately": 0}
    await page.close()


async def test_the_page_moves_on_when_more_start_than_it_holds(olga: Account, shop: Agent) -> None:
    for number in range(45):
        await did(partial(lambda n: cast.chatting(shop, cast.user(f"old{n}")), number))
    async with LivePage(olga) as page:
        for number in range(20):
            await did(partial(lambda n: cast.chatting(shop, cast.user(f"new{n}")), number))
        await page.say(type="refresh")
        fresh = drawn(await page.fresh())
        assert len(fresh) == 50
        await page.hear_until(lambda: drawn(page.rows) == fresh)


async def test_what_ends_makes_room_for_the_next_page(olga: Account, shop: Agent) -> None:
    made = [await did(partial(lambda n: cast.chatting(shop, cast.user(f"u{n}")), number)) for number in range(55)]
    async with LivePage(olga) as page:
        assert len(page.rows) == 50
        await did(partial(end, made[-1].pk))
        await page.say(type="refresh")
        await page.hear_until(lambda: len(drawn(page.rows)) == 50 and page.state(made[-1].pk) == "ended")
        assert drawn(page.rows) == drawn(await page.fresh())


async def test_a_later_page_keeps_to_its_own(olga: Account, shop: Agent) -> None:
    made = [await did(partial(lambda n: cast.chatting(shop, cast.user(f"u{n}")), number)) for number in range(60)]
    first = LivePage(olga)
    await first.load()
    async with LivePage(olga, f"/sessions/?cursor={min(row['place'] for row in first.rows.values())}") as page:
        assert len(page.rows) == 10
        await did(lambda: cast.chatting(shop, cast.user("grace")))
        await did(lambda: cast.say(made[20].thread, "on the first page"))
        await did(lambda: cast.say(made[3].thread, "here"))
        await page.hear_until(lambda: page.rows[str(made[3].pk)]["row_version"] == 2)
        assert drawn(page.rows) == drawn(await page.fresh())


async def test_what_the_page_has_put_away_is_told_again_when_it_comes_back(
    monkeypatch: pytest.MonkeyPatch, olga: Account, session: ChatSession
) -> None:
    monkeypatch.setattr(audience, "LOOK_EVERY", 0.3)
    async with LivePage(olga) as page:
        page.rows.clear()
        await page.say(type="forget", ids=[str(session.pk)])
        await page.hear_until(lambda: page.state(session.pk) == "live")


async def test_watchers_of_one_page_share_one_query_and_one_rendering(
    monkeypatch: pytest.MonkeyPatch, olga: Account, shop: Agent, session: ChatSession
) -> None:
    looked: list[int] = []
    rendered: list[str] = []
    these, pushed = audience.live.these, audience.fragments.pushed
    monkeypatch.setattr(audience.live, "these", lambda *a, **k: looked.append(1) or these(*a, **k))
    monkeypatch.setattr(audience.fragments, "pushed", lambda row: rendered.append(row.id) or pushed(row))
    async with LivePage(olga) as one, LivePage(olga) as two, LivePage(olga) as three:
        await did(lambda: cast.say(session.thread, "more"))
        for page in (one, two, three):
            await page.hear_until(lambda page=page: page.rows[str(session.pk)]["row_version"] == 2)
    assert (len(looked), rendered) == (1, [str(session.pk)])


# ── who may listen


async def test_a_stranger_and_another_origin_are_refused(olga: Account, shop: Agent) -> None:
    assert not await LivePage(olga, origin="https://evil.example").open()
    assert not await LivePage(olga, origin="http://127.0.0.1:1").open()
    stranger = LivePage(olga)
    stranger.client.cookies[live.settings.SESSION_COOKIE_NAME] = "nobody"
    assert await stranger.open()
    assert (await stranger.hear())["code"] == "unauthenticated"
    assert (await stranger.hear())["code"] == 4401


async def refused(page: LivePage) -> tuple[str, int]:
    """What is said, and the code of the close."""
    assert await page.open()
    await page.say(type="watch", query="", agent=page.agent, rows={})
    return (await page.hear())["code"], (await page.hear())["code"]


async def test_nobody_watches_what_they_may_not_see(olga: Account, shop: Agent, session: ChatSession) -> None:
    otto = await did(partial(cast.account, "otto"))
    tara = await did(partial(cast.account, "tara", Role.TRANSLATOR))
    await did(partial(cast.translate, tara, shop, "de"))
    assert await refused(LivePage(otto, "/agents/shop/sessions/")) == ("not_found", 4404)
    assert await refused(LivePage(tara, "/agents/shop/sessions/")) == ("forbidden", 4403)
    assert await refused(LivePage(tara, "/sessions/")) == ("forbidden", 4403)


async def test_another_owner_hears_nothing_of_it(olga: Account, shop: Agent, session: ChatSession) -> None:
    otto = await did(partial(cast.account, "otto"))
    async with LivePage(otto) as page:
        await did(lambda: cast.say(session.thread, "more"))
        await page.say(type="watch", query="state=any", agent=None, rows={str(session.pk): [1, "live"]})
        frame = await page.hear()
        assert frame["rows"] == [{"id": str(session.pk), "gone": True}]
        assert frame["counts"]["open"] == 0


@pytest.fixture
def asked_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "ASK_EVERY", 0.2)


async def test_a_right_taken_away_ends_the_flow(
    asked_often: None, olga: Account, shop: Agent, session: ChatSession
) -> None:
    async with LivePage(olga, "/agents/shop/sessions/") as page:
        await did(Grant.objects.filter(account=olga).delete)
        await page.hear_until(lambda: page.closed)
        assert page.closed == 4404


async def test_on_the_page_of_all_agents_only_that_agents_rows_go(
    asked_often: None, olga: Account, shop: Agent, session: ChatSession
) -> None:
    billing = await did(partial(cast.agent, "billing", owner=olga))
    other = await did(lambda: cast.chatting(billing, cast.user("grace")))
    async with LivePage(olga) as page:
        await did(Grant.objects.filter(account=olga, agent=shop).delete)
        await page.hear_until(lambda: str(session.pk) not in page.rows)
        assert page.state(other.pk) == "live"


@pytest.mark.parametrize("how", ["signed out", "switched off"])
async def test_who_is_nobody_any_more_hears_nothing(
    asked_often: None, olga: Account, session: ChatSession, how: str
) -> None:
    async with LivePage(olga) as page:
        if how == "signed out":
            await did(page.client.session.flush)
        else:
            await did(partial(Account.objects.filter(pk=olga.pk).update, is_active=False))
        await page.hear_until(lambda: page.closed)
        assert page.closed == 4401


# ── bad input


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        '{"type": "conquer"}',
        '{"type": "watch"}',
        '{"type": "watch", "rows": {"x": [1, "live"]}}',
        '{"type": "watch", "rows": {"0199c2e0-0000-7000-8000-000000000000": 1}}',
        '{"type": "watch", "rows": {}, "query": "q=\\ud800"}',
        '{"type": "watch", "rows": {}, "agent": 7}',
    ],
)
async def test_what_is_no_frame_is_told_and_ends_the_connection(olga: Account, text: str) -> None:
    page = LivePage(olga)
    assert await page.open()
    await page.socket.send_input({"type": "websocket.receive", "text": text})
    assert (await page.hear())["code"] == "invalid"
    assert (await page.hear())["code"] == 4400


async def test_a_flood_is_cut_off(olga: Account) -> None:
    page = LivePage(olga)
    assert await page.open()
    for _ in range(live.BURST + 5):
        await page.say(type="refresh")
    assert (await page.hear())["code"] == "rate_limited"
    assert (await page.hear())["code"] == 4429


async def test_filters_that_do_not_exist_fall_back_here_too(olga: Account, session: ChatSession) -> None:
    page = LivePage(olga)
    assert await page.open()
    await page.say(type="watch", query="state=asleep&cursor=x&foo=bar", agent=None, rows={})
    assert [row["id"] for row in (await page.hear())["rows"]] == [str(session.pk)]
    await page.close()


async def test_nothing_is_left_behind_when_the_last_watcher_goes(olga: Account) -> None:
    async with LivePage(olga), LivePage(olga):
        assert len(audience.audiences()._by_key) == 1
    await asyncio.sleep(0)
    assert not audience.audiences()._by_key


async def test_a_socket_that_breaks_leaves_nothing_running():
    """Channels tells a consumer of a clean end only."""
    frames = iter([{"type": "websocket.connect"}])

    async def receive() -> dict[str, str]:
        for frame in frames:
            return frame
        raise ConnectionError("the client is gone")

    async def send(_frame: object) -> None:
        """Nobody reads."""

    consumer = live.LiveSessions()
    scope = {"type": "websocket", "headers": [(b"origin", settings.PORTAL_URL.encode())]}
    with pytest.raises(ConnectionError):
        await consumer(scope, receive, send)

    await asyncio.wait(consumer.tasks, timeout=5)
    assert len(consumer.tasks) == 2
    assert all(task.done() for task in consumer.tasks)
