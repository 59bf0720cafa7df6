"""What a credential lets its caller do, and until when (3-api.md, "Who is calling")."""

import pytest
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from portal.accounts.models import Account, Token
from portal.lib import tokens
from sessions_app.models import VisitorToken
from tests import cast
from tests.integration.api.conftest import Program, come, program, refused

pytestmark = pytest.mark.django_db

START = {"agent": "shop", "user": {"id": "ada"}}


def test_lists_hold_only_what_the_caller_may_see(admin, owner, stranger, translator, visitor, other_visitor):
    theirs = cast.chatting(cast.agent("elsewhere", realm="other"), cast.user("zoe", realm="other"))
    ids = {visitor.session, other_visitor.session}

    def seen(caller: Program) -> set[str]:
        return {session["id"] for session in caller.get("/sessions").body["items"]}

    assert seen(admin) == ids | {str(theirs.pk)}
    assert seen(owner) == ids
    assert (seen(stranger), seen(translator)) == (set(), set())
    assert (seen(visitor), seen(other_visitor)) == ({visitor.session}, {other_visitor.session})


def test_a_translator_sees_names_and_languages_of_agents_and_nothing_else(translator, owner):
    seen = {"slug": "shop", "name": "Shop", "languages": ["en", "de"], "default_language": "en"}
    assert translator.get("/agents").body["items"] == [seen]
    assert translator.get("/agents/shop").body == seen
    assert set(seen) < set(owner.get("/agents/shop").body)


def test_actions_are_what_this_caller_may_do(olga, owner, visitor):
    reader = program(olga)
    Token.objects.filter(digest=tokens.digest(str(reader.token))).update(read_only=True)
    path = f"/sessions/{visitor.session}"

    assert owner.get(path).body["actions"] == ["end", "pause", "extend", "transfer", "take_over"]
    assert visitor.get(path).body["actions"] == ["end", "pause", "extend"], "nowhere to go is offered"
    assert reader.get(path).body["actions"] == []
    refused(reader.post(f"{path}/end"), 403, "forbidden")


def test_a_token_for_reading_reads(olga, shop, session):
    reader = program(olga)
    Token.objects.update(read_only=True)
    for path in ("/sessions", f"/sessions/{session.pk}/messages", f"/sessions/{session.pk}/events"):
        assert reader.get(path).status_code == 200
    assert reader.get("/agents/shop/session-policy").status_code == 200
    refused(reader.put("/agents/shop/session-policy", {"warn_before": 30}), 403, "forbidden")
    refused(reader.post("/sessions", START), 403, "forbidden")


# ── credentials
@pytest.mark.parametrize(
    "header",
    ["Bearer pat_wrong", "Bearer vis_wrong", "Bearer", "Bearer ", "Basic b2xnYTpzZWNyZXQ=", "pat_x", "Bearer é", "\t"],
)
def test_a_wrong_token_is_refused_and_says_how_to_come_in(nobody, header):
    nobody.headers = {"Authorization": header}
    response = nobody.get("/sessions")
    refused(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"] == "Bearer"


def test_a_token_counts_until_it_expires_or_its_account_is_closed(olga, owner):
    assert owner.get("/sessions").status_code == 200
    Token.objects.update(expires_at="2020-01-01T00:00:00Z")
    refused(owner.get("/sessions"), 401, "unauthenticated")
    Token.objects.update(expires_at=None)
    Account.objects.filter(pk=olga.pk).update(is_active=False)
    refused(owner.get("/sessions"), 401, "unauthenticated")


def test_a_visitor_token_counts_until_it_expires(visitor):
    VisitorToken.objects.update(expires_at="2020-01-01T00:00:00Z")
    refused(visitor.get("/sessions"), 401, "unauthenticated")


def test_ids_are_no_credentials(nobody, visitor, session):
    for word in (visitor.session, visitor.thread, str(session.user_id), "ada"):
        nobody.token = word
        refused(nobody.get(f"/sessions/{visitor.session}"), 401, "unauthenticated")


def test_a_cookie_counts_and_what_changes_something_needs_the_csrf_token(olga, session, settings):
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    path = f"/api/v1/sessions/{session.pk}"
    assert client.get(path).status_code == 200

    response = client.post(f"{path}/end", content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")

    page = RequestFactory().get("/")
    token = get_token(page)
    client.cookies[settings.CSRF_COOKIE_NAME] = page.META["CSRF_COOKIE"]
    response = client.post(f"{path}/end", content_type="application/json", headers={"X-CSRFToken": token})
    assert (response.status_code, response.json()["state"]) == (200, "ended")


def test_a_token_goes_before_a_cookie(olga, session):
    client = Client(headers={"Authorization": "Bearer pat_wrong"})
    client.force_login(olga)
    assert client.get(f"/api/v1/sessions/{session.pk}").status_code == 401


def test_a_right_taken_away_is_gone_at_the_next_call(olga, owner, session):
    olga.grants.all().delete()
    refused(owner.get(f"/sessions/{session.pk}"), 404, "not_found")


def test_a_visitor_of_one_realm_is_nobody_in_another(shop, visitor):
    elsewhere = cast.agent("elsewhere", realm="other")
    stranger = come(elsewhere)
    refused(visitor.get(f"/sessions/{stranger.session}"), 404, "not_found")
    refused(visitor.post("/sessions", {"agent": "elsewhere"}), 404, "not_found")


def test_who_may_not_write_to_an_agent_is_not_told_which_threads_it_has(translator, visitor):
    threads = [visitor.thread, "0199c2e0-0000-7000-8000-000000000000"]
    items = [{"agent": "shop", "thread": thread, "text": "hello"} for thread in threads]
    told = translator.post("/interactions", {"items": items}).body["items"]
    assert [item["code"] for item in told] == ["forbidden", "forbidden"]
