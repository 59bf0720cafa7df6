"""Bad input gives a clear problem and never a 500 (5-promises.md, "Security")."""

import json
import logging
from typing import Any

import pytest
from django.db import OperationalError
from django.db.backends.utils import CursorWrapper
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.rest import problems
from sessions_app.models import ChatUser, Message
from sessions_app.queries import sessions
from tests.integration.api.conftest import refused

pytestmark = pytest.mark.django_db

DEEP = b'{"agent":"shop","user":{"id":"ada","attributes":{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}}}"


def with_attributes(value: bytes) -> bytes:
    return b'{"agent":"shop","user":{"id":"ada","attributes":{"a":' + value + b"}}}"


# ── JSON
@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "required"),
        (b"{", "not JSON"),
        (b"nonsense", "not JSON"),
        (b'"text"', "object"),
        (b"[]", "object"),
        (b"5", "object"),
        (b"null", "object"),
        (b"\xff\xfe{}", "UTF-8"),
        (b'{"agent":"\xed\xa0\x80"}', "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (DEEP, "nested too deeply"),
        (with_attributes(b"[" * 60 + b"]" * 60), "nested too deeply"),
        (with_attributes(b"NaN"), "NaN is not a number"),
        (with_attributes(b"-Infinity"), "-Infinity is not a number"),
        (with_attributes(b"1e999"), "1e999 is too large a number"),
        (with_attributes(b"9" * 5000), "too many digits"),
        (with_attributes(b'"\\u0000"'), "U+0000"),
        (with_attributes(b'{"\\u0000":1}'), "U+0000"),
        (with_attributes(b'"\\ud800"'), "U+D800"),
        (with_attributes(b'"\\udc00\\ud800"'), "U+DC00"),
    ],
)
def test_what_is_no_json_or_cannot_be_kept_is_refused(owner, shop, body, word):
    problem = refused(owner.post("/sessions", body), 422, "invalid")
    assert word in problem["detail"], problem
    assert not ChatUser.objects.exists()


def test_what_looks_dangerous_and_is_not_is_taken(owner, shop):
    harmless = {"a": "\\u0000", "b": "😀", "c": [[[[1.5, -1e-9, 10**40]]]], "__proto__": {"x": None}}
    body = {"agent": "shop", "user": {"id": "ada", "attributes": harmless}}
    assert owner.post("/sessions", body).status_code == 201
    assert ChatUser.objects.get().attributes == harmless


def test_everything_typed_comes_back_as_it_was_typed(owner, session):
    text = "<script>alert(1)</script> {agent} %s \\ \" ' ☃ \u202e 😀\r\n\ttab"
    owner.post(f"/sessions/{session.pk}/messages", {"text": text})
    assert owner.get(f"/sessions/{session.pk}/messages").body["items"][-1]["text"] == text


def test_a_body_that_is_too_large_is_refused_before_it_is_read(owner, session):
    response = owner.post(f"/sessions/{session.pk}/messages", {"text": "x" * 3_000_000})
    refused(response, 413, "invalid")
    assert Message.objects.count() == 1


# ── addresses and methods
@pytest.mark.parametrize("path", ["/nowhere", "/sessions/", "/sessions/x/y/z", "/", "/agents/a%2Fb", "/agents/%00"])
def test_an_unknown_address_is_a_problem_too(owner, path):
    refused(owner.get(path), 404, "not_found")


def test_a_wrong_method_says_which_are_right(owner, session):
    response = owner.call("DELETE", f"/sessions/{session.pk}")
    refused(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == "GET"


def test_a_wrong_host_is_a_problem_too(owner):
    owner.headers = {"Host": "evil.example"}
    assert owner.get("/sessions").body["code"] == "invalid"


def test_pages_keep_their_own_errors(client):
    response = client.get("/nowhere/")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


# ── what goes wrong here
@pytest.fixture
def database_away(monkeypatch):
    def refuse(*_args: Any, **_more: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    def break_it() -> None:
        monkeypatch.setattr(CursorWrapper, "execute", refuse)

    return break_it


@pytest.mark.parametrize("path", ["/sessions", "/agents/shop"])
def test_a_database_that_is_away_is_said_and_when_to_ask_again(owner, database_away, path):
    database_away()
    response = owner.get(path)
    refused(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0


def test_it_is_said_to_browsers_and_new_visitors_too(olga, nobody, shop, database_away):
    browser = Client()
    browser.force_login(olga)
    database_away()
    response = browser.get("/api/v1/sessions")
    assert (response.status_code, json.loads(response.content)["code"]) == (503, "unavailable")
    refused(nobody.post("/chat/shop"), 503, "unavailable")


def test_a_mistake_of_ours_is_logged_and_named_by_its_request(owner, monkeypatch, caplog):
    monkeypatch.setattr(sessions, "page", lambda *_args, **_more: 1 / 0)
    with caplog.at_level(logging.ERROR):
        response = owner.get("/sessions")
    problem = refused(response, 500, "internal_error")
    assert response.headers["X-Request-ID"] in problem["detail"]
    assert "division" not in response.content.decode()
    assert "ZeroDivisionError" in caplog.text


def test_every_code_of_the_contract_has_its_status():
    contract = {
        "unauthenticated": 401,
        "forbidden": 403,
        "not_found": 404,
        "session_ended": 409,
        "session_paused": 409,
        "state_changed": 409,
        "agent_disabled": 409,
        "version_conflict": 412,
        "invalid": 422,
        "out_of_bounds": 422,
        "rate_limited": 429,
    }
    assert {code: problems.CODES[code][0] for code in contract} == contract


# ── every text there is
SESSION = {"session": "#"}
TEXTS: list[tuple[str, dict[str, Any]]] = [
    ("POST /sessions", {"agent": "@", "user": {"id": "ada"}}),
    *(("POST /sessions", {"agent": "shop", "user": {"id": "bert", name: "@"}}) for name in ("id", "name", "email")),
    *(("POST /sessions", {"agent": "shop", "user": {"id": "bert"}, n: "@"}) for n in ("language", "locale", "channel")),
    ("POST /sessions/#/messages", {"text": "@"}),
    ("POST /sessions/#/messages", {"text": "hi", "client_id": "@"}),
    ("POST /sessions/#/messages", {"kind": "event", "event": "@"}),
    *((f"POST /sessions/#/{deed}", {"reason": "@"}) for deed in ("end", "pause", "resume", "extend", "live-chat")),
    ("POST /sessions/#/transfer", {"agent": "shop", "reason": "@"}),
    ("POST /sessions/#/transfer", {"agent": "@"}),
    ("DELETE /sessions/#/transfer", {"reason": "@"}),
    ("DELETE /sessions/#/live-chat", {"reason": "@"}),
    ("PUT /sessions/#/model", {"model": "@"}),
    ("PUT /sessions/#/model", {"model": None, "reason": "@"}),
    ("POST /sessions/#/fast-forward", {"by": "@"}),
    ("POST /sessions/bulk", {"action": "pause", "ids": ["@"]}),
    ("POST /sessions/bulk", {"action": "pause", "ids": [], "reason": "@"}),
    *(
        ("POST /sessions/bulk", {"action": "pause", "filter": {name: "@"}})
        for name in ("agent", "user", "channel", "language", "q", "started_after")
    ),
    ("POST /interactions", {"items": [{"session": "@", "text": "hi"}]}),
    ("POST /interactions", {"items": [SESSION | {"text": "@"}]}),
    ("POST /interactions", {"items": [SESSION | {"text": "hi", "client_id": "@"}]}),
    ("POST /interactions", {"items": [SESSION | {"text": "hi", "at": "@"}]}),
    ("POST /interactions", {"items": [SESSION | {"kind": "event", "event": "@"}]}),
    ("POST /interactions", {"items": [{"agent": "@", "user": "ada", "text": "hi"}]}),
    ("POST /interactions", {"items": [{"agent": "shop", "user": "@", "text": "hi"}]}),
    ("PUT /agents/shop/session-policy", {"reason": "@"}),
    ("POST /chat/shop", {"visitor_token": "@"}),
    ("POST /chat/shop", {"language": "@"}),
]
WRONG = {
    "NUL": b'"a\\u0000b"',
    "a lone surrogate": b'"a\\ud800b"',
    "no UTF-8": b'"a\xed\xa0\x80b"',
    "8,001 characters": b'"' + b"x" * 8001 + b'"',
    "a number": b"5",
    "NaN": b"NaN",
    "1e999": b"1e999",
    "a list": b'["a"]',
    "100,000 levels": b"[" * 100_000 + b"]" * 100_000,
}


NO_JSON = {"NUL", "a lone surrogate", "no UTF-8", "NaN", "1e999", "100,000 levels"}
A_LENGTH = ("/sessions/#/fast-forward", "a number")


@pytest.mark.parametrize(("call", "body"), TEXTS, ids=[f"{call} {json.dumps(body)}" for call, body in TEXTS])
def test_no_text_takes_what_is_no_text(admin, session, call, body):
    """Refused as a whole, with nothing kept; a length of time alone may be a number."""
    method, path = call.split()
    template = json.dumps(body).encode().replace(b"#", str(session.pk).encode())
    before = (Message.objects.count(), ChatUser.objects.count())
    for name, wrong in WRONG.items():
        response = admin.call(method, path.replace("#", str(session.pk)), template.replace(b'"@"', wrong))
        problem = refused(response, 422, "invalid")
        assert ("errors" not in problem) == (name in NO_JSON or (path, name) == A_LENGTH), (name, problem)
    assert (Message.objects.count(), ChatUser.objects.count()) == before


@pytest.mark.parametrize("place", [b'{"a":@}', b'{"a":{"b":[@]}}', b"@"])
def test_session_data_takes_nothing_that_is_no_json(owner, session, place):
    for name in NO_JSON:
        refused(owner.call("PATCH", f"/sessions/{session.pk}/data", place.replace(b"@", WRONG[name])), 422, "invalid")
    assert list(owner.get(f"/sessions/{session.pk}/data").body) == ["internal"]


# ── anything at all
ANY = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["P1D", "live", "vis_x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
DEEDS = ("end", "pause", "resume", "extend", "clear-history", "live-chat")
VALID: dict[str, dict[str, Any]] = {
    "POST /sessions": {
        "agent": "shop",
        "user": {"id": "ada", "name": "Ada", "attributes": {}},
        "thread": None,
        "language": "de",
        "locale": "de-at",
        "channel": "web",
        "version": "LIVE",
        "prompt": False,
    },
    "POST /sessions/#/messages": {
        "kind": "text",
        "text": "hi",
        "event": None,
        "payload": {},
        "from": "user",
        "client_id": "c",
    },
    **{f"POST /sessions/#/{deed}": {"reason": "", "seen_state": "live"} for deed in DEEDS},
    "POST /sessions/#/transfer": {"agent": "shop", "reason": "", "seen_state": "live"},
    "DELETE /sessions/#/transfer": {"reason": ""},
    "DELETE /sessions/#/live-chat": {"reason": ""},
    "PUT /sessions/#/model": {"model": "large", "reason": "", "seen_state": "live"},
    "POST /sessions/#/fast-forward": {"by": "PT1M"},
    "PATCH /sessions/#/data": {"basket": {"tea": 1}, "memory": None, "internal": None},
    "POST /sessions/bulk": {"action": "pause", "ids": ["#"], "expect": 1, "reason": ""},
    "POST /interactions": {"items": [{"session": "#", "kind": "text", "text": "hi", "client_id": "c"}]},
    "PUT /agents/shop/session-policy": {
        "session_duration": "PT30M",
        "max_concurrent_per_user": 3,
        "end_behavior": "keep_history",
        "reason": "",
        "transcript_retention": "P30D",
        "warn_before": 0,
        "allow_model_override": True,
        "reach": "new",
    },
    "POST /agents/shop/session-policy/preview": {"session_duration": "PT1M", "max_concurrent_per_user": 1},
    "POST /agents/shop/session-policy/versions/1/restore": {"reach": "running", "reason": ""},
    "POST /agents": {"slug": "bistro", "name": "Bistro", "platform": "scripted", "engine": {"script": "languages:"}},
    "PATCH /agents/shop": {
        "name": "Store",
        "languages": ["en", "pt-BR"],
        "default_language": "en",
        "prompt": {"kind": "preset", "event": None, "text": "Hi"},
        "model": None,
        "models": ["large"],
        "allowed_origins": ["https://shop.example"],
        "identity": "none",
        "transfer_targets": ["shop"],
        "realm": "test",
        "remember": True,
        "sensitive_variables": ["iban"],
        "owners": ["olga"],
        "status": "active",
        "engine": None,
    },
    "POST /chat/shop": {"visitor_token": "vis_x", "language": "de"},
}
ITEM = ("session", "agent", "thread", "user", "kind", "text", "event", "payload", "from", "client_id", "at")
QUERIES = {
    "GET /sessions": (
        *("agent", "state", "user", "version", "channel", "language", "end_reason", "archived", "q", "limit", "cursor"),
        *("started_after", "started_before"),
    ),
    "GET /sessions/#/messages": ("limit", "cursor"),
    "GET /sessions/#/events": ("limit", "cursor"),
    "GET /sessions/#/data": ("path", "reveal"),
    "GET /agents": ("limit", "cursor"),
    "GET /agents/shop/session-policy/versions": ("limit", "cursor"),
}


@st.composite
def bodies(draw: st.DrawFn) -> tuple[str, bytes]:
    """A call with a body that is nearly right: one field of it is anything; or with any bytes."""
    call = draw(st.sampled_from(sorted(VALID)))
    if draw(st.integers(0, 4)) == 0:
        return call, draw(st.binary(max_size=60))
    changed = {draw(st.sampled_from([*VALID[call], "other"])): draw(ANY)}
    if call == "POST /interactions" and draw(st.booleans()):
        (item,) = VALID[call]["items"]
        changed = {"items": [item | {draw(st.sampled_from([*ITEM, "other"])): draw(ANY)}]}
    return call, json.dumps(VALID[call] | changed).encode("utf-8", "surrogatepass")


def check(response: Any) -> None:
    assert response.status_code < 500, response.content
    if response.status_code >= 400:
        refused(response, response.status_code, response.body["code"])


@settings(
    max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(sent=bodies())
def test_no_body_makes_it_fail(owner, session, sent):
    call, body = sent
    method, path = call.split()
    check(owner.call(method, path.replace("#", str(session.pk)), body.replace(b"#", str(session.pk).encode())))


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(call=st.sampled_from(sorted(QUERIES)), data=st.data())
def test_no_query_makes_it_fail(owner, session, call, data):
    method, path = call.split()
    instants = st.datetimes(timezones=st.timezones()).map(lambda instant: instant.isoformat())
    values = st.text(max_size=30) | st.integers().map(str) | instants | st.sampled_from(["any", "ended", "PT5M", "MA"])
    query = data.draw(st.dictionaries(st.sampled_from(QUERIES[call]), values, max_size=3))
    check(owner.call(method, path.replace("#", str(session.pk)), query=query))


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(id=st.text(min_size=1, max_size=50), deed=st.sampled_from(["", "/messages", "/events", "/end"]))
def test_no_address_makes_it_fail(owner, id, deed):
    check(owner.call("POST" if deed == "/end" else "GET", f"/sessions/{id}{deed}"))
