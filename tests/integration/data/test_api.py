"""`GET` and `PATCH /sessions/{id}/data` (3-api.md, "Session data")."""

import json
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as how
from hypothesis import strategies as st

from portal.accounts.models import Account, Token
from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.api.data import LARGEST_BODY
from sessions_app.core.data import LARGEST
from sessions_app.models import ChatSession, Event
from tests import cast
from tests.integration.api.conftest import Program, program, refused
from tests.integration.data.conftest import kept_bytes, patch, variables

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(olga: Account, shop: Agent) -> Program:
    return program(olga)


def path(session: ChatSession) -> str:
    return f"/sessions/{session.pk}/data"


def send(caller: Program, session: ChatSession, body: Any, **more: Any) -> Any:
    return caller.call("PATCH", path(session), body, **more)


def read(caller: Program, session: ChatSession, **query: Any) -> Any:
    return caller.call("GET", path(session), query=query)


# ── reading
def test_the_document_is_internal_and_every_variable_as_it_was_written(owner, session):
    patch(session, basket={"lines": [1.0, "é"]}, name="Ada", nothing=[])
    response = owner.get(path(session))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert response.body.pop("internal")["sessionId"] == str(session.pk)
    assert response.body == {"basket": {"lines": [1.0, "é"]}, "name": "Ada", "nothing": []}
    assert '"basket":{"lines":[1.0,"é"]},"name":"Ada"' in response.content.decode()


def test_a_session_without_variables_has_its_internal_fields(owner, session):
    assert list(owner.get(path(session)).body) == ["internal"]


def test_an_emulator_session_says_so(owner, shop):
    session = cast.start(cast.thread(shop), version="DRAFT")
    response = owner.get(f"/sessions/emulator-{session.pk}/data")
    assert response.body["internal"]["sessionId"] == f"emulator-{session.pk}"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("internal.user.firstName", "Guest"),
        ("internal.messageType", "text"),
        ("internal.nlp.intent", None),
        ("basket", {"lines": [{"sku": "a.1"}], "a.b": 1}),
        ("basket.lines.0.sku", "a.1"),
        ("basket.a.b", 1),
        ("basket.sum.net", 2),  # a variable whose name has a dot
        ("null", None),
    ],
)
def test_a_path_answers_with_the_value_there(owner, session, where, value):
    patch(session, **{"basket": {"lines": [{"sku": "a.1"}], "a.b": 1}, "basket.sum": {"net": 2}, "null": [None]})
    if where == "null":
        where = "null.0"
    response = read(owner, session, path=where)
    assert (response.status_code, response.body) == (200, value)


@pytest.mark.parametrize(
    "where", ["internal.nothing", "nothing", "internal.nlp.intent.name", "basket.x", ".", "a" * 500]
)
def test_a_path_to_nothing_is_not_found(owner, session, where):
    patch(session, basket={})
    assert where[:100] in refused(read(owner, session, path=where), 404, "not_found")["detail"]


def test_reading_takes_a_few_statements_however_many_variables_there_are(owner, session):
    def statements() -> int:
        with CaptureQueriesContext(connection) as queries:
            owner.get(path(session))
        return len(queries)

    owner.get(path(session))  # once a minute it is written down that a token is used
    before = statements()
    patch(session, **{f"n{n}": n for n in range(300)})
    assert statements() == before


# ── writing
@pytest.mark.parametrize("media_type", ["application/json", "application/merge-patch+json"])
def test_a_patch_answers_with_the_size_and_no_more(owner, session, media_type):
    patch(session, gone=1)
    client = Client(headers={"Authorization": f"Bearer {owner.token}"})
    body = json.dumps({"name": "é", "gone": None}, ensure_ascii=False).encode()
    response = client.patch(f"/api/v1{path(session)}", body, content_type=media_type)

    assert response.status_code == 200
    assert response.json().keys() == {"data_bytes", "server_now"}
    assert response.json()["data_bytes"] == len('{"name":"é"}'.encode())
    assert owner.get(f"/sessions/{session.pk}").body["data_bytes"] == response.json()["data_bytes"]
    assert variables(session.pk) == {"name": "é"}


def test_a_patch_says_who_did_it_in_the_timeline(olga, owner, session):
    send(owner, session, {"secret": "4711"})
    event = Event.objects.get(type="session.data_changed")
    assert (event.actor, event.detail) == (f"account:{olga.pk}", {"variables": ["secret"]})
    (shown,) = [e for e in owner.get(f"/sessions/{session.pk}/events").body["items"] if e["type"] == event.type]
    assert "4711" not in json.dumps(shown)


def test_an_empty_patch_and_one_that_changes_nothing_are_fine(owner, session):
    assert send(owner, session, {}).body["data_bytes"] == 0
    send(owner, session, {"a": 1})
    assert send(owner, session, {"a": 1, "b": None}).body["data_bytes"] == 7
    assert send(owner, session, {"a": None}).body["data_bytes"] == 0


@pytest.mark.parametrize("sent", [{"internal": {"botId": "x"}, "a": 1}, {"internal": None}, {"internal": {}}])
def test_a_write_that_touches_internal_is_refused_whole(owner, session, sent):
    refused(send(owner, session, sent), 422, "internal_read_only")
    assert variables(session.pk) == {}


def test_an_ended_session_is_read_and_not_written(owner, session):
    patch(session, a=1)
    owner.post(f"/sessions/{session.pk}/end")
    refused(send(owner, session, {"a": 2}), 409, "session_ended")
    assert owner.get(path(session)).body["a"] == 1


def test_a_token_for_reading_reads(olga, owner, session):
    Token.objects.update(read_only=True)
    assert owner.get(path(session)).status_code == 200
    refused(send(owner, session, {"a": 1}), 403, "forbidden")


# ── bad input
DEEP = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("body", "word"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "object"),
        (b"5", "object"),
        (b"null", "object"),
        (b'"text"', "object"),
        (b"\xff\xfe{}", "UTF-8"),
        (DEEP, "nested too deeply"),
        (b'{"a":' + b"[" * 50 + b"1" + b"]" * 50 + b"}", "nested too deeply"),
        (b'{"a":NaN}', "NaN is not a number"),
        (b'{"a":1e999}', "1e999 is too large a number"),
        (b'{"a":' + b"9" * 5000 + b"}", "too many digits"),
        (b'{"a":"\\u0000"}', "U+0000"),
        (b'{"\\u0000":1}', "U+0000"),
        (b'{"a":"\\ud800"}', "U+D800"),
        (b'{"a":{"\\udc00":1}}', "U+DC00"),
        (b'{"":1}', "1 to 100 characters; one of these has 0"),
        (b'{"' + b"n" * 101 + b'":1}', "1 to 100 characters; one of these has 101"),
        (b'{"' + b"n" * 101 + b'":null}', "1 to 100 characters"),
    ],
)
def test_what_is_no_patch_or_cannot_be_kept_is_refused(owner, session, body, word):
    assert word in refused(send(owner, session, body), 422, "invalid")["detail"]
    assert variables(session.pk) == {}


def test_what_is_just_within_the_bounds_is_taken_and_comes_back(owner, session):
    deepest: Any = 1
    for _ in range(49):
        deepest = [deepest]
    sent = {
        "😀" * 100: deepest,
        "text": "\\u0000 \t\r\n \u2028 <script> %s {x} \"'\\",
        "__proto__": {"x": [None, 1e-9]},
    }
    assert send(owner, session, sent).status_code == 200
    got = owner.get(path(session)).body
    del got["internal"]
    assert got == sent


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@how(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40), where=st.text(max_size=20))
def test_no_body_and_no_path_makes_it_fail(owner, session, body, where):
    response = send(owner, session, body)
    assert response.status_code in (200, 422), response.content
    kept_bytes(session.pk)
    assert read(owner, session, path=where).status_code in (200, 404, 422)


@pytest.mark.parametrize("query", [{"path": ""}, {"path": "x" * 1001}, {"path": "\0"}, {"reveal": ["", "x"]}])
def test_a_question_that_cannot_be_is_refused(owner, session, query):
    refused(read(owner, session, **query), 422, "invalid")


# ── size
def text_of(size: int) -> bytes:
    """A patch that comes to exactly so many bytes as an object."""
    return b'{"v":"' + b"x" * (size - 8) + b'"}'


@pytest.mark.parametrize(("size", "status"), [(LARGEST, 200), (LARGEST + 1, 413)])
def test_a_patch_of_the_full_size_passes_and_one_byte_more_does_not(owner, session, size, status):
    assert size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE, "other operations take less"
    response = send(owner, session, text_of(size))
    assert response.status_code == status, response.content[:200]
    assert kept_bytes(session.pk) == (LARGEST - 1 if status == 200 else 0)


def test_a_refusal_has_both_sizes_and_changes_nothing(owner, session):
    send(owner, session, text_of(LARGEST - 10))
    problem = refused(send(owner, session, {"w": "xxxxxx"}), 413, "session_data_too_large")
    assert "10,485,750 bytes and would take 10,485,763; at most 10,485,760" in problem["detail"]
    assert variables(session.pk).keys() == {"v"}


def test_what_is_written_loosely_counts_as_what_it_comes_to(owner, session):
    """Bytes are those of compact UTF-8, however a program writes its JSON."""
    letters = "é" * ((LARGEST - 8) // 2)
    loosely = json.dumps({"v": letters}, indent=4, ensure_ascii=True).encode()
    assert len(loosely) > 2.5 * LARGEST
    assert send(owner, session, loosely).body["data_bytes"] == LARGEST


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":[' + b"[]," * 4_000_000 + b"[]]}",  # would take a hundred times as much when it is read
        b" " * (LARGEST_BODY + 1),
    ],
)
def test_what_cannot_fit_is_refused_before_it_is_parsed(owner, session, body, monkeypatch):
    monkeypatch.setattr("portal.lib.strict_json.loads", lambda _body: pytest.fail("it was parsed"))
    refused(send(owner, session, body), 413, "session_data_too_large")


def test_a_patch_of_the_full_size_passes_through_the_real_door_too(site):
    """Under ASGI a body comes in pieces, and lies in a file when it is large."""
    olga = cast.account("olga")
    session = cast.chatting(cast.agent("shop", owner=olga))
    address, bearer = f"{site}/api/v1{path(session)}", {"Authorization": f"Bearer {program(olga).token}"}
    with httpx.Client(headers=bearer, timeout=60, trust_env=False) as client:
        fits = client.patch(address, content=text_of(LARGEST))
        assert (fits.status_code, fits.json()["data_bytes"]) == (200, LARGEST)
        assert client.patch(address, content=text_of(LARGEST + 1)).status_code == 413
        in_pieces = client.patch(address, content=(b" " * 2**20 for _ in range(31)))  # nobody says how long it is
        assert (in_pieces.status_code, in_pieces.json()["code"]) == (413, "session_data_too_large")
        assert len(client.get(address).json()["v"]) == LARGEST - 8


# ── sensitive variables
@pytest.fixture
def secret(shop: Agent, session: ChatSession) -> ChatSession:
    shop.sensitive_variables = ["card", "pin", "unset"]
    shop.save()
    patch(session, card={"number": "4711"}, pin="0815", name="Ada")
    return session


def revealed() -> list[Any]:
    return list(Entry.objects.filter(verb="session.data_revealed").values_list("account_id", "subject", "after"))


def test_sensitive_variables_are_masked(owner, secret):
    response = owner.get(path(secret))
    assert (response.body["card"], response.body["pin"], response.body["name"]) == ("•••", "•••", "Ada")
    assert b"4711" not in response.content
    assert revealed() == []


@pytest.mark.parametrize("where", ["card", "card.number", "card.nothing"])
def test_nothing_within_a_sensitive_variable_is_told_either(owner, secret, where):
    assert read(owner, secret, path=where).body == "•••"


@pytest.mark.parametrize(
    ("reveal", "shown", "noted"),
    [
        (["pin"], {"card": "•••", "pin": "0815"}, ["pin"]),
        (["pin", "card"], {"card": {"number": "4711"}, "pin": "0815"}, ["card", "pin"]),
        (["*"], {"card": {"number": "4711"}, "pin": "0815"}, ["card", "pin"]),
    ],
)
def test_revealing_one_is_a_deed_in_the_audit_log(olga, owner, secret, reveal, shown, noted):
    found = read(owner, secret, reveal=reveal).body
    assert {name: found[name] for name in ("card", "pin")} == shown
    assert revealed() == [(olga.pk, f"session {secret.pk}", {"variables": noted})]


@pytest.mark.parametrize("reveal", ["name", "unset", "other"])
def test_what_is_not_hidden_is_not_revealed(owner, secret, reveal):
    assert read(owner, secret, reveal=reveal).body["pin"] == "•••"
    assert revealed() == []


def test_a_path_reveals_what_it_leads_to_and_notes_only_that(olga, owner, secret):
    assert read(owner, secret, path="card.number", reveal="*").body == "4711"
    assert revealed() == [(olga.pk, f"session {secret.pk}", {"variables": ["card"]})]


def test_who_may_not_read_reveals_nothing(stranger, secret):
    refused(read(stranger, secret, reveal="*"), 404, "not_found")
    assert revealed() == []


@pytest.fixture
def stranger(shop: Agent) -> Program:
    """The owner of another agent."""
    otto = cast.account("otto")
    cast.agent("helpdesk", owner=otto)
    return program(otto)


def test_sensitive_variables_are_written_like_others(owner, secret):
    assert send(owner, secret, {"pin": "1111"}).status_code == 200
    assert read(owner, secret, path="pin", reveal="pin").body == "1111"
