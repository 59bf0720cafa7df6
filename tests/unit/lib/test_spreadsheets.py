"""A cell that somebody typed is shown by a spreadsheet, and never worked out."""

import csv
import io

import pytest

from portal.lib import spreadsheets


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Ada", "Ada"),
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("\n=1", "'\n=1"),
        ("＝1", "'＝1"),  # full-width: a spreadsheet of East Asia reads it all the same
        ("a=1", "a=1"),
        ("'=1", "'=1"),
        ("", ""),
        (None, ""),
        (-1, "-1"),  # a number of ours
        ('say "hi", then\r\ngo', 'say "hi", then\r\ngo'),
    ],
)
def test_a_cell_is_read_back_as_it_is_meant(typed: object, written: str) -> None:
    text = spreadsheets.lines([[typed, "next"]])
    assert next(csv.reader(io.StringIO(text, newline=""))) == [written, "next"]


def test_lines_end_as_the_standard_says() -> None:
    assert spreadsheets.lines([["a", 1], ["b", None]]) == "a,1\r\nb,\r\n"
