"""How late: counted by buckets, told so that it is never too good."""

from datetime import timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.core.lateness import BUCKETS, HALF, MOST, NOTHING_DUE, measured

SECOND = timedelta(seconds=1)
lates = st.lists(st.timedeltas(min_value=timedelta(seconds=-2), max_value=timedelta(hours=30)), max_size=60)


def test_where_nothing_was_due_there_is_no_lateness():
    assert (NOTHING_DUE.noticed, NOTHING_DUE.within(MOST)) == (0, None)


@pytest.mark.parametrize(
    ("seconds", "share", "within"),
    [
        ([0.3] * 99 + [9], MOST, 0.3),  # one in a hundred may be as late as it is
        ([0.3] * 98 + [9] * 2, MOST, 9),  # two may not; the worst is nearer than the bound of 10 s
        ([0.31], HALF, 0.31),
        ([0.2, 0.31, 0.39], HALF, 0.39),  # somewhere in the bucket that ends at 0.4 s
        ([0.2, 0.31, 2], HALF, 0.4),
        ([7200, 9000], MOST, 9000),  # beyond the last bucket
        ([-0.5], MOST, 0),  # looked at early: not late
    ],
)
def test_so_many_were_noticed_within(seconds, share, within):
    assert measured([each * SECOND for each in seconds]).within(share) == within * SECOND


@given(lates, st.fractions(min_value=Fraction(1, 100), max_value=1))
def test_what_is_told_is_never_too_good(late, share):
    found = measured(late)
    within = found.within(share)
    if late:
        assert sum(each <= within for each in late) >= share * len(late)
    else:
        assert within is None


@given(lates, lates)
def test_it_does_not_matter_who_counted(these, those):
    assert measured(these) + measured(those) == measured([*these, *those])


def test_the_buckets_go_up_and_the_promise_is_one_of_them():
    assert list(BUCKETS) == sorted(set(BUCKETS))
    assert timedelta(seconds=1.5) in BUCKETS
