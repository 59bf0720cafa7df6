"""The chain shows what somebody did to the audit log who got around its triggers."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks
from structlog.testing import capture_logs

from portal.accounts.models import Account
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.audit import queries
from portal.audit.actions import Report, sealing
from portal.audit.models import Entry, Head, Link
from portal.celery import app
from tests.integration.audit.log import record, tamper, triggers_off

pytestmark = pytest.mark.django_db


@pytest.fixture
def entries(olga: Account, shop: Agent) -> list[Entry]:
    """Five, sealed."""
    found = record(5, by=olga, agent=shop)
    audit.seal()
    return found


def fault() -> tuple[int | None, str]:
    report = audit.verify()
    assert report.fault is not None, "nothing was noticed"
    return report.fault.entry, report.fault.sentence


def test_a_log_as_it_was_written_fits(entries: list[Entry]) -> None:
    report = audit.verify()
    assert report == Report(links=5, erased=0, digest=bytes(Head.objects.get().digest).hex(), fault=None)


def test_an_empty_log_fits(db: None) -> None:
    assert audit.verify() == Report(links=0, erased=0, digest="00" * 32, fault=None)


def test_the_chain_has_no_gaps_and_follows_the_order_of_the_entries(entries: list[Entry]) -> None:
    assert list(Link.objects.order_by("seq").values_list("seq", "entry_id")) == [
        (seq, entry.pk) for seq, entry in enumerate(entries, 1)
    ]


def test_what_was_not_sealed_yet_is_sealed_before_it_is_verified(olga: Account, shop: Agent) -> None:
    record(3)
    assert audit.verify().links == 3
    assert audit.seal() == 0


def test_sealing_again_goes_on_where_it_ended(entries: list[Entry]) -> None:
    before = audit.verify()
    record(2)
    after = audit.verify()
    assert (before.links, after.links, after.fault) == (5, 7, None)
    assert before.digest != after.digest


def test_a_log_of_many_batches_fits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "BATCH", 3)
    monkeypatch.setattr(sealing, "BATCH", 4)
    record(11)
    assert audit.seal() == 11
    assert audit.verify().links == 11


def test_verifying_asks_once_for_each_batch(db: None) -> None:
    def statements(number: int) -> int:
        record(number)
        audit.seal()
        with CaptureQueriesContext(connection) as captured:
            audit.verify()
        return len(captured)

    assert statements(2) == statements(30)


# ── what is named
CHANGES = {
    "verb": "audit_entry SET verb = 'session.end' WHERE id = %s",
    "account": "audit_entry SET account_id = 0 WHERE id = %s",
    "nobody": "audit_entry SET account_id = NULL WHERE id = %s",
    "agent": "audit_entry SET agent_id = 0 WHERE id = %s",
    "slug": "audit_entry SET agent_slug = 'other' WHERE id = %s",
    "time": "audit_entry SET at = at + interval '1 microsecond' WHERE id = %s",
    "request": "audit_entry SET request_id = 'x' WHERE id = %s",
    "its digest": "audit_entry SET digest = sha256('x') WHERE id = %s",
    "a digest of its words": "audit_entry SET after_digest = NULL WHERE id = %s",
    "subject": "audit_words SET subject = 'policy v9' WHERE entry_id = %s",
    "reason": "audit_words SET reason = 'Another.' WHERE entry_id = %s",
    "before": "audit_words SET before = '{}' WHERE entry_id = %s",
    "after": "audit_words SET after = NULL WHERE entry_id = %s",
    "an address that there was not": "audit_words SET address = '::1', address_salt = 'x' WHERE entry_id = %s",
    "salt": "audit_words SET reason_salt = 'x' WHERE entry_id = %s",
    "digest of its link": "audit_link SET digest = sha256('x') WHERE entry_id = %s",
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_is_named(entries: list[Entry], what: str) -> None:
    tamper(f"UPDATE {CHANGES[what]}", entries[2].pk)
    assert audit.verify().links == 2, "what comes before it fits"
    assert fault()[0] == entries[2].pk


def test_of_several_changes_the_first_is_named(entries: list[Entry]) -> None:
    for entry in (entries[4], entries[1], entries[3]):
        tamper("UPDATE audit_entry SET account_id = 0 WHERE id = %s", entry.pk)
    assert fault()[0] == entries[1].pk


def test_words_and_digests_that_fit_each_other_do_not_fit_the_chain(entries: list[Entry]) -> None:
    """Somebody writes another entry, as Portal would have, in the place of an old one."""
    (new,) = record(subject="another story")
    old = entries[2]
    columns = (
        "verb, account_id, agent_id, request_id, digest, subject_digest, reason_digest, before_digest, after_digest"
    )
    words = "subject, subject_salt, reason, reason_salt, before, before_salt, after, after_salt"
    for table, id, copied in (("audit_entry", "id", columns), ("audit_words", "entry_id", words)):
        tamper(
            f"UPDATE {table} SET ({copied}) = (SELECT {copied} FROM {table} WHERE {id} = %s) WHERE {id} = %s",
            *(new.pk, old.pk),
        )
    entry, sentence = fault()
    assert entry == old.pk
    assert "does not fit into the chain" in sentence


@pytest.mark.parametrize("place", [0, 2, 4])
def test_an_entry_that_was_deleted_is_named(entries: list[Entry], place: int) -> None:
    tamper("DELETE FROM audit_entry WHERE id = %s", entries[place].pk)
    assert fault() == (entries[place].pk, f"Entry {entries[place].pk} was deleted.")


def test_words_that_were_deleted_are_named(entries: list[Entry]) -> None:
    tamper("DELETE FROM audit_words WHERE entry_id = %s", entries[1].pk)
    assert fault() == (entries[1].pk, f"The words of entry {entries[1].pk} were deleted.")


@pytest.mark.parametrize("place", [0, 2])
def test_an_entry_that_was_taken_out_with_its_link_leaves_a_gap(entries: list[Entry], place: int) -> None:
    delete_whole(entries[place])
    assert fault()[1].startswith(f"Link {place + 1} of the chain is missing")


def test_the_end_cannot_be_cut_off(entries: list[Entry]) -> None:
    delete_whole(entries[4])
    delete_whole(entries[3])
    assert fault()[1].startswith("The chain ends at link 3, but 5 were sealed")


def test_nor_the_whole_chain(entries: list[Entry]) -> None:
    for entry in entries:
        delete_whole(entry)
    assert fault()[1].startswith("The chain ends at link 0, but 5 were sealed")


def test_a_chain_that_goes_on_after_its_end_was_cut_off_shows_it(entries: list[Entry]) -> None:
    delete_whole(entries[4])
    record()
    assert fault()[1].startswith("Link 5 of the chain is missing")


@pytest.mark.parametrize("change", ["UPDATE audit_head SET seq = 4", "DELETE FROM audit_head"])
def test_a_head_that_was_set_back_is_noticed(entries: list[Entry], change: str) -> None:
    tamper(change)
    assert "not what was noted" in fault()[1]
    record()
    audit.seal()
    assert Head.objects.get().seq == 6, "and the chain goes on"


def test_two_entries_that_were_swapped_are_named(entries: list[Entry]) -> None:
    one, other = entries[1].pk, entries[3].pk
    with triggers_off():
        for table, id in (("audit_entry", "id"), ("audit_words", "entry_id")):
            for was, now in ((one, -1), (other, one), (-1, other)):
                assert move(table, id, was, now)
    assert fault()[0] == one


def test_two_links_that_were_swapped_are_named(entries: list[Entry]) -> None:
    one, other = entries[1].pk, entries[3].pk
    with triggers_off():
        for was, now in ((one, -1), (other, one), (-1, other)):
            assert move("audit_link", "entry_id", was, now)
    assert fault()[0] == other, "it stands where the other one should"


def test_an_entry_that_was_slipped_in_is_named(entries: list[Entry]) -> None:
    tamper(
        "INSERT INTO audit_entry (id, at, verb, agent_slug, request_id, digest)"
        " VALUES (%s, now(), 'session.end', '', '', sha256('x'))",
        entries[4].pk + 1000,
    )
    assert fault()[1].startswith(f"Entry {entries[4].pk + 1000} is in no link of the chain")


def test_an_entry_that_was_deleted_before_it_was_sealed_is_named(entries: list[Entry]) -> None:
    (new,) = record()
    tamper("DELETE FROM audit_entry WHERE id = %s", new.pk)
    assert fault() == (new.pk, f"Entry {new.pk} was deleted before it was sealed.")


def test_an_entry_whose_link_was_deleted_before_it_was_sealed_is_named(entries: list[Entry]) -> None:
    (new,) = record()
    tamper("DELETE FROM audit_link WHERE entry_id = %s", new.pk)
    assert fault()[0] == new.pk


def test_a_change_before_it_was_sealed_is_named(entries: list[Entry]) -> None:
    (new,) = record()
    tamper("UPDATE audit_entry SET verb = 'session.end' WHERE id = %s", new.pk)
    assert fault()[0] == new.pk


def delete_whole(entry: Entry) -> None:
    for table, id in (("audit_link", "entry_id"), ("audit_words", "entry_id"), ("audit_entry", "id")):
        tamper(f"DELETE FROM {table} WHERE {id} = %s", entry.pk)


def move(table: str, id: str, was: int, now: int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {id} = %s WHERE {id} = %s", [now, was])
        return cursor.rowcount


# ── erasing
@pytest.mark.parametrize("field", ["subject", "reason", "before", "after"])
def test_a_text_that_was_erased_is_gone_and_the_chain_fits(entries: list[Entry], field: str) -> None:
    digest = audit.verify().digest
    assert audit.erase(entries=[entries[1].pk, entries[3].pk], fields=[field]) == 2
    assert audit.verify() == Report(links=5, erased=2, digest=digest, fault=None)
    assert Entry.objects.filter(**{f"words__{field}__isnull": True}).count() == 2
    assert Entry.objects.exclude(**{f"words__{field}__isnull": True}).count() == 3


def test_all_words_go_unless_some_are_named(entries: list[Entry]) -> None:
    assert audit.erase(entries=[entries[0].pk]) == 1
    found = Entry.objects.values_list("subject", "reason", "before", "after", "verb").get(pk=entries[0].pk)
    assert found == ("", "", None, None, "policy.changed")
    assert audit.verify().fault is None


def test_erasing_again_erases_nothing(entries: list[Entry]) -> None:
    audit.erase(entries=[entries[0].pk])
    assert audit.erase(entries=[entries[0].pk]) == 0


def test_what_is_erased_before_it_is_sealed_fits(db: None) -> None:
    (entry,) = record()
    audit.erase(entries=[entry.pk])
    assert audit.verify() == Report(links=1, erased=1, digest=audit.verify().digest, fault=None)


def test_erased_words_do_not_come_back_as_others(entries: list[Entry]) -> None:
    audit.erase(entries=[entries[1].pk])
    tamper("UPDATE audit_words SET reason = 'Another.', reason_salt = 'x' WHERE entry_id = %s", entries[1].pk)
    assert fault()[0] == entries[1].pk


def test_only_words_can_be_erased(entries: list[Entry]) -> None:
    with pytest.raises(ValueError, match="verb"):
        audit.erase(entries=[entries[0].pk], fields=["verb"])
    assert audit.erase(entries=[entries[0].pk], fields=[]) == 0


def test_equal_texts_have_nothing_in_common_in_the_chain(entries: list[Entry]) -> None:
    digests = {bytes(digest) for digest in Entry.objects.values_list("reason_digest", flat=True)}
    assert len(digests) == 5


def test_beat_has_it_sealed_every_few_seconds(db: None, settings: Any) -> None:
    record(2)
    planned = settings.CELERY["beat_schedule"]["audit"]
    app.tasks[planned["task"]].apply(throw=True)
    assert Head.objects.get().seq == 2
    assert planned["schedule"] <= 10


def test_where_the_chain_ends_is_logged(
    db: None, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    """With these lines kept elsewhere, nobody writes the whole chain anew unnoticed."""
    record(2)
    with capture_logs() as logs, django_capture_on_commit_callbacks(execute=True):
        audit.seal()
    head = Head.objects.get()
    sealed = {"event": "audit log sealed", "log_level": "info", "links": 2, "digest": bytes(head.digest).hex()}
    assert sealed in logs
