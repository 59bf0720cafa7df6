"""A token that does less than its account (3-api.md, "Who is calling"). What it gets of every call is in the table of
`tests/integration/api/test_permissions.py`."""

from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import Account, Token
from portal.accounts.names import Scope
from portal.agents.models import Agent
from tests import cast
from tests.integration.api.conftest import Visitor, refused
from tests.integration.tokens.conftest import with_token

pytestmark = pytest.mark.django_db

START = {"agent": "shop", "user": {"id": "ada"}}
SAY = {"text": "hello"}


@pytest.mark.parametrize("limits", [{"read_only": True}, {"scope": Scope.BACKEND}, {"agents": ("billing",)}])
def test_what_is_done_to_many_is_denied_to_each(
    olga: Account, billing: Agent, visitor: Visitor, limits: dict[str, Any]
) -> None:
    who = with_token(olga, **limits)
    (item,) = who.post("/sessions/bulk", {"action": "end", "ids": [visitor.session]}).body["items"]
    assert item["result"] == "denied"
    assert visitor.get(f"/sessions/{visitor.session}").body["state"] == "live"


def test_what_is_written_in_bulk_is_refused_item_by_item(olga: Account, shop: Agent, billing: Agent) -> None:
    items = [{"agent": agent, "user": "ada", "text": "hello"} for agent in ("shop", "billing")]

    def said(**limits: Any) -> list[str | None]:
        answer = with_token(olga, **limits).post("/interactions", {"items": items}).body["items"]
        return [item["code"] for item in answer]

    assert said(read_only=True) == ["forbidden", "forbidden"]
    assert said(agents=("billing",)) == ["not_found", None]
    assert said(scope=Scope.BACKEND) == [None, None]
    assert said(scope=Scope.BACKEND, agents=("shop",)) == [None, "not_found"]


def test_lists_hold_what_it_is_bound_to(olga: Account, visitor: Visitor, billing: Agent) -> None:
    theirs = cast.chatting(billing, cast.user("ada"))
    bound = with_token(olga, agents=("billing",))
    assert [each["id"] for each in bound.get("/sessions").body["items"]] == [str(theirs.pk)]
    assert [each["slug"] for each in bound.get("/agents").body["items"]] == ["billing"]
    refused(bound.get("/sessions", agent="shop"), 422, "invalid")


def test_an_admins_is_bound_like_any_other(shop: Agent, billing: Agent, visitor: Visitor) -> None:
    root = cast.admin()
    bound, backend = with_token(root, agents=("billing",)), with_token(root, scope=Scope.BACKEND)
    refused(bound.get(f"/sessions/{visitor.session}"), 404, "not_found")
    refused(bound.post("/sessions", START), 404, "not_found")
    assert bound.get("/agents/billing").body["owners"] == ["olga"]
    assert [each["slug"] for each in bound.get("/agents").body["items"]] == ["billing"]
    assert bound.get("/sessions").body["items"] == []
    assert backend.post(f"/sessions/{visitor.session}/messages", {**SAY, "from": "bot"}).status_code == 200
    refused(backend.put(f"/sessions/{visitor.session}/model", {"model": None}), 403, "forbidden")


def test_a_back_end_writes_as_any_side_and_is_shown_no_actions(olga: Account, visitor: Visitor) -> None:
    backend = with_token(olga, scope=Scope.BACKEND)
    for side in ("user", "bot", "human"):
        said = backend.post(f"/sessions/{visitor.session}/messages", {**SAY, "from": side})
        assert said.body["message"]["from"] == side
    assert backend.get(f"/sessions/{visitor.session}").body["actions"] == []
    assert set(backend.get("/agents/shop").body) == {"slug", "name", "languages", "default_language"}


def test_limits_add_up(olga: Account, visitor: Visitor) -> None:
    who = with_token(olga, scope=Scope.BACKEND, read_only=True, agents=("shop",))
    assert who.get(f"/sessions/{visitor.session}/data").status_code == 200
    refused(who.post("/sessions", START), 403, "forbidden")
    refused(who.get("/agents/shop/session-policy"), 403, "forbidden")


def test_it_never_does_more_than_its_account(olga: Account, shop: Agent, visitor: Visitor) -> None:
    bound = with_token(olga, agents=("shop",))
    assert bound.get("/agents/shop").status_code == 200
    olga.grants.all().delete()
    refused(bound.get("/agents/shop"), 404, "not_found")


def test_one_whose_only_agent_is_removed_reaches_no_other(olga: Account, shop: Agent, billing: Agent) -> None:
    bound = with_token(olga, agents=("billing",))
    billing.delete()
    assert bound.get("/agents").body["items"] == []
    refused(bound.get("/agents/shop"), 404, "not_found")
    refused(bound.post("/agents", {"name": "Bistro", "platform": "external"}), 403, "forbidden")


def test_an_answer_that_is_kept_is_none_for_a_token_of_another_agent(
    olga: Account, shop: Agent, billing: Agent
) -> None:
    first = with_token(olga, agents=("shop",)).post("/sessions", START, Idempotency_Key="one")
    assert first.status_code == 201
    refused(with_token(olga, agents=("billing",)).post("/sessions", START, Idempotency_Key="one"), 404, "not_found")


def test_nor_is_one_of_a_whole_token_for_a_back_end(olga: Account, shop: Agent) -> None:
    with_token(olga).post("/sessions", START, Idempotency_Key="one")
    refused(with_token(olga, scope=Scope.BACKEND).post("/sessions", START, Idempotency_Key="one"), 403, "forbidden")


def test_one_that_was_bound_to_less_since_does_not_get_the_answer_of_then(
    olga: Account, shop: Agent, billing: Agent
) -> None:
    who = with_token(olga, agents=("shop", "billing"))
    assert who.post("/sessions", START, Idempotency_Key="one").status_code == 201
    Token.objects.update(agent_ids=[billing.pk])
    refused(who.post("/sessions", START, Idempotency_Key="one"), 403, "forbidden")


def test_a_limited_one_of_an_admin_is_not_told_about_the_whole_house(client: Client, shop: Agent) -> None:
    root = cast.admin()

    def metrics(**limits: Any) -> int:
        headers = {"Authorization": f"Bearer {with_token(root, **limits).token}"}
        return client.get("/metrics", headers=headers, REMOTE_ADDR="203.0.113.7").status_code

    assert [metrics(), metrics(read_only=True)] == [200, 200]
    assert [metrics(agents=("shop",)), metrics(scope=Scope.BACKEND)] == [403, 403]
