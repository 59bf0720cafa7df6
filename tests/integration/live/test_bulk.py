"""One deed on many sessions from the table (7-screens.md, 11): ticked rows, or all that match, confirmed first."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.audit.models import Entry
from portal.lib.threads import in_database
from sessions_app.actions import apply
from sessions_app.actions import bulk as doing
from sessions_app.core.commands import USER, Pause
from sessions_app.models import ChatSession
from tests import cast

pytestmark = pytest.mark.django_db

BULK = "/sessions/bulk/"
LINES = {"Accept": "application/x-ndjson"}
PEOPLE = ("ada", "grace", "lena")


@pytest.fixture
def chats(shop: Agent) -> list[ChatSession]:
    return [cast.chatting(shop, cast.user(person)) for person in PEOPLE]


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def ids(chats: list[ChatSession]) -> list[str]:
    return [str(chat.pk) for chat in chats]


def send(account: Account, action: str = "end", **sent: Any) -> HttpResponse:
    return browser(account).post(BULK, {"agent": "shop", "query": "", "action": action, **sent})


def states() -> list[str]:
    return list(ChatSession.objects.order_by("started_at").values_list("state", flat=True))


def tally(response: HttpResponse) -> dict[str, str]:
    return {line.result: line.number for line in response.context["lines"]}


# ── the question


def test_it_is_asked_first_with_number_states_filter_and_names(olga: Account, chats: list[ChatSession]) -> None:
    apply([Pause(session=chats[0].pk, actor=USER)])
    page = send(olga, id=ids(chats), query="language=en")
    assert re.search(r"<h1>End 3 sessions\?</h1>", page.text)
    about = " ".join(page.text.split())
    assert "2 live · 1 paused" in about
    assert "agent Shop · open · en" in about
    assert all(name in about for name in ("Ada", "Grace", "Lena"))
    assert states() == ["paused", "live", "live"]


def test_nothing_ticked_is_told_on_the_page_one_comes_from(olga: Account, chats: list[ChatSession]) -> None:
    for sent in ({}, {"id": ["nonsense"]}, {"id": ids(chats), "action": "dance"}):
        answer = send(olga, **sent, query="state=live")
        assert answer.headers["Location"] == "/agents/shop/sessions/?state=live"
        assert "tick the sessions first" in str(next(iter(get_messages(answer.wsgi_request))))
    assert set(states()) == {"live"}


def test_how_many_match_is_told_by_itself(olga: Account, chats: list[ChatSession], monkeypatch: Any) -> None:
    client = browser(olga)
    assert client.get(BULK, {"agent": "shop", "query": "q=ada"}).json() == {"number": 1, "more": False}
    monkeypatch.setattr("sessions_app.views.bulk.MOST", 2)
    assert client.get(BULK, {"agent": "shop", "query": ""}).json() == {"number": 2, "more": True}


# ── the deed


def test_ticked_rows_are_ended_with_the_reason_kept(olga: Account, chats: list[ChatSession]) -> None:
    done = send(olga, id=ids(chats[:2]), expect="2", reason="closing time")
    assert tally(done) == {"ok": "2"}
    assert states() == ["ended", "ended", "live"]
    for chat in chats[:2]:
        assert chat.events.get(type="session.ended").detail["given"] == "closing time"
    entries = Entry.objects.filter(verb="session.end")
    assert {(entry.account_id, entry.reason) for entry in entries} == {(olga.pk, "closing time")}
    assert len(entries) == 2


def test_all_that_match_means_the_filter_and_not_the_page(olga: Account, shop: Agent) -> None:
    for number in range(55):
        cast.chatting(shop, cast.user(f"user-{number}"))
    cast.chatting(shop, cast.user("ada"))
    assert "Pause 55 sessions?" in send(olga, "pause", all="1", query="q=user").text
    assert tally(send(olga, "pause", all="1", query="q=user", expect="55")) == {"ok": "55"}
    assert ChatSession.objects.filter(state="paused").count() == 55


def test_nothing_is_done_when_there_are_more_by_then(olga: Account, shop: Agent, chats: list[ChatSession]) -> None:
    cast.chatting(shop, cast.user("nina"))
    again = send(olga, all="1", expect="3", reason="closing time")
    assert again.status_code == 409
    assert "Nothing was done: you confirmed 3 sessions, and by now there are 4. Look once more." in again.text
    assert 'value="closing time"' in again.text
    assert set(states()) == {"live"}


def test_what_nobody_can_have_confirmed_is_not_done(olga: Account, chats: list[ChatSession]) -> None:
    for expect in ("", "-1", "three", "9" * 30, "²"):
        assert send(olga, id=ids(chats), expect=expect).status_code == 409
    assert set(states()) == {"live"}


def test_more_than_can_be_done_at_once_is_said_and_left(
    olga: Account, chats: list[ChatSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "MOST", 2)
    monkeypatch.setattr("sessions_app.views.bulk.MOST", 2)
    page = send(olga, all="1")
    assert "More than 2 sessions match" in page.text
    assert 'name="expect"' not in page.text
    assert send(olga, all="1", expect="3").status_code == 409
    assert set(states()) == {"live"}


def test_each_row_has_its_result_and_the_failing_ones_are_named(
    olga: Account, shop: Agent, chats: list[ChatSession]
) -> None:
    hidden = cast.chatting(cast.agent("helpdesk", owner=cast.account("otto")), cast.user("bert"))
    send(olga, id=ids(chats[:1]), expect="1")
    send(olga, "pause", id=ids(chats[1:2]), expect="1")
    done = send(olga, "pause", id=[*ids(chats), str(hidden.pk)], expect="4")
    assert tally(done) == {"ok": "1", "already": "1", "skipped": "1", "denied": "1"}
    skipped, denied = done.context["failed"]
    assert (skipped.name, skipped.why) == ("Ada", "It had ended.")
    assert skipped.url == f"/sessions/{chats[0].pk}/"
    assert browser(olga).get(skipped.url).status_code == 200
    assert (denied.name, denied.url) == (str(hidden.pk), "")
    hidden.refresh_from_db()
    assert hidden.state == "live"


def test_doing_it_again_changes_nothing(olga: Account, chats: list[ChatSession]) -> None:
    send(olga, id=ids(chats), expect="3")
    ended = list(ChatSession.objects.values_list("ended_at", "row_version"))
    assert tally(send(olga, id=ids(chats), expect="3")) == {"already": "3"}
    assert list(ChatSession.objects.values_list("ended_at", "row_version")) == ended


def test_what_a_user_is_called_stays_text(olga: Account, shop: Agent) -> None:
    chat = cast.chatting(shop, cast.user("x", name="<script>alert(1)</script>"))
    assert "<script>alert" not in send(olga, id=[str(chat.pk)], query="q=<script>alert(1)").text


# ── who may


def test_nobody_else_may(shop: Agent, chats: list[ChatSession]) -> None:
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    sent = {"id": ids(chats), "expect": "3"}
    assert send(tara, **sent).status_code == 403
    assert send(tara, **sent, agent="").status_code == 403
    assert send(cast.account("emil", Role.USER), **sent, agent="").status_code == 403
    otto = cast.account("otto")
    assert send(otto, **sent).status_code == 404
    assert tally(send(otto, **sent, agent="")) == {"denied": "3"}
    assert set(states()) == {"live"}


def test_another_owners_sessions_are_not_even_counted(shop: Agent, chats: list[ChatSession]) -> None:
    answer = send(cast.account("otto"), all="1", agent="")
    assert answer.headers["Location"] == "/sessions/"
    assert set(states()) == {"live"}


def test_who_is_not_signed_in_is_sent_there() -> None:
    assert Client().post(BULK, {"action": "end"}).headers["Location"].startswith("/login/")


def test_a_foreign_page_cannot_make_a_browser_do_it(olga: Account, chats: list[ChatSession]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert client.post(BULK, {"action": "end", "all": "1", "expect": "3"}).status_code == 403
    assert set(states()) == {"live"}


# ── how far it is


@pytest.mark.django_db(transaction=True)
async def test_a_script_is_told_after_each_batch_and_gets_the_result(
    olga: Account, chats: list[ChatSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "BATCH", 2)
    answer = await told(olga)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    first, second, result = [json.loads(line) for line in await lines(answer.streaming_content)]
    assert (first, second) == ({"done": 2, "of": 3}, {"done": 3, "of": 3})
    assert "3 sessions have ended" in result["html"]
    entries = await in_database(lambda: list(Entry.objects.filter(verb="session.end")))
    assert len(entries) == 3
    assert all(entry.request_id == answer.headers["X-Request-ID"] for entry in entries)


async def told(account: Account) -> Any:
    """All three are ended for a script."""
    sent = {"agent": "shop", "action": "end", "all": "1", "expect": "3"}
    return await in_database(lambda: browser(account).post(BULK, sent, headers=LINES))


async def lines(content: AsyncIterator[bytes]) -> list[str]:
    return "".join([piece.decode() async for piece in content]).splitlines()


@pytest.mark.django_db(transaction=True)
async def test_who_leaves_meanwhile_stops_it_between_two_batches(
    olga: Account, chats: list[ChatSession], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doing, "BATCH", 2)
    answer = await told(olga)
    content = aiter(answer.streaming_content)
    assert json.loads(await anext(content)) == {"done": 2, "of": 3}
    await content.aclose()
    assert sorted(await in_database(states)) == ["ended", "ended", "live"]
