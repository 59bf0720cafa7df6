"""Sessions taken away as a file (7-screens.md, 14; 3-api.md, `GET /sessions.csv`)."""

import csv
import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts import auth
from portal.accounts.models import Account, Grant
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.audit.models import Entry
from portal.lib.threads import in_database
from sessions_app.actions import exporting
from sessions_app.actions.exporting import Withdrawn
from sessions_app.queries.sessions import Filter
from tests import cast

pytestmark = pytest.mark.django_db(transaction=True)

EXPORT = "/sessions/export/"
API = "/api/v1/sessions.csv"


def chats(agent: Agent, *people: str) -> None:
    for person in people:
        cast.chatting(agent, cast.user(person))


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def bearer(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {auth.mint_token(account=account, name='report')}"}


async def post(account: Account, **sent: str) -> tuple[Any, str]:
    answer = await in_database(lambda: browser(account).post(EXPORT, {"agent": "shop", "query": "", **sent}))
    return answer, await text(answer.streaming_content)


async def get(account: Account, query: str = "") -> tuple[Any, str]:
    answer = await in_database(lambda: Client(headers=bearer(account)).get(f"{API}?{query}"))
    return answer, await text(answer.streaming_content)


async def text(content: AsyncIterator[bytes]) -> str:
    return b"".join([piece async for piece in content]).decode()


def rows(sent: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(sent.removeprefix("\ufeff"))))


# ── what is in it


async def test_a_spreadsheet_gets_all_that_is_filtered_newest_first(olga: Account, shop: Agent) -> None:
    await in_database(lambda: chats(shop, "ada", "grace", "adam"))
    answer, sent = await post(olga, query="q=ada")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].endswith('.csv"')
    assert "no-store" in answer.headers["Cache-Control"]
    assert sent.startswith("\ufeffid,agent,user_id,")
    assert [row["user_name"] for row in rows(sent)] == ["Adam", "Ada"]
    (first, _) = rows(sent)
    assert (first["agent"], first["state"], first["silent"], first["end_reason"]) == ("shop", "live", "false", "")
    assert first["started_at"].endswith("Z")
    assert len(first["started_at"]) == len("2026-11-21T10:05:00.000Z")


async def test_json_has_numbers_and_nulls(olga: Account, shop: Agent) -> None:
    await in_database(lambda: chats(shop, "ada"))
    answer, sent = await post(olga, format="json")
    assert answer.headers["Content-Type"] == "application/json"
    (item,) = json.loads(sent)["items"]
    assert (item["user_turns"], item["silent"], item["ended_at"]) == (1, False, None)
    assert json.loads((await post(olga, format="json", query="q=nobody"))[1])["items"] == []


async def test_a_program_gets_it_without_a_byte_order_mark(olga: Account, shop: Agent) -> None:
    await in_database(lambda: chats(shop, "ada", "grace"))
    answer, sent = await get(olga, "agent=shop&q=gra")
    assert (answer.status_code, sent.startswith("id,agent,")) == (200, True)
    assert [row["user_name"] for row in rows(sent)] == ["Grace"]


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://evil","x")'])
async def test_nothing_that_a_user_typed_is_a_formula(olga: Account, shop: Agent, name: str) -> None:
    await in_database(lambda: cast.chatting(shop, cast.user("x", name=name)))
    for _, sent in (await post(olga), await get(olga)):
        with io.StringIO(sent.removeprefix("\ufeff"), newline="") as file:
            (row,) = csv.DictReader(file)
        assert row["user_name"] == f"'{name}"


# ── how it is made


async def test_many_are_sent_in_batches_each_once_and_in_order(
    olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "BATCH", 3)
    await in_database(lambda: chats(shop, *(f"user-{number}" for number in range(8))))
    _, sent = await post(olga)
    assert [row["user_id"] for row in rows(sent)] == [f"user-{number}" for number in reversed(range(8))]


def test_a_batch_takes_as_many_queries_however_many_there_are(
    olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch
) -> None:
    chats(shop, *(f"user-{number}" for number in range(12)))
    costs = []
    for size in (2, 5):
        monkeypatch.setattr(exporting, "BATCH", size)
        batches = begun(olga).batches()
        next(batches)
        with CaptureQueriesContext(connection) as queries:
            assert len(next(batches)) == size
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 4


def test_what_starts_meanwhile_is_not_in_it(olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 2)
    chats(shop, "ada", "grace", "lena")
    batches = begun(olga).batches()
    first = [row["user_id"] for row in next(batches)]
    chats(shop, "nina")
    assert first + [row["user_id"] for batch in batches for row in batch] == ["lena", "grace", "ada"]


def begun(account: Account, **given: Any) -> exporting.Export:
    return exporting.begin(
        principal=cast.principal(account),
        ask=lambda: cast.principal(Account.objects.get(pk=account.pk)),
        wanted=Filter(**given),
        form="csv",
    )


def test_a_right_taken_away_breaks_it_off(olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 2)
    chats(shop, "ada", "grace", "lena")
    batches = begun(olga).batches()
    next(batches)
    Grant.objects.filter(account=olga).delete()
    with pytest.raises(Withdrawn):
        next(batches)


async def test_who_signs_out_gets_no_more_of_it(olga: Account, shop: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "BATCH", 2)
    await in_database(lambda: chats(shop, "ada", "grace", "lena"))
    client = await in_database(lambda: browser(olga))
    answer = await in_database(lambda: client.post(EXPORT, {"agent": "shop"}))
    content = aiter(answer.streaming_content)
    assert (await anext(content)).startswith("\ufeffid".encode())
    assert len((await anext(content)).splitlines()) == 2
    await in_database(client.logout)
    with pytest.raises(Withdrawn):
        await anext(content)


# ── who may, and what is kept of it


def test_who_took_what_away_is_written_down_before_it_leaves(olga: Account, shop: Agent) -> None:
    chats(shop, "ada", "grace")
    browser(olga).post(EXPORT, {"agent": "shop", "query": "q=a&state=live", "format": "json"})
    entry = Entry.objects.get(verb="session.exported")
    assert (entry.account_id, entry.agent_id) == (olga.pk, shop.pk)
    assert entry.after == {
        "format": "json",
        "number": 1,
        "filter": {"state": "live", "version": "LIVE", "q": "a"},
    }


def test_nobody_else_may(shop: Agent) -> None:
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    assert status(tara, agent="shop") == 403
    assert status(tara) == 403
    assert status(cast.account("emil", Role.USER)) == 403
    assert status(cast.account("otto"), agent="shop") == 404
    assert not Entry.objects.filter(verb="session.exported").exists()


def status(account: Account, **sent: str) -> int:
    return browser(account).post(EXPORT, sent).status_code


async def test_another_owners_sessions_are_not_in_it(olga: Account, shop: Agent) -> None:
    await in_database(lambda: chats(shop, "ada"))
    otto = await in_database(lambda: cast.account("otto"))
    assert rows((await post(otto, agent=""))[1]) == []
    assert rows((await get(otto))[1]) == []


def test_it_takes_a_form_of_our_own_pages(olga: Account) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert client.get(EXPORT).status_code == 405
    assert client.post(EXPORT).status_code == 403
    assert Client().post(EXPORT).headers["Location"].startswith("/login/")


def test_what_is_no_filter_is_refused_of_a_program(olga: Account, shop: Agent) -> None:
    client = Client(headers=bearer(olga))
    for query in ("agent=nowhere", "state=asleep", "limit=5"):
        assert client.get(f"{API}?{query}").json()["code"] == "invalid"
