"""The data debugger (7-screens.md, 19): what is in the session data, and changing it."""

import json
import re
from typing import Any

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.actions import Outcome, apply, deeds
from sessions_app.core.commands import ChangeData, account_actor
from sessions_app.core.data import LARGEST
from sessions_app.models import ChatSession, Event, Variable
from sessions_app.views.session_data_tree import CHILDREN, NODES
from tests import cast

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script>{{ 7|add:7 }}"
LARGEST_PAGE = 700_000  # bytes of HTML, whatever the data has


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    """Ada's, with one turn in it."""
    return cast.chatting(shop, cast.user("ada"))


@pytest.fixture
def owner(olga: Account) -> Client:
    return cast.sign_in(Client(), olga)


def path(session: ChatSession, query: str = "") -> str:
    return f"/sessions/{session.pk}/data/{query}"


def put(session: ChatSession, **variables: Any) -> Outcome:
    (outcome,) = apply([ChangeData(session=session.pk, actor="account:1", patch=variables)])
    assert outcome.result == "done", outcome
    return outcome


def stored(session: ChatSession) -> dict[str, Any]:
    return {row.name: json.loads(row.value) for row in Variable.objects.filter(session=session)}


def save(owner: Client, session: ChatSession, name: str, value: str, *, was: str = "") -> Any:
    return owner.post(path(session), {"name": name, "value": value, "was": was})


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 422
    return {field: list(told) for field, told in answer.context["form"].errors.items()}


# ── looking
def test_internal_and_the_variables_are_a_tree(owner, session):
    put(session, basket={"lines": [{"sku": "a-1", "n": 2}]}, name="Ada")
    page = owner.get(path(session))
    assert page.status_code == 200
    internal = page.context["internal"]
    assert {"sessionId", "user", "nlp"} <= {child.name for child in internal.children}
    basket, name = [variable.node for variable in page.context["variables"]]
    assert (basket.kind, basket.children[0].children[0].path) == ("object", "basket.lines.0")
    assert (name.kind, name.text) == ("text", '"Ada"')
    assert 'data-copy="#path-' in page.text
    assert ">basket.lines.0</code>" in page.text


def test_the_size_is_told_exactly(owner, session):
    put(session, a=1)
    assert f"7 of {LARGEST:,} bytes" in owner.get(path(session)).text


def test_what_changed_is_told_by_name_with_when_and_who(owner, session, olga):
    put(session, a=1)
    apply([ChangeData(session=session.pk, actor=account_actor(olga.pk), patch={"b": 1, "a": None})])
    latest, first = owner.get(path(session)).context["changes"]
    assert (latest.names, latest.by, latest.seq) == (("a", "b"), olga.name, 1)
    assert first.names == ("a",)


def test_a_session_without_variables_says_so(owner, session):
    assert "None yet." in owner.get(path(session)).text


def test_what_is_at_a_path_is_shown_by_itself(owner, session):
    put(session, basket={"lines": list(range(120))})
    page = owner.get(path(session, "?path=basket.lines"))
    assert len(page.context["node"].children) == CHILDREN
    after = owner.get(path(session, f"?path=basket.lines&from={CHILDREN * 2}"))
    assert [child.text for child in after.context["node"].children] == [str(n) for n in range(100, 120)]
    assert "101–120 of 120" in after.text
    assert owner.get(path(session, "?path=basket.nothing")).status_code == 404


def test_hostile_names_and_values_stay_text(owner, shop):
    session = cast.chatting(shop, cast.user("eve", name=HOSTILE))
    put(session, **{HOSTILE: {HOSTILE: HOSTILE}})
    for query in ("", "?add=1"):
        page = owner.get(path(session, query)).text
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;{{ 7|add:7 }}") >= 4


# ── large documents make small pages
WIDE = {f"order-{n:06}": {"id": n, "note": "<" * 60} for n in range(75_000)}
LARGE = {
    "many members": {"orders": WIDE},
    "one long text": {"text": "<" * 9_000_000},
    "a list of lists": {"lists": [[[["'"]]] * 9 for _ in range(120_000)]},
    "a name as long as a document": {"names": {'"' * 500_000: {"b": 1}}},
    "as many variables": {f"v{n:05}": "&" * 1500 for n in range(5_000)},
    "a long number": {"n": [10**4000] * 2000},
}


@pytest.mark.parametrize("what", LARGE)
def test_nine_megabytes_make_a_small_page(owner, session, what):
    put(session, **LARGE[what])
    assert stored(session)
    page = owner.get(path(session))
    assert page.status_code == 200
    assert len(page.content) < LARGEST_PAGE
    assert page.text.count('class="node"') < 3 * NODES


@pytest.mark.parametrize(("what", "name"), [(what, next(iter(large))) for what, large in LARGE.items()])
def test_and_so_does_one_value_of_them(owner, session, what, name):
    put(session, **LARGE[what])
    page = owner.get(path(session, f"?path={name}"))
    assert page.status_code == 200
    assert len(page.content) < LARGEST_PAGE


def test_a_long_text_says_how_much_is_left_out_and_shows_more_by_itself(owner, session):
    put(session, text="x" * 1000)
    (variable,) = owner.get(path(session)).context["variables"]
    assert variable.node.cut == 800
    assert "x" * 1000 in owner.get(path(session, variable.node.query)).text


def test_no_digit_is_left_out_in_silence(owner, session):
    put(session, n=10**999)
    (variable,) = owner.get(path(session)).context["variables"]
    assert variable.node.cut == 800
    assert "0" * 999 in owner.get(path(session, variable.node.query)).text


def test_variables_are_read_page_by_page(owner, session):
    put(session, **{f"v{n:03}": n for n in range(120)})
    address, names = path(session), []
    while address:
        page = owner.get(address).context
        names += [variable.name for variable in page["variables"]]
        address = path(session, f"?{page['next']}") if page["next"] else ""
    assert names == [f"v{n:03}" for n in range(120)]


# ── changing
def test_a_variable_is_added_changed_and_removed(owner, session, olga):
    assert save(owner, session, "basket", '{"a": 1, "b": [2]}').status_code == 302
    assert stored(session) == {"basket": {"a": 1, "b": [2]}}

    assert save(owner, session, "basket", '{"b": [3]}', was='{"a":1,"b":[2]}').status_code == 302
    assert stored(session) == {"basket": {"b": [3]}}

    owner.post(path(session), {"deed": "remove", "name": "basket"})
    assert stored(session) == {}
    changed = Event.objects.filter(type="session.data_changed").order_by("pk")
    assert [event.detail["variables"] for event in changed] == [["basket"]] * 3
    assert {event.actor for event in changed} == {account_actor(olga.pk)}


def test_true_is_not_one(owner, session):
    put(session, a={"b": 1})
    save(owner, session, "a", '{"b": true}', was='{"b":1}')
    assert stored(session)["a"]["b"] is True


def test_the_form_begins_with_what_is_there(owner, session):
    put(session, basket={"é": 1})
    page = owner.get(path(session, "?edit=basket"))
    assert page.context["form"]["value"].value() == '{\n  "é": 1\n}'
    assert page.context["form"]["was"].value() == '{"é":1}'


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ('{"a": ', "This is not JSON"),
        ("NaN", "NaN is not a number."),
        ('"\\u0000"', "The character U+0000 cannot be kept."),
        ("null", "null removes a variable"),
        ('{"a": null}', "“a” is null"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
        ("", "required"),
    ],
)
def test_what_cannot_be_is_told_beside_the_field_and_the_text_is_kept(owner, session, typed, told):
    answer = save(owner, session, "a", typed)
    assert told in errors(answer)["value"][0]
    assert answer.context["form"]["value"].value() == typed
    assert stored(session) == {}


@pytest.mark.parametrize("name", ["internal", "x" * 101, ""])
def test_a_name_that_cannot_be_is_told_beside_it(owner, session, name):
    assert "name" in errors(save(owner, session, name, "1"))
    assert stored(session) == {}


def test_internal_is_said_to_be_read_only(owner, session):
    assert "Read-only: Portal writes it." in owner.get(path(session)).text
    assert "read-only" in errors(save(owner, session, "internal", "{}"))["name"][0]


def test_too_large_tells_both_sizes(owner, session):
    put(session, much="x" * (LARGEST - 100))
    answer = save(owner, session, "more", json.dumps("y" * 200))
    (told,) = errors(answer)["value"]
    has, would = (int(size.replace(",", "")) for size in re.findall(r"[\d,]{6,}\d", told)[:2])
    assert has < LARGEST < would
    assert list(stored(session)) == ["much"]


def test_what_somebody_else_changed_meanwhile_is_not_written_over_unseen(owner, session):
    put(session, a=1)
    put(session, a=2)
    answer = save(owner, session, "a", "3", was="1")
    assert "It was changed meanwhile, to 2." in errors(answer)["value"][0]
    assert answer.context["form"]["value"].value() == "3"
    assert stored(session) == {"a": 2}

    assert save(owner, session, "a", "3", was=answer.context["form"]["was"].value()).status_code == 302
    assert stored(session) == {"a": 3}


def test_adding_does_not_replace(owner, session):
    put(session, a=1)
    assert "name" in errors(save(owner, session, "a", "2"))
    assert stored(session) == {"a": 1}


def test_an_ended_session_is_not_changed_any_more(owner, session, olga):
    put(session, a=1)
    deeds.end(principal=cast.principal(olga), session=session.pk)
    page = owner.get(path(session)).text
    assert "they are not changed any more" in page
    assert ">Edit<" not in page
    assert save(owner, session, "a", "2", was="1").status_code == 422
    assert stored(session) == {"a": 1}


# ── sensitive ones
@pytest.fixture
def secret(session: ChatSession, shop: Agent) -> ChatSession:
    """With an IBAN, which the agent marks as sensitive."""
    shop.sensitive_variables = ["iban"]
    shop.save()
    put(session, iban={"number": "DE89-SECRET"}, name="Ada")
    return session


def revealed() -> list[Any]:
    return [entry.after for entry in Entry.objects.filter(verb="session.data_revealed")]


def test_a_sensitive_variable_is_masked_everywhere(owner, secret):
    for query in ("", "?edit=iban", "?path=iban", "?path=iban.number"):
        page = owner.get(path(secret, query))
        assert page.status_code == 200
        assert "SECRET" not in page.text
    assert "masked: sensitive" in owner.get(path(secret)).text
    assert revealed() == []


def test_revealing_shows_it_once_and_is_a_deed_in_the_audit_log(owner, secret, olga):
    answer = owner.post(path(secret, "reveal/"), {"name": "iban"})
    assert "DE89-SECRET" in answer.text
    assert "no-store" in answer.headers["Cache-Control"]
    assert revealed() == [{"variables": ["iban"]}]
    assert Entry.objects.get(verb="session.data_revealed").account_id == olga.pk
    assert "SECRET" not in owner.get(path(secret)).text


def test_reading_an_address_reveals_nothing(owner, secret):
    assert owner.get(path(secret, "reveal/")).status_code == 405
    assert revealed() == []


def test_one_that_is_gone_cannot_be_revealed(owner, secret):
    assert owner.post(path(secret, "reveal/"), {"name": "nothing"}).headers["Location"] == path(secret)
    assert revealed() == []


def test_a_masked_one_can_be_changed_without_being_seen(owner, secret):
    was = owner.get(path(secret, "?edit=iban")).context["form"]["was"].value()
    answer = save(owner, secret, "iban", '{"number": "FR76"}', was=was)
    assert answer.status_code == 302
    assert stored(secret)["iban"] == {"number": "FR76"}
    assert revealed() == []


# ── rights
def test_who_does_not_see_the_session_finds_nothing(session, shop):
    otto, tara = cast.account("otto"), cast.account("tara", Role.TRANSLATOR)
    cast.agent("helpdesk", owner=otto)
    cast.translate(tara, shop, "de")
    for stranger in (otto, tara):
        client = cast.sign_in(Client(), stranger)
        assert client.get(path(session)).status_code == 404
        assert save(client, session, "a", "1").status_code == 404
        assert client.post(path(session, "reveal/"), {"name": "a"}).status_code == 404
    assert stored(session) == {}


@pytest.mark.parametrize("name", ["a\0b", "\0"])
def test_a_name_with_nul_is_no_name(owner, session, name):
    assert owner.post(path(session, "reveal/"), {"name": name}).status_code == 400
    assert owner.post(path(session), {"deed": "remove", "name": name}).status_code == 400
    assert "name" in errors(save(owner, session, name, "1"))
    assert owner.get(path(session), {"edit": name}).status_code == 200
    assert owner.get(path(session), {"after": name}).status_code == 200
    assert owner.get(path(session), {"path": name}).status_code == 404


def test_a_variable_keeps_its_name(owner, session):
    put(session, a=1)
    assert "readonly" in str(owner.get(path(session, "?edit=a")).context["form"]["name"])
    assert "readonly" not in str(owner.get(path(session, "?add=1")).context["form"]["name"])
