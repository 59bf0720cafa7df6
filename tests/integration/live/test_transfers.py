"""Transfers that wait for their users, on the Sessions tabs of both agents (2-lifecycle.md, "Transfer"), and humans who
talk instead of a bot."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.audit.models import Entry
from portal.lib.threads import in_database
from sessions_app.actions import apply, deeds
from sessions_app.consumers import audience
from sessions_app.core import commands as c
from sessions_app.models import ChatSession
from sessions_app.queries import transfers
from tests import cast
from tests.integration.live.page import LivePage

pytestmark = pytest.mark.django_db

HOURS = timedelta(hours=1)
JSON = {"Accept": "application/json"}


@pytest.fixture
def otto(db: None) -> Account:
    return cast.account("otto", first_name="Otto")


@pytest.fixture
def billing(otto: Account) -> Agent:
    return cast.agent("billing", owner=otto)


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    return cast.chatting(shop, cast.user("ada"))


def transfer(session: ChatSession, to: Agent) -> None:
    (outcome,) = apply([c.Transfer(session=session.pk, actor=c.account_actor(1), target=to.pk)])
    assert outcome.result == "done"


@pytest.fixture
def pending(session: ChatSession, billing: Agent) -> ChatSession:
    """Ada's session, on its way from shop, which is Olga's, to billing, which is Otto's."""
    transfer(session, billing)
    return session


def browser(account: Account, **headers: Any) -> Client:
    client = Client(**headers)
    client.force_login(account)
    return client


def strip(account: Account, address: str = "/sessions/") -> str:
    """The words above the table."""
    page = browser(account).get(address).text
    found = page[page.index('<div id="transfers">') : page.index('id="live"')]
    return " ".join(re.sub("<[^>]+>", " ", found.rpartition("<section")[0]).split())


# ── who sees what


def test_both_owners_see_it_and_who_controls_the_source_may_cancel(
    olga: Account, otto: Account, pending: ChatSession
) -> None:
    until = ChatSession.objects.get(pk=pending.pk).pending_until
    assert until is not None
    told = f"1 transfer waits for its user Ada from Shop to Billing waits until {until:%-d %b %H:%M:%S} UTC"
    for address in ("/sessions/", "/agents/shop/sessions/", "/agents/shop/sessions/?state=paused&q=nobody"):
        assert strip(olga, address) == f"{told} Cancel the transfer of Ada"
    for address in ("/sessions/", "/agents/billing/sessions/"):
        assert strip(otto, address) == told


def test_an_agent_is_a_link_for_those_who_may_follow_it(olga: Account, otto: Account, pending: ChatSession) -> None:
    pages = {who.username: browser(who).get("/sessions/").text for who in (olga, otto, cast.admin())}
    links = {name: set(re.findall(r'href="/agents/(\w+)/sessions/"', page)) for name, page in pages.items()}
    assert links == {"olga": {"shop"}, "otto": {"billing"}, "root": {"shop", "billing"}}


def test_the_targets_owner_sees_neither_the_session_nor_what_was_said(
    otto: Account, shop: Agent, billing: Agent
) -> None:
    session = cast.chatting(shop, cast.user("ada"))
    cast.say(session.thread, "my secret")
    transfer(session, billing)
    client = browser(otto)
    for address in ("/sessions/?state=any", "/agents/billing/sessions/?state=any"):
        page = client.get(address)
        assert page.context["rows"] == []
        assert "secret" not in page.text


def test_nobody_else_sees_it(shop: Agent, pending: ChatSession) -> None:
    nina = cast.account("nina")
    cast.agent("helpdesk", owner=nina)
    assert strip(nina) == ""
    assert strip(cast.account("new")) == "", "nor who runs no agent"
    assert strip(cast.admin(), "/agents/helpdesk/sessions/") == ""


def test_what_is_not_pending_any_more_is_gone_also_without_a_sweep(
    olga: Account, otto: Account, pending: ChatSession
) -> None:
    cast.pass_time(pending.pk, 2 * HOURS)
    assert (strip(olga), strip(otto)) == ("", "")


def test_what_was_picked_up_is_gone(olga: Account, otto: Account, pending: ChatSession) -> None:
    cast.say(pending.thread, "hello?")
    assert (strip(olga), strip(otto)) == ("", "")


def test_emulator_sessions_are_not_shown(olga: Account, shop: Agent, billing: Agent) -> None:
    transfer(cast.start(cast.thread(shop), version="DRAFT"), billing)
    assert ChatSession.objects.filter(pending_to=billing).exists()
    assert strip(olga) == ""


def test_with_many_the_first_to_lapse_are_shown_and_the_rest_is_counted(
    olga: Account, shop: Agent, billing: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transfers, "MOST", 2)
    for name, age in (("ada", 10), ("grace", 30), ("lena", 20)):
        session = cast.chatting(shop, cast.user(name))
        transfer(session, billing)
        cast.pass_time(session.pk, timedelta(minutes=age))
    told = strip(olga)
    assert told.startswith("3 transfers wait for their users Grace")
    assert re.findall("Ada|Grace|Lena", told) == ["Grace", "Grace", "Lena", "Lena"]
    assert told.endswith("and 1 more")


def test_what_a_user_is_called_is_shown_as_text(olga: Account, shop: Agent, billing: Agent) -> None:
    transfer(cast.chatting(shop, cast.user("x", name="<script>alert(1)</script>")), billing)
    assert "<script>alert(1)" not in browser(olga).get("/sessions/").text


# ── calling it off


def cancel(account: Account, session: ChatSession, headers: Any = JSON, agent: str = "", **sent: str) -> HttpResponse:
    client = browser(account, headers=headers)
    return client.post(f"/sessions/{session.pk}/transfer/cancel/", {"agent": agent, "query": "", **sent})


def test_a_cancelled_transfer_is_off_and_the_answer_has_the_strip_without_it(
    olga: Account, pending: ChatSession
) -> None:
    told = cancel(olga, pending, agent="shop").json()
    assert told["detail"] == "The transfer of Ada is cancelled. Shop answers the next message."
    assert told["transfers"] == ""
    assert told["row"]["id"] == str(pending.pk)
    assert ChatSession.objects.get(pk=pending.pk).pending_to is None
    assert Entry.objects.filter(verb="session.cancel_transfer", account_id=olga.pk).count() == 1
    assert cancel(olga, pending).status_code == 200, "twice is no error"


def test_it_can_be_cancelled_on_the_page_of_the_target(olga: Account, pending: ChatSession, billing: Agent) -> None:
    cast.own(olga, billing)
    answer = cancel(olga, pending, agent="billing")
    assert (answer.status_code, answer.json()["row"]) == (200, None)


def test_what_was_picked_up_meanwhile_goes_on_and_it_says_so(olga: Account, pending: ChatSession) -> None:
    cast.say(pending.thread, "hello?")
    refused = cancel(olga, pending)
    assert (refused.status_code, refused.json()["code"]) == (409, "state_changed")
    assert refused.json()["detail"] == "Nothing was done: another agent has picked up the session of Ada by now."


def test_without_a_script_it_goes_back_to_the_page(olga: Account, pending: ChatSession) -> None:
    done = cancel(olga, pending, headers={"Accept": "text/html"}, agent="shop", query="state=ended")
    assert done.headers["Location"] == "/agents/shop/sessions/?state=ended"


def test_nobody_else_may_cancel(otto: Account, shop: Agent, pending: ChatSession) -> None:
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    assert cancel(otto, pending).status_code == 404, "the target's owner does not see the session"
    assert cancel(tara, pending).status_code == 403
    assert cancel(cast.account("emil", Role.USER), pending).status_code == 403
    assert ChatSession.objects.get(pk=pending.pk).pending_to is not None


# ── live


@pytest.mark.django_db(transaction=True)
async def test_the_target_hears_at_once_that_a_transfer_comes_and_that_it_does_not(
    olga: Account, otto: Account, shop: Agent, billing: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "LOOK_EVERY", 60.0)
    session = await in_database(lambda: cast.chatting(shop, cast.user("ada")))
    async with LivePage(otto, "/agents/billing/sessions/") as page:
        await in_database(lambda: transfer(session, billing))
        await page.hear_until(lambda: "Ada" in page.strip)
        assert page.rows == {}
        await in_database(lambda: apply([c.CancelTransfer(session=session.pk)]))
        await page.hear_until(lambda: page.strip == "")


@pytest.mark.django_db(transaction=True)
async def test_the_strip_is_told_when_it_is_another_one(
    olga: Account, shop: Agent, billing: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience, "LOOK_EVERY", 0.2)
    session = await in_database(lambda: cast.chatting(shop, cast.user("ada")))
    async with LivePage(olga) as page:
        await in_database(lambda: transfer(session, billing))
        await page.hear_until(lambda: "Ada" in page.strip)
        told = len(page.frames)
        await page.hear_until(lambda: len(page.frames) > told + 3)
        assert [frame for frame in page.frames[told:] if "transfers" in frame] == []
        await in_database(lambda: cast.pass_time(session.pk, 2 * HOURS))
        await page.hear_until(lambda: page.strip == "")


# ── rows


def rows(account: Account, query: str = "") -> str:
    page = browser(account).get(f"/sessions/?{query}").text
    return " ".join(re.sub("<[^>]+>", " ", page[page.index("<tbody>") : page.index("</tbody>")]).split())


def test_a_row_says_which_human_talks(olga: Account, otto: Account, session: ChatSession) -> None:
    deeds.take_over(principal=cast.principal(cast.account("lena", Role.ADMIN, first_name="Lena")), session=session.pk)
    assert rows(olga).startswith("Select Ada Live with Lena Ada")
    assert "Pause" not in rows(olga)
    Account.objects.get(username="lena").delete()
    assert rows(olga).startswith("Select Ada Live live chat Ada")


def test_a_live_chat_that_goes_on_after_the_end_is_shown(olga: Account, session: ChatSession) -> None:
    deeds.take_over(principal=cast.principal(olga), session=session.pk)
    cast.pass_time(session.pk, 2 * HOURS)
    assert rows(olga, "state=ended").startswith("Ended with olga Ada")


def test_a_row_says_whom_a_transferred_session_waits_for(olga: Account, pending: ChatSession) -> None:
    assert "Waits for billing" in rows(olga, "state=ended")
    cast.say(pending.thread, "hello?")
    assert "Transferred" in rows(olga, "state=ended")
    assert "Waits for" not in rows(olga, "state=ended")


@pytest.mark.parametrize("ending", ["transfer", "live chat"])
def test_a_deed_that_comes_too_late_says_what_goes_on(
    olga: Account, session: ChatSession, billing: Agent, ending: str
) -> None:
    deeds.take_over(principal=cast.principal(olga), session=session.pk)
    if ending == "transfer":
        transfer(session, billing)
    else:
        cast.pass_time(session.pk, 2 * HOURS)
    refused = browser(olga, headers=JSON).post(f"/sessions/{session.pk}/pause/", {"seen_state": "live"})
    goes_on = {"transfer": "another agent picks up at the user's next turn.", "live chat": "a live chat goes on."}
    assert refused.status_code == 409
    assert refused.json()["detail"].endswith(goes_on[ending])
