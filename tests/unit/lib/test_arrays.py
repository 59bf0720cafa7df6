"""`portal.lib.arrays`: columns as text that PostgreSQL reads as arrays."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from portal.lib import arrays

ID = UUID("0199a000-0000-7000-8000-00000000000a")


@pytest.mark.parametrize(
    ("type", "values", "written"),
    [
        ("text", [], "{}"),
        ("text", ['say "no"', "a\\b", "", None, "NULL"], '{"say \\"no\\"","a\\\\b","",NULL,"NULL"}'),
        ("text", ["same"] * 3, '{"same","same","same"}'),
        ("text", ["a", "b", "a"], '{"a","b","a"}'),
        ("int", [None, None], "{NULL,NULL}"),
        ("bool", [True, False], "{t,f}"),
        ("uuid", [ID], "{0199a000000070008000" + "00000000000a}"),
        ("timestamptz", [datetime(2026, 11, 21, 10, 5, tzinfo=UTC)], "{2026-11-21T10:05:00+00:00}"),
        ("interval", [timedelta(seconds=1, microseconds=5)], "{1000005 us}"),
    ],
)
def test_each_type_is_written_as_the_database_reads_it(type, values, written):
    assert arrays.literal(type, values) == written
