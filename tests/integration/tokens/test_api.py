"""`/api/v1/tokens`: everybody makes, changes and revokes their own."""

from datetime import timedelta
from typing import Any

import pytest

from portal.accounts.actions import tokens as actions
from portal.accounts.models import Account, Token
from portal.accounts.names import Role, Scope
from portal.agents.models import Agent
from portal.audit.models import Entry
from portal.lib import clock, tokens
from portal.lib.instants import iso
from portal.rest.models import KeptAnswer
from tests import cast
from tests.integration.api.conftest import Program, Visitor, program, refused
from tests.integration.tokens.conftest import with_token

pytestmark = pytest.mark.django_db

NEW = {"name": "report", "expires_at": None}
DAY = timedelta(days=1)


@pytest.fixture
def olgas(olga: Account, shop: Agent) -> Program:
    return program(olga)


def in_days(days: int) -> str:
    return iso(clock.now() + days * DAY)


# ── making one
def test_a_token_is_made_and_its_secret_is_told_this_once(olgas: Program) -> None:
    made = olgas.post("/tokens", NEW)
    assert made.status_code == 201
    secret, id = made.body["token"], made.body["id"]
    assert Program(secret).get("/agents").status_code == 200

    (listed,) = [each for each in olgas.get("/tokens").body["items"] if each["id"] == id]
    assert "token" not in listed
    assert secret not in olgas.get("/tokens").content.decode()
    assert bytes(Token.objects.get(pk=id).digest) == tokens.digest(secret)


def test_it_is_as_it_was_asked_for(olgas: Program) -> None:
    until = in_days(30)
    asked = {"name": " bot ", "expires_at": until, "scope": "backend", "read_only": True, "agents": ["shop", "shop"]}
    made = olgas.post("/tokens", asked).body
    assert {name: made[name] for name in asked} == {**asked, "name": "bot", "agents": ["shop"]}
    assert made["last_used_at"] is None


def test_its_secret_is_not_kept_for_those_who_send_again(olgas: Program) -> None:
    first, again = (olgas.post("/tokens", NEW, Idempotency_Key="one") for _ in range(2))
    assert first.body["token"] != again.body["token"]
    assert not KeptAnswer.objects.exists()


def test_when_it_expires_has_to_be_said(olgas: Program) -> None:
    problem = refused(olgas.post("/tokens", {"name": "report"}), 422, "invalid")
    assert problem["errors"] == {"expires_at": ["This is required."]}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "9999-12-31T23:59:59-12:00"}, "expires_at"),
        ({"expires_at": "0001-01-01T00:00:00+12:00"}, "expires_at"),
        ({"expires_at": "tomorrow"}, "expires_at"),
        ({"expires_at": 1}, "expires_at"),
        ({"scope": "everything"}, "scope"),
        ({"read_only": None}, "read_only"),
        ({"agents": []}, "agents"),
        ({"agents": ["nowhere"]}, "agents"),
        ({"agents": ["helpdesk"]}, "agents"),
        ({"agents": ["shop\n"]}, "agents.0"),
        ({"account": "root"}, "account"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_made(olgas: Program, wrong: dict[str, Any], field: str) -> None:
    cast.agent("helpdesk", owner=cast.account("otto"))
    problem = refused(olgas.post("/tokens", {**NEW, **wrong}), 422, "invalid")
    assert set(problem["errors"]) == {field}
    assert Token.objects.count() == 1


def test_an_agent_that_is_not_ones_own_is_told_like_one_that_is_none(olgas: Program) -> None:
    cast.agent("helpdesk", owner=cast.account("otto"))
    told = [olgas.post("/tokens", {**NEW, "agents": [slug]}).body["detail"] for slug in ("helpdesk", "nowhere_")]
    assert told[0].replace("helpdesk", "") == told[1].replace("nowhere_", "")


def test_there_are_only_so_many(olga: Account, olgas: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(actions, "MOST", 3)
    assert [olgas.post("/tokens", NEW).status_code for _ in range(3)] == [201, 201, 422]
    assert program(cast.account("otto")).post("/tokens", NEW).status_code == 201


@pytest.mark.parametrize("role", list(Role))
def test_everybody_with_an_account_has_tokens(role: Role) -> None:
    who = program(cast.account("somebody", role))
    made = who.post("/tokens", NEW).body
    assert who.call("PATCH", f"/tokens/{made['id']}", {"name": "other"}).body["name"] == "other"
    assert who.call("DELETE", f"/tokens/{made['id']}").status_code == 204


def test_visitors_have_none(visitor: Visitor) -> None:
    refused(visitor.get("/tokens"), 403, "forbidden")
    refused(visitor.post("/tokens", NEW), 403, "forbidden")


# ── somebody else's
def test_somebody_elses_does_not_exist(olgas: Program) -> None:
    otto, root = program(cast.account("otto")), program(cast.admin())
    id = olgas.post("/tokens", NEW).body["id"]
    for stranger in (otto, root):
        refused(stranger.call("PATCH", f"/tokens/{id}", {"read_only": True}), 404, "not_found")
        refused(stranger.call("DELETE", f"/tokens/{id}"), 404, "not_found")
        assert id not in [each["id"] for each in stranger.get("/tokens").body["items"]]
    assert not Token.objects.get(pk=id).read_only


@pytest.mark.parametrize("id", [0, 2**31, 2**63, 10**30])
def test_a_number_that_is_no_token_is_told_so(olgas: Program, id: int) -> None:
    refused(olgas.call("DELETE", f"/tokens/{id}"), 404, "not_found")


# ── changing one
def test_what_is_changed_holds_from_the_next_call_on(olgas: Program, billing: Agent) -> None:
    made = olgas.post("/tokens", NEW).body
    who = Program(made["token"])
    assert who.get("/agents/shop").status_code == 200
    changed = olgas.call("PATCH", f"/tokens/{made['id']}", {"agents": ["billing"]}).body
    assert (changed["agents"], changed["name"]) == (["billing"], "report")
    refused(who.get("/agents/shop"), 404, "not_found")
    olgas.call("PATCH", f"/tokens/{made['id']}", {"agents": None, "read_only": True})
    assert who.get("/agents/shop").status_code == 200
    refused(who.call("PATCH", "/agents/shop", {"name": "x"}), 403, "forbidden")


def test_one_that_has_expired_does_not_count_and_is_still_listed(olgas: Program) -> None:
    made = olgas.post("/tokens", {**NEW, "expires_at": in_days(1)}).body
    Token.objects.filter(pk=made["id"]).update(expires_at=clock.now() - DAY)
    refused(Program(made["token"]).get("/agents"), 401, "unauthenticated")
    assert made["id"] in [each["id"] for each in olgas.get("/tokens").body["items"]]
    renamed = olgas.call("PATCH", f"/tokens/{made['id']}", {"name": "old report"})
    assert renamed.status_code == 200, "what is past may stay"


def test_an_agent_that_is_lost_is_not_told_of_and_does_not_hinder_another_change(
    olga: Account, olgas: Program, billing: Agent
) -> None:
    id = olgas.post("/tokens", {**NEW, "agents": ["shop", "billing"]}).body["id"]
    billing.grants.all().delete()
    changed = olgas.call("PATCH", f"/tokens/{id}", {"name": "renamed"}).body
    assert (changed["name"], changed["agents"]) == ("renamed", ["shop"])
    assert billing.pk in (Token.objects.get(pk=id).agent_ids or ())


# ── revoking one
def test_a_revoked_one_is_refused_at_once(olgas: Program) -> None:
    made = olgas.post("/tokens", NEW).body
    assert Program(made["token"]).get("/agents").status_code == 200
    assert olgas.call("DELETE", f"/tokens/{made['id']}").status_code == 204
    refused(Program(made["token"]).get("/agents"), 401, "unauthenticated")
    refused(olgas.call("DELETE", f"/tokens/{made['id']}"), 404, "not_found")


def test_one_may_revoke_itself(olga: Account) -> None:
    who = with_token(olga)
    id = Token.objects.get().pk
    assert who.call("DELETE", f"/tokens/{id}").status_code == 204
    refused(who.get("/tokens"), 401, "unauthenticated")


@pytest.mark.parametrize(
    "secret",
    [
        lambda secret: secret[:-1],
        lambda secret: secret[:10],
        lambda secret: secret + "x",
        lambda secret: secret.swapcase(),
        lambda secret: secret.replace("pat_", "vis_"),
        lambda secret: secret.replace("pat_", ""),
        lambda secret: "pat_",
        lambda secret: "pat_" + tokens.digest(secret).hex(),
        lambda secret: "pat_" + "A" * 43,
        lambda secret: secret + "\0",
    ],
)
def test_a_forged_or_truncated_one_is_refused(olgas: Program, secret: Any) -> None:
    made = olgas.post("/tokens", NEW).body["token"]
    refused(Program(secret(made)).get("/agents"), 401, "unauthenticated")


# ── with what one comes
def test_a_limited_token_makes_none_and_sees_none(olga: Account, shop: Agent) -> None:
    for limits in ({"agents": ("shop",)}, {"scope": Scope.BACKEND}):
        who = with_token(olga, **limits)
        refused(who.get("/tokens"), 403, "forbidden")
        refused(who.post("/tokens", NEW), 403, "forbidden")
    reader = with_token(olga, read_only=True)
    assert reader.get("/tokens").status_code == 200
    refused(reader.post("/tokens", NEW), 403, "forbidden")
    assert Token.objects.count() == 3


def test_a_limited_token_does_not_free_itself(olga: Account, shop: Agent) -> None:
    limits: list[dict[str, Any]] = [{"agents": ("shop",)}, {"scope": Scope.BACKEND}, {"read_only": True}]
    for each in limits:
        who = with_token(olga, **each)
        id = Token.objects.latest("pk").pk
        free = {"agents": None, "scope": "account", "read_only": False}
        refused(who.call("PATCH", f"/tokens/{id}", free), 403, "forbidden")


def test_one_that_expires_makes_none_that_lasts_longer(olga: Account) -> None:
    forever = with_token(olga)
    id = Token.objects.get().pk
    who = with_token(olga, expires_at=clock.now() + 7 * DAY)
    for lasts in (None, in_days(8)):
        problem = refused(who.post("/tokens", {"name": "longer", "expires_at": lasts}), 422, "invalid")
        assert set(problem["errors"]) == {"expires_at"}
    assert who.post("/tokens", {"name": "shorter", "expires_at": in_days(6)}).status_code == 201
    refused(who.call("PATCH", f"/tokens/{id}", {"scope": "account", "name": "mine"}), 422, "invalid")
    own = Token.objects.get(expires_at__gt=clock.now() + 6 * DAY).pk
    refused(who.call("PATCH", f"/tokens/{own}", {"expires_at": None}), 422, "invalid")
    assert forever.get("/tokens").status_code == 200


# ── the list
def test_the_list_is_paged_newest_first(olgas: Program) -> None:
    ids = [olgas.post("/tokens", {**NEW, "name": str(n)}).body["id"] for n in range(3)]
    first = olgas.get("/tokens", limit=2).body
    rest = olgas.get("/tokens", limit=2, cursor=first["next_cursor"]).body
    assert [each["id"] for each in first["items"]] == [ids[2], ids[1]]
    assert [each["id"] for each in rest["items"]][:1] == [ids[0]]
    assert rest["next_cursor"] is None
    refused(olgas.get("/tokens", cursor="bm8"), 422, "invalid")


# ── the audit log
def test_each_deed_is_in_the_audit_log_without_the_secret(olga: Account, olgas: Program) -> None:
    made = olgas.post("/tokens", {**NEW, "agents": ["shop"]}).body
    olgas.call("PATCH", f"/tokens/{made['id']}", {"read_only": True})
    olgas.call("PATCH", f"/tokens/{made['id']}", {"read_only": True})
    olgas.call("DELETE", f"/tokens/{made['id']}")
    entries = list(Entry.objects.order_by("pk"))
    assert [entry.verb for entry in entries] == ["token.made", "token.changed", "token.revoked"]
    assert {entry.account_id for entry in entries} == {olga.pk}
    assert {entry.subject for entry in entries} == {f"token {made['id']}"}
