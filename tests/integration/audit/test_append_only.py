"""What is in the audit log stays there (5-promises.md, "Security")."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction

from portal.accounts.models import Account
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.audit.models import Entry, Head, Link, Words
from portal.lib import clock
from tests import cast
from tests.integration.audit.log import execute, record

pytestmark = pytest.mark.django_db
TABLES = ("audit_entry", "audit_words", "audit_link", "audit_head")


@pytest.fixture
def entry() -> Entry:
    (entry,) = record()
    audit.seal()
    return entry


def refused(deed: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="The audit log is append-only"), transaction.atomic():
        deed()


def test_django_changes_no_entry(entry: Entry) -> None:
    entry.verb = "session.end"
    refused(entry.save)
    refused(lambda: Entry.objects.update(account=None))


def test_django_deletes_no_entry(entry: Entry) -> None:
    refused(entry.delete)
    refused(lambda: Entry.objects.filter(pk=entry.pk).delete())


@pytest.mark.parametrize("table", TABLES)
def test_sql_deletes_nothing(entry: Entry, table: str) -> None:
    refused(lambda: execute(f"DELETE FROM {table}"))


@pytest.mark.parametrize(
    "change",
    [
        "audit_entry SET at = at - interval '1 day'",
        "audit_entry SET digest = sha256('another')",
        "audit_words SET reason = 'Another reason'",
        "audit_words SET reason = NULL",  # without its salt
        "audit_words SET reason_salt = NULL",  # without its text
        "audit_words SET reason = NULL, reason_salt = 'x'",
        "audit_words SET entry_id = entry_id + 1",
        "audit_link SET digest = sha256('another')",
        "audit_link SET seq = seq + 1",
        "audit_link SET seq = NULL, digest = NULL",
        "audit_head SET digest = sha256('another')",
        "audit_head SET seq = 0",
    ],
)
def test_sql_changes_nothing(entry: Entry, change: str) -> None:
    refused(lambda: execute(f"UPDATE {change}"))


@pytest.mark.parametrize("table", TABLES)
def test_no_table_is_emptied(db: None, table: str) -> None:
    """The tests' own database lets its tables be emptied between tests; everywhere else this trigger is on."""
    execute(f"ALTER TABLE {table} ENABLE TRIGGER {table}_not_emptied")
    refused(lambda: execute(f"TRUNCATE {table} CASCADE"))


def test_every_trigger_is_on_where_tests_have_not_switched_it_off(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE relname = ANY(%s) AND NOT tgisinternal AND tgenabled <> 'O'",
            [list(TABLES)],
        )
        off = {name for (name,) in cursor.fetchall()}
    assert off == {f"{table}_not_emptied" for table in TABLES}


def test_a_deed_that_is_undone_leaves_nothing(shop: Agent) -> None:
    with transaction.atomic():
        record(agent=shop)
        transaction.set_rollback(True)
    assert (Entry.objects.count(), Words.objects.count(), Link.objects.count()) == (0, 0, 0)


def test_people_and_agents_go_and_their_entries_stay(olga: Account, shop: Agent) -> None:
    (entry,) = record(by=olga, agent=shop)
    account, agent = olga.pk, shop.pk
    shop.delete()
    olga.delete()
    entry = Entry.objects.get()
    assert (entry.account_id, entry.agent_id, entry.agent_slug) == (account, agent, "shop")
    assert audit.verify().fault is None


def test_an_entry_says_all_there_is_to_say(olga: Account, shop: Agent) -> None:
    before = clock.now()
    (entry,) = record(by=olga, agent=shop, before=None, after={"b": [1, 1.5, "ä"], "a": None})
    found = Entry.objects.values("verb", "account", "agent", "subject", "reason", "before", "after", "address").get()
    assert found == {
        "verb": "policy.changed",
        "account": olga.pk,
        "agent": shop.pk,
        "subject": "policy v0",
        "reason": "Too long.",
        "before": None,
        "after": {"a": None, "b": [1, 1.5, "ä"]},
        "address": None,
    }
    assert before <= entry.at <= clock.now()


def test_many_subjects_take_one_statement(
    olga: Account, shop: Agent, django_assert_num_queries: Callable[..., object]
) -> None:
    other = cast.agent("other")
    subjects = [("session 1", shop.pk), ("session 2", other.pk), ("session 3", None)]
    with django_assert_num_queries(1):
        audit.record_all("session.end", account_id=olga.pk, subjects=iter(subjects), reason="Cleaning up.")
    found = Entry.objects.order_by("pk").values_list("subject", "agent_slug", "reason")
    assert list(found) == [(f"session {n}", slug, "Cleaning up.") for n, slug in ((1, "shop"), (2, "other"), (3, ""))]
    assert not Head.objects.exists(), "it is sealed later"


def test_a_deed_on_nothing_is_none(olga: Account) -> None:
    audit.record_all("session.end", account_id=olga.pk, subjects=[])
    assert not Entry.objects.exists()
