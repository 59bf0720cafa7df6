"""`/tokens/`: making a token that is shown once, changing it, revoking it."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account, Token
from portal.accounts.names import Role
from portal.agents.models import Agent
from tests import cast
from tests.integration.api.conftest import Program, refused

pytestmark = pytest.mark.django_db

NEW = {"name": "report", "expires_at": "30", "scope": "account", "reach": "all"}


def signed_in(account: Account) -> Client:
    client = Client()
    cast.sign_in(client, account)
    return client


@pytest.fixture
def client(olga: Account, shop: Agent) -> Client:
    return signed_in(olga)


def made(client: Client, **changed: Any) -> str:
    """The secret, as the page shows it."""
    page = client.post("/tokens/new/", {**NEW, **changed})
    assert page.status_code == 201, page.context["form"].errors
    secret: str = page.context["secret"]
    assert page.text.count(secret) == 1
    return secret


def errors(response: HttpResponse) -> dict[str, list[str]]:
    assert response.status_code == 422
    return {name: list(map(str, sentences)) for name, sentences in response.context["form"].errors.items()}  # type: ignore[attr-defined]


def test_with_none_it_says_what_tokens_are_for_and_where_to_begin(client: Client) -> None:
    page = client.get("/tokens/").text
    assert "No tokens yet" in page
    assert 'href="/tokens/new/"' in page


def test_the_secret_is_shown_by_the_answer_to_the_form_and_nowhere_else(client: Client) -> None:
    secret = made(client)
    assert Program(secret).get("/agents/shop").status_code == 200
    seen = [client.get(path).text for path in ("/tokens/", f"/tokens/{Token.objects.get().pk}/", "/tokens/new/")]
    assert [secret in text for text in seen] == [False, False, False]
    assert secret not in str(dict(client.session))
    assert "report" in seen[0]


def test_the_page_with_the_secret_is_kept_by_nobody(client: Client) -> None:
    page = client.post("/tokens/new/", NEW)
    assert "no-store" in page.headers["Cache-Control"]


def test_a_form_that_is_sent_again_makes_no_second_token(client: Client) -> None:
    made(client)
    assert errors(client.post("/tokens/new/", NEW)) == {"name": ["You have a token of this name already."]}
    assert Token.objects.count() == 1


def test_when_it_expires_is_a_choice_one_has_to_make_and_never_is_one(client: Client) -> None:
    assert list(errors(client.post("/tokens/new/", {**NEW, "expires_at": ""}))) == ["expires_at"]
    made(client, expires_at="never")
    assert Token.objects.get().expires_at is None


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "\0"}, "name"),
        ({"expires_at": "0"}, "expires_at"),
        ({"expires_at": "keep"}, "expires_at"),
        ({"scope": "all"}, "scope"),
        ({"reach": "some"}, "agents"),
        ({"reach": "some", "agents": ["helpdesk"]}, "agents"),
        ({"reach": ""}, "reach"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(
    client: Client, changed: dict[str, Any], field: str
) -> None:
    cast.agent("helpdesk", owner=cast.account("otto"))
    refused = client.post("/tokens/new/", {**NEW, "read_only": "on", **changed})
    assert list(errors(refused)) == [field]
    form = refused.context["form"]
    typed = {**NEW, **changed}
    assert {name: form[name].value() for name in ("name", "expires_at", "scope", "reach")} == {
        name: typed[name] for name in ("name", "expires_at", "scope", "reach")
    }
    assert form["read_only"].value()
    assert not Token.objects.exists()


def test_it_is_bound_to_the_agents_one_chooses_of_those_one_sees(client: Client, olga: Account) -> None:
    cast.agent("billing", owner=olga)
    cast.agent("helpdesk", owner=cast.account("otto"))
    boxes = client.get("/tokens/new/").context["form"].boxes
    assert [agent.slug for _, agent in boxes] == ["billing", "shop"]
    who = Program(made(client, reach="some", agents=["billing"], scope="backend"))
    refused(who.get("/agents/shop"), 404, "not_found")
    assert who.post("/sessions", {"agent": "billing", "user": {"id": "ada"}}).status_code == 201


def test_changing_it_begins_with_how_it_stands_and_keeps_its_secret(client: Client, shop: Agent) -> None:
    secret = made(client, reach="some", agents=["shop"], read_only="on")
    path = f"/tokens/{Token.objects.get().pk}/"
    form = client.get(path).context["form"]
    stands = {name: form[name].value() for name in form.fields}
    assert stands == {
        "name": "report",
        "expires_at": "keep",
        "scope": "account",
        "read_only": True,
        "reach": "some",
        "agents": ["shop"],
    }
    before = Token.objects.get()
    saved = client.post(path, {**stands, "name": "monthly report", "read_only": ""})
    assert saved.headers["Location"] == "/tokens/"
    token = Token.objects.get()
    assert (token.name, token.read_only, token.agent_ids) == ("monthly report", False, [shop.pk])
    assert token.expires_at == before.expires_at
    assert Program(secret).post("/sessions", {"agent": "shop", "user": {"id": "ada"}}).status_code == 201


def test_taking_away_its_last_agent_does_not_open_all_of_them(client: Client) -> None:
    made(client, reach="some", agents=["shop"])
    path = f"/tokens/{Token.objects.get().pk}/"
    kept = {**NEW, "expires_at": "keep", "reach": "some"}
    assert errors(client.post(path, kept)) == {"agents": ["Choose at least one agent."]}
    assert Token.objects.get().agent_ids


def test_revoking_one_takes_a_post_and_works_at_once(client: Client) -> None:
    secret = made(client)
    path = f"/tokens/{Token.objects.get().pk}/revoke/"
    assert client.get(path).status_code == 405
    page = client.post(path, follow=True)
    assert "The token “report” is revoked." in page.text
    refused(Program(secret).get("/agents"), 401, "unauthenticated")


def test_a_cross_site_post_makes_and_revokes_nothing(olga: Account, client: Client) -> None:
    made(client)
    strict = Client(enforce_csrf_checks=True)
    cast.sign_in(strict, olga)
    for path in ("/tokens/new/", f"/tokens/{Token.objects.get().pk}/revoke/"):
        assert strict.post(path, {**NEW, "name": "other"}).status_code == 403
    assert Token.objects.get().name == "report"


def test_somebody_elses_is_not_there(client: Client) -> None:
    made(client)
    id = Token.objects.get().pk
    for stranger in (signed_in(cast.account("otto")), signed_in(cast.admin())):
        assert stranger.get("/tokens/").context["tokens"] == []
        assert stranger.get(f"/tokens/{id}/").status_code == 404
        assert stranger.post(f"/tokens/{id}/", {**NEW, "name": "mine"}).status_code == 404
        assert stranger.post(f"/tokens/{id}/revoke/").status_code == 404
    assert Token.objects.get().name == "report"


@pytest.mark.parametrize("role", list(Role))
def test_everybody_with_an_account_has_the_page(role: Role) -> None:
    who = signed_in(cast.account("somebody", role))
    assert who.get("/tokens/").status_code == 200
    assert made(who)


def test_a_stranger_signs_in_first() -> None:
    answer = Client().get("/tokens/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login/?next=/tokens/")
    assert Client().post("/tokens/new/", NEW).status_code == 302


def test_a_name_is_shown_as_text(client: Client) -> None:
    made(client, name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in client.get("/tokens/").text
