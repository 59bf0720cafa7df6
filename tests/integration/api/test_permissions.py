"""Who may call what: not visible is 404, visible but not allowed is 403 (1-product.md, "Permissions")."""

import pytest
from django.middleware.csrf import get_token
from django.test import Client, RequestFactory

from portal import api
from portal.accounts.models import Account, Token
from portal.lib import tokens
from sessions_app.models import VisitorToken
from tests import cast
from tests.integration.api.conftest import Program, come, program, refused

pytestmark = pytest.mark.django_db

CALLERS = ("admin", "owner", "stranger", "translator", "visitor", "other_visitor", "nobody")
START = {"agent": "shop", "user": {"id": "ada"}}
SAY = {"text": "hello"}
# What the visitor's session answers to each of CALLERS. `#` stands for its id.
TABLE = {
    ("GET", "/sessions"): (200, 200, 200, 200, 200, 200, 401),
    ("GET", "/sessions/#"): (200, 200, 404, 404, 200, 404, 401),
    ("GET", "/sessions/#/messages"): (200, 200, 404, 404, 200, 404, 401),
    ("GET", "/sessions/#/events"): (200, 200, 404, 404, 403, 404, 401),
    ("GET", "/sessions/#/data"): (200, 200, 404, 404, 403, 404, 401),
    ("PATCH", "/sessions/#/data"): (200, 200, 404, 404, 403, 404, 401),
    ("POST", "/sessions"): (201, 201, 404, 403, 403, 403, 401),
    ("POST", "/sessions/#/messages"): (200, 200, 404, 404, 200, 404, 401),
    ("POST", "/sessions/#/pause"): (200, 200, 404, 404, 200, 404, 401),
    ("POST", "/sessions/#/resume"): (200, 200, 404, 404, 200, 404, 401),
    ("POST", "/sessions/#/end"): (200, 200, 404, 404, 200, 404, 401),
    ("POST", "/sessions/#/clear-history"): (403, 403, 404, 404, 200, 404, 401),
    ("POST", "/sessions/#/extend"): (200, 200, 404, 404, 200, 404, 401),
    ("POST", "/sessions/#/transfer"): (422, 422, 404, 404, 422, 404, 401),  # there is no such agent
    ("DELETE", "/sessions/#/transfer"): (200, 200, 404, 404, 200, 404, 401),
    ("POST", "/sessions/#/live-chat"): (200, 200, 404, 404, 403, 404, 401),
    ("DELETE", "/sessions/#/live-chat"): (200, 200, 404, 404, 403, 404, 401),
    ("PUT", "/sessions/#/model"): (200, 403, 404, 404, 403, 404, 401),
    ("POST", "/sessions/#/fast-forward"): (422, 422, 404, 404, 403, 404, 401),  # it is no emulator session
    ("POST", "/sessions/bulk"): (200, 200, 200, 200, 200, 200, 401),  # each session has its own result
    ("POST", "/interactions"): (200, 200, 200, 200, 200, 200, 401),  # so has each message
    ("GET", "/agents"): (200, 200, 200, 200, 200, 200, 401),
    ("POST", "/agents"): (201, 201, 201, 403, 403, 403, 401),
    ("GET", "/agents/shop"): (200, 200, 404, 200, 404, 404, 401),
    ("PATCH", "/agents/shop"): (200, 200, 404, 403, 404, 404, 401),
    ("DELETE", "/agents/shop"): (409, 409, 404, 403, 404, 404, 401),  # the visitor's session is open
    ("POST", "/agents/shop/identity-secret"): (201, 201, 404, 403, 404, 404, 401),
    ("GET", "/agents/shop/session-policy"): (200, 200, 404, 403, 404, 404, 401),
    ("PUT", "/agents/shop/session-policy"): (200, 200, 404, 403, 404, 404, 401),
    ("POST", "/agents/shop/session-policy/preview"): (200, 200, 404, 403, 404, 404, 401),
    ("GET", "/agents/shop/session-policy/versions"): (200, 200, 404, 403, 404, 404, 401),
    ("POST", "/agents/shop/session-policy/versions/1/restore"): (200, 200, 404, 403, 404, 404, 401),
    ("GET", "/audit"): (200, 200, 200, 200, 403, 403, 401),
    ("GET", "/tokens"): (200, 200, 200, 200, 403, 403, 401),
    ("POST", "/tokens"): (201, 201, 201, 201, 403, 403, 401),
    ("PATCH", "/tokens/0"): (404, 404, 404, 404, 403, 403, 401),  # nobody's
    ("DELETE", "/tokens/0"): (404, 404, 404, 404, 403, 403, 401),
    ("GET", "/people"): (200, 200, 200, 403, 403, 403, 401),
    ("POST", "/people"): (201, 403, 403, 403, 403, 403, 401),
    ("GET", "/people/0"): (404, 404, 404, 404, 404, 404, 401),  # nobody
    ("PATCH", "/people/0"): (404, 404, 404, 404, 404, 404, 401),
    ("POST", "/people/0/invitation"): (404, 404, 404, 404, 404, 404, 401),
    ("PUT", "/agents/shop/members/olga"): (200, 200, 404, 403, 404, 404, 401),
    ("DELETE", "/agents/shop/members/olga"): (422, 422, 404, 403, 404, 404, 401),  # nobody else owns it
}
BODIES = {
    "/sessions": START,
    "/sessions/#/messages": SAY,
    "/sessions/#/data": {"basket": 1},
    "/sessions/#/transfer": {"agent": "nowhere"},
    "/sessions/#/model": {"model": None},
    "/sessions/#/fast-forward": {"by": "PT1M"},
    "/sessions/bulk": {"action": "pause", "filter": {}},
    "/interactions": {"items": [{"agent": "shop", "user": "ada", "text": "hello"}]},
    "/agents": {"name": "Bistro", "platform": "external"},
    "/agents/shop": {"name": "Store"},
    "/agents/shop/session-policy": {"warn_before": 30},
    "/agents/shop/session-policy/preview": {"warn_before": 30},
    "/tokens": {"name": "report", "expires_at": None},
    "/tokens/0": {"name": "report"},
    "/people": {"username": "nina", "name": "Nina", "email": "nina@portal.example", "role": "owner"},
    "/people/0": {"role": "owner"},
    "/agents/shop/members/olga": {"role": "owner"},
}
CODES = {401: "unauthenticated", 403: "forbidden", 404: "not_found", 409: "state_changed"}
REFUSED = {"/sessions/#/transfer": "transfer_impossible", "/sessions/#/fast-forward": "invalid"}
REFUSED["/agents/shop/members/olga"] = "invalid"


@pytest.mark.parametrize("caller", CALLERS)
@pytest.mark.parametrize(("method", "path"), TABLE)
def test_each_caller_gets_what_is_theirs(request, visitor, caller, method, path):
    expected = TABLE[method, path][CALLERS.index(caller)]
    body = BODIES.get(path) if method not in ("GET", "DELETE") else None
    who: Program = request.getfixturevalue(caller)

    response = who.call(method, path.replace("#", visitor.session), body)

    if expected == 422 or expected in CODES:
        refused(response, expected, CODES.get(expected) or REFUSED[path])
    else:
        assert response.status_code == expected, response.content


def test_every_operation_is_in_the_table():
    paths = api.document()["paths"]
    known = {(m.upper(), p) for p, methods in paths.items() for m in methods if "/chat/" not in p}
    names = {"#": "{session}", "shop": "{slug}", "versions/1": "versions/{number}", "tokens/0": "tokens/{id}"}
    names |= {"people/0": "people/{id}", "members/olga": "members/{username}"}
    rows = {(method, "/api/v1" + _with(names, path)) for method, path in TABLE}
    assert rows == known


def _with(names: dict[str, str], path: str) -> str:
    for word, name in names.items():
        path = path.replace(word, name)
    return path


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
