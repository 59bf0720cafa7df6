"""The page /audit/: who sees which entries, filters in the address, and the button that verifies (7-screens.md, 40)."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from portal.accounts.queries import audit as entries
from portal.audit import actions as audit
from portal.audit.models import Entry
from portal.lib.origin import Origin
from tests import cast
from tests.integration.audit.conftest import Scene
from tests.integration.audit.log import record, tamper

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(scene: Scene) -> Client:
    return browser(scene, "root")


def browser(scene: Scene, who: str) -> Client:
    client = Client()
    client.force_login(scene.people[who])
    return client


def ids(client: Client, **query: str) -> list[int]:
    answer = client.get("/audit/", query)
    assert answer.status_code == 200
    return [row.entry.id for row in answer.context["rows"]]


# ── who
SEEN = {
    "root": ("policy", "text", "help", "help by root", "text elsewhere", "account"),
    "olga": ("policy", "text"),
    "otto": ("help", "help by root", "text elsewhere"),
    "tara": ("text",),
}


@pytest.mark.parametrize("who", SEEN)
def test_everybody_sees_what_is_theirs_newest_first(scene: Scene, who: str) -> None:
    found = ids(browser(scene, who))
    assert set(found) == scene.ids(*SEEN[who])
    assert found == sorted(found, reverse=True)


def test_an_end_user_does_not_get_in(scene: Scene) -> None:
    assert browser(scene, "emil").get("/audit/").status_code == 403


def test_a_stranger_signs_in_first(scene: Scene) -> None:
    assert Client().get("/audit/").headers["Location"] == "/login/?next=/audit/"


def test_no_filter_reaches_beyond_what_is_ones_own(scene: Scene) -> None:
    olga = browser(scene, "olga")
    for query in ({"agent": "helpdesk"}, {"person": "otto"}, {"verb": "session.end"}, {"q": "session 0199c2d4"}):
        assert ids(olga, **query) == []


def test_a_right_that_was_taken_away_is_gone_at_once(scene: Scene) -> None:
    scene.people["olga"].grants.all().delete()
    assert ids(browser(scene, "olga")) == []


# ── filters
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"person": "tara"}, ("text", "text elsewhere")),
        ({"verb": "session.end"}, ("help",)),
        ({"agent": "helpdesk"}, ("help", "help by root", "text elsewhere")),
        ({"agent": "helpdesk", "person": "root"}, ("help by root",)),
        ({"q": "shop"}, ("policy",)),
        ({"q": "POLICY v2"}, ("policy",)),
        ({"q": "0199c2d4"}, ("help", "help by root")),
        ({"q": "session 0199c2d4-7e1a-7abc-8def-0123456789ab"}, ("help", "help by root")),
        ({"q": "session_expired/de"}, ("text",)),
        ({"q": "sess"}, ("text", "help", "help by root", "text elsewhere")),
        ({"q": "olic"}, ()),
        ({"q": "'); --"}, ()),
        ({"q": "%"}, ()),
        ({"person": "nobody"}, ()),
        ({"verb": " session.end "}, ("help",)),
        ({"q": "shop\0"}, ("policy",)),
    ],
)
def test_filters_are_in_the_address(
    scene: Scene, client: Client, query: dict[str, str], names: tuple[str, ...]
) -> None:
    assert set(ids(client, **query)) == scene.ids(*names)


def test_both_days_of_a_period_are_in_it(scene: Scene, client: Client) -> None:
    first = Entry.objects.get(pk=scene.entries["policy"].pk)
    day = timedelta(days=1)
    for name, days in (("policy", -40), ("text", -30), ("help", -20)):
        tamper("UPDATE audit_entry SET at = %s WHERE id = %s", first.at + days * day, scene.entries[name].pk)
    on = lambda days: (first.at + days * day).date().isoformat()  # noqa: E731
    asked = {"from": on(-30), "to": on(-20)}
    assert set(ids(client, **asked)) == scene.ids("text", "help")
    assert set(ids(client, to=on(-31))) == scene.ids("policy")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "yesterday"}, "“yesterday” is no day"),
        ({"to": "2026-02-31"}, "“2026-02-31” is no day"),
        ({"to": "9999-12-31"}, "“9999-12-31” is no day"),
        ({"colour": "red"}, "There is no filter “colour”"),
        ({"cursor": "nowhere"}, "That page does not exist"),
        ({"cursor": "fffffffffffffff.1"}, "That page does not exist"),
        ({"cursor": "1.99999999999999999999"}, "That page does not exist"),
    ],
)
def test_what_cannot_be_is_left_out_and_said(scene: Scene, client: Client, query: dict[str, str], said: str) -> None:
    answer = client.get("/audit/", query)
    assert said in answer.text
    assert len(answer.context["rows"]) == len(scene.entries)


def test_what_there_is_of_can_be_chosen(client: Client) -> None:
    verbs = ["account.invited", "message.edited", "policy.changed", "session.end", "session.pause"]
    assert client.get("/audit/").context["verbs"] == verbs


# ── pages
def test_pages_neither_skip_nor_repeat_while_more_is_done(
    scene: Scene, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entries.page, "__kwdefaults__", {"limit": 2, "after": None})
    before = ids_of(Entry.objects.order_by("-at", "-id"))
    seen: list[int] = []
    older = "?"
    while older:
        answer = client.get(f"/audit/{older}")
        seen += [row.entry.id for row in answer.context["rows"]]
        older = answer.context["older"]
        record(by=scene.people["root"])
    assert seen == before


def test_of_the_same_instant_none_is_left_out(scene: Scene, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entries.page, "__kwdefaults__", {"limit": 2, "after": None})
    tamper("UPDATE audit_entry SET at = '2026-11-21T10:05:00Z'")
    first = client.get("/audit/").context
    second = client.get(f"/audit/{first['older']}").context
    found = [row.entry.id for row in (*first["rows"], *second["rows"])]
    assert found == ids_of(Entry.objects.order_by("-id"))[:4]


def ids_of(found: Any) -> list[int]:
    return list(found.values_list("pk", flat=True))


def test_it_asks_the_database_as_often_however_many_entries(
    scene: Scene, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(2):
        # the web session, the account, its grants, the entries, the verbs
        with django_assert_num_queries(5):
            client.get("/audit/")
        record(20, by=scene.people["olga"])


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ({}, "audit_by_time"),
        ({"from": "2026-01-01"}, "audit_by_time"),
        ({"person": "olga"}, "audit_by_account"),
        ({"verb": "session.end"}, "audit_by_verb"),
        ({"agent": "shop"}, "audit_by_agent_slug"),
        ({"q": "session 0199"}, "audit_words_subject"),
    ],
)
def test_each_filter_has_its_index(scene: Scene, client: Client, query: dict[str, str], index: str) -> None:
    with CaptureQueriesContext(connection) as captured:
        client.get("/audit/", query)
    (asked,) = [
        each["sql"] for each in captured.captured_queries if "ORDER BY" in each["sql"] and "reason" in each["sql"]
    ]
    # In a table of a few rows any other way is as good: these are closed.
    others = ("seqscan", "indexscan", "indexonlyscan") if "q" in query else ("seqscan", "sort", "bitmapscan")
    with connection.cursor() as cursor:
        for way in others:
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(f"EXPLAIN {asked}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan


# ── what is shown
def test_an_entry_says_who_what_on_what_why_and_from_where(
    scene: Scene, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.lib.origin.current", lambda: Origin("192.0.2.7", "0199-request"))
    record(by=scene.people["olga"], verb="policy.restored", subject="policy v3 of shop", reason="As it was.")
    page = client.get("/audit/", {"verb": "policy.restored"}).text
    for word in ("olga", "policy · restored", "policy v3 of shop", "“As it was.”", "192.0.2.7", "0199-request"):
        assert word in page
    assert '<del dir="auto">60</del> → <ins dir="auto">30</ins>' in page


def test_what_people_wrote_is_shown_as_text(client: Client) -> None:
    script = "<script>alert(1)</script>"
    record(subject=script, reason=script, before={script: script}, after={script: "{{ 7 }}"})
    page = client.get("/audit/").text
    assert script not in page
    assert page.count("&lt;script&gt;alert(1)") == 4
    assert "{{ 7 }}" in page


def test_many_values_are_folded(client: Client) -> None:
    record(before=None, after={f"field {number}": number for number in range(5)})
    assert "5 values" in client.get("/audit/").text


def test_an_account_that_is_gone_is_named_by_its_number(scene: Scene, client: Client) -> None:
    otto = scene.people["otto"]
    gone = otto.pk
    otto.delete()
    assert f"account {gone}, removed" in client.get("/audit/", {"verb": "session.end"}).text


def test_what_was_erased_is_said_to_be(scene: Scene, client: Client) -> None:
    audit.erase(entries=[scene.entries["help"].pk])
    page = client.get("/audit/", {"verb": "session.end"}).text
    assert page.count("erased</span>") == 2  # the subject, before and after; there was no address
    assert "reason erased" in page
    assert "Too long." not in page


def test_an_empty_log_says_what_will_be_in_it(db: None) -> None:
    client = Client()
    client.force_login(cast.admin())
    assert "Nothing was done yet" in client.get("/audit/").text
    assert "No entry fits" in client.get("/audit/", {"q": "x"}).text


# ── verifying
def verified(client: Client) -> tuple[str, str]:
    answer = client.post("/audit/verify/")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/audit/")
    (said,) = get_messages(answer.wsgi_request)
    return said.level_tag, str(said)


def test_an_admin_verifies_and_is_told_in_words(scene: Scene, client: Client) -> None:
    level, said = verified(client)
    assert level == "success"
    assert said.startswith("The audit log is as it was written: all 6 entries fit, one after the other. The chain ends")


def test_erased_words_are_counted(scene: Scene, client: Client) -> None:
    audit.erase(entries=[scene.entries["help"].pk])
    assert "Words of 1 entry were erased" in verified(client)[1]


def test_what_does_not_fit_is_named_to_the_admin(scene: Scene, client: Client) -> None:
    audit.seal()
    entry = scene.entries["help"].pk
    tamper("UPDATE audit_entry SET account_id = %s WHERE id = %s", scene.people["olga"].pk, entry)
    level, said = verified(client)
    assert level == "error"
    assert f"Entry {entry} was changed" in said
    assert "The 2 entries before that fit" in said


@pytest.mark.parametrize("who", ["olga", "otto", "tara", "emil"])
def test_nobody_else_verifies(scene: Scene, who: str) -> None:
    client = browser(scene, who)
    assert client.post("/audit/verify/").status_code == 403
    if who != "emil":
        assert "/audit/verify/" not in client.get("/audit/").text


def test_verifying_takes_a_post_from_the_page(scene: Scene, client: Client) -> None:
    assert client.get("/audit/verify/").status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(scene.people["root"])
    assert strict.post("/audit/verify/").status_code == 403
