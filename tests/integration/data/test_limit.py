"""All variables together take at most 10 × 1024 × 1024 bytes, exactly, whoever writes at the same time; and what a
small write costs does not depend on what else there is (3-api.md, "Session data")."""

import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from sessions_app.actions import apply
from sessions_app.core import data
from sessions_app.core.commands import ChangeData
from sessions_app.core.data import LARGEST
from sessions_app.core.decision import Refusal
from sessions_app.models import SessionData, Variable
from tests.integration.data.conftest import PATIENCE_SECONDS, kept_bytes, patch, together, variables

AROUND = len('{"v":""}')


def filled(session: Any, *, leaving: int) -> None:
    """Put so much into the session that exactly so many bytes are left."""
    assert patch(session, v="x" * (LARGEST - AROUND - leaving)).result == "done"
    assert data.total(kept_bytes(session.pk)) == LARGEST - leaving


# ── exact to the byte
@pytest.mark.django_db
@pytest.mark.parametrize(("over", "result"), [(-1, "done"), (0, "done"), (1, Refusal.SESSION_DATA_TOO_LARGE)])
def test_the_limit_is_exact_to_the_byte(session, over, result):
    small = {"w": "é"}  # `,"w":"é"` has 9 bytes
    filled(session, leaving=9 - over)
    outcome = patch(session, **small)

    assert outcome.result == result
    if result == "done":
        assert data.total(kept_bytes(session.pk)) == LARGEST + over
    else:
        assert "10,485,752 bytes and would take 10,485,761; at most 10,485,760" in outcome.why
        assert list(variables(session.pk)) == ["v"]
        assert data.total(kept_bytes(session.pk)) == LARGEST - 8


@pytest.mark.django_db
def test_commands_of_one_batch_count_what_the_ones_before_them_wrote(session):
    filled(session, leaving=20)
    patches: list[dict[str, Any]] = [{"a": "xxxx"}, {"b": "xxxx"}, {"a": None}, {"b": "xxxx"}]  # 11 bytes each
    outcomes = apply([ChangeData(session=session.pk, patch=one) for one in patches])

    assert [outcome.result for outcome in outcomes] == ["done", Refusal.SESSION_DATA_TOO_LARGE, "done", "done"]
    assert data.total(kept_bytes(session.pk)) == LARGEST - 9
    assert variables(session.pk).keys() == {"v", "b"}


# ── parallel writers
WRITERS = 8
EACH = len(',"w0":"xxxxx"')


@pytest.mark.django_db(transaction=True)
def test_of_eight_writers_at_once_as_many_fit_as_there_is_room_for(session):
    filled(session, leaving=3 * EACH)
    works = [lambda n=n: patch(session, **{f"w{n}": "xxxxx"}).result for n in range(WRITERS)]
    results = together(works)

    assert sorted(map(str, results)) == ["done"] * 3 + ["session_data_too_large"] * 5
    assert data.total(kept_bytes(session.pk)) == LARGEST


@pytest.mark.django_db(transaction=True)
def test_eight_writers_of_one_variable_leave_one_value_and_the_right_sum(session):
    works = [lambda n=n: patch(session, one="x" * n, **{f"w{n}": n}).result for n in range(1, WRITERS + 1)]
    assert together(works) == ["done"] * WRITERS
    assert len(variables(session.pk)) == WRITERS + 1
    kept_bytes(session.pk)


@pytest.mark.django_db(transaction=True)
def test_a_writer_that_reads_the_sum_and_then_writes_breaks_the_limit(session):
    """Why it is done under the session's lock: this is what the tests above would see without it."""
    filled(session, leaving=3 * EACH)
    all_have_read = threading.Barrier(WRITERS)

    def write(n: int) -> str:
        with transaction.atomic():
            before = SessionData.objects.get(pk=session.pk).bytes
            all_have_read.wait(PATIENCE_SECONDS)
            if data.total(before + EACH) > LARGEST:
                return "session_data_too_large"
            Variable.objects.create(session=session, name=f"w{n}", value='"xxxxx"', size=EACH)
            SessionData.objects.filter(pk=session.pk).update(bytes=before + EACH)
        return "done"

    assert together([lambda n=n: write(n) for n in range(WRITERS)]) == ["done"] * WRITERS
    taken = sum(Variable.objects.filter(session=session.pk).values_list("size", flat=True))
    assert data.total(taken) > LARGEST
    assert SessionData.objects.get(pk=session.pk).bytes < taken


# ── what a small write costs
TOUCHED = """
    SELECT own.n_tup_ins + own.n_tup_upd + own.n_tup_del,
           apart.idx_tup_fetch + apart.seq_tup_read + apart.n_tup_ins + apart.n_tup_del
    FROM pg_class AS class
    JOIN pg_stat_xact_all_tables AS own ON own.relid = class.oid
    JOIN pg_stat_xact_all_tables AS apart ON apart.relid = class.reltoastrelid
    WHERE class.relname = 'chat_variable'
"""


def touched() -> tuple[int, int]:
    """In this transaction: rows of variables written, and pieces of large values, which lie apart, read or written."""
    with connection.cursor() as cursor:
        cursor.execute(TOUCHED)
        rows, pieces = cursor.fetchone()
    return rows, pieces


def cost(session: Any, **values: Any) -> dict[str, int]:
    """What a write touches and sends."""
    rows, pieces = touched()
    with CaptureQueriesContext(connection) as queries:
        assert patch(session, **values).result == "done"
    now = touched()
    sent = sum(len(query["sql"]) for query in queries.captured_queries)
    return {"statements": len(queries), "rows": now[0] - rows, "pieces": now[1] - pieces, "sent": sent}


@pytest.mark.django_db
def test_a_small_write_costs_the_same_in_1_kilobyte_and_in_9_megabytes(session):
    patch(session, small="x", rest="x" * 1000)
    cost(session, small="0")  # what a process reads once is read
    among_little = cost(session, small="1")
    patch(session, rest=large())
    among_much = cost(session, small="2")

    assert among_much.pop("sent") == pytest.approx(among_little.pop("sent"), abs=100)  # longer numbers, at most
    assert among_much == among_little
    assert (among_much["rows"], among_much["pieces"]) == (1, 0)


@pytest.mark.django_db
def test_reading_the_whole_document_for_a_small_write_would_cost_all_of_it(session):
    """That the numbers above can be others."""
    patch(session, rest=large())
    before = touched()[1]
    assert len(variables(session.pk)["rest"]) == 9 * 1024 * 1024
    assert touched()[1] - before > 100


@pytest.mark.django_db
def test_a_patch_of_many_variables_takes_as_many_statements_as_one_of_one(session):
    patch(session, a=0)
    one = cost(session, a=1, memory={})
    many = cost(session, a=2, memory={"n": 1}, **{f"n{n}": n for n in range(200)})
    assert many["statements"] == one["statements"]
    assert many["rows"] == 202


def large() -> str:
    """Nine megabytes that do not compress to nothing."""
    return "".join(f"{n * 2654435761 % 2**32:08x}" for n in range(9 * 1024 * 128))
