"""`docs/security.md` says nothing that is not so: tests that are there, each requirement once, sums that add up."""

import re
from collections import Counter
from functools import cache

import pytest

from portal.accounts.names import Role
from portal.accounts.permissions import MATRIX, OF_ROLES, Verb
from portal.env import ROOT

DOCUMENT = (ROOT / "docs" / "security.md").read_text()
ROW = re.compile(r"^\| (?P<number>\d+\.\d+\.\d+) \| (?P<asks>[^|]+) \| (?P<answer>[^|]+) \| (?P<where>[^|]+) \|$", re.M)
TEST = re.compile(r"`([\w/]+\.py)::(\w+)`")
SUM = re.compile(r"^\| (?P<chapter>\d+) [^|]+\| (?P<yes>\d+) \| (?P<na>\d+) \| (?P<gap>\d+) \|$", re.M)
ANSWERS = ("yes", "n/a", "gap")
# How many requirements of levels 1 and 2 each chapter of ASVS 5.0.0 has.
CHAPTERS = dict(enumerate([27, 11, 19, 10, 9, 35, 18, 7, 7, 29, 14, 9, 13, 9, 13, 16, 7], 1))
ROWS = [match.groupdict() for match in ROW.finditer(DOCUMENT)]


def _section(title: str) -> str:
    return DOCUMENT.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_each_requirement_has_its_line_once():
    numbers = [row["number"] for row in ROWS]
    assert len(numbers) == len(set(numbers))
    assert Counter(int(number.split(".")[0]) for number in numbers) == CHAPTERS


def test_each_is_answered():
    assert [row for row in ROWS if row["answer"].strip() not in ANSWERS or not row["asks"].strip()] == []


def test_a_yes_names_its_test_or_says_that_there_is_none():
    unproved = [
        row["number"]
        for row in ROWS
        if row["answer"].strip() == "yes" and not TEST.search(row["where"]) and "no test" not in row["where"]
    ]
    assert unproved == []


def test_each_test_that_is_named_is_there():
    named = set(TEST.findall(DOCUMENT))
    assert len(named) > 100
    assert [f"{path}::{name}" for path, name in sorted(named) if name not in _tests(path)] == []


@cache
def _tests(path: str) -> frozenset[str]:
    file = ROOT / "tests" / path
    return frozenset(re.findall(r"def (test_\w+)", file.read_text())) if file.is_file() else frozenset()


def test_each_module_that_is_named_is_there():
    named = set(
        re.findall(r"`((?:portal|sessions_app|localization|static|templates|tools|deploy|docs)/[\w./-]+)`", DOCUMENT)
    )
    assert named
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_the_sums_add_up():
    counted = Counter((int(row["number"].split(".")[0]), row["answer"].strip()) for row in ROWS)
    told = {
        (int(row["chapter"]), answer): int(row[name])
        for row in (match.groupdict() for match in SUM.finditer(DOCUMENT))
        for answer, name in zip(ANSWERS, ("yes", "na", "gap"), strict=True)
    }
    assert {key: number for key, number in told.items() if number} == dict(counted)
    (all_of_them,) = re.findall(r"^\| \*\*all\*\* \| (\d+) \| (\d+) \| (\d+) \|$", DOCUMENT, re.M)
    assert [int(number) for number in all_of_them] == [sum(told[c, answer] for c in CHAPTERS) for answer in ANSWERS]


def test_each_gap_is_told_of_once_more_with_what_to_do_meanwhile():
    gaps = {row["number"] for row in ROWS if row["answer"].strip() == "gap"}
    assert set(re.findall(r"\b\d+\.\d+\.\d+\b", _section("Known gaps"))) == gaps


@pytest.mark.parametrize("verb", Verb)
def test_who_may_do_what_is_as_the_code_has_it(verb: Verb) -> None:
    (line,) = re.findall(rf"^\| `{verb}` \| [^|]+ \| ([^|]+) \|$", _section("Who may do what"), re.M)
    told = {word.strip() for word in line.split(",")}
    if verb in OF_ROLES:
        assert told == {role.value for role in Role if role in OF_ROLES[verb]}
    else:
        assert told == set(MATRIX[verb])
