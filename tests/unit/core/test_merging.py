"""The merge patch from one value to another (RFC 7396): what a form that shows a value sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.core.data import compact, merged
from sessions_app.core.merging import NullMember, between

NOT_NULL = st.booleans() | st.integers() | st.text(max_size=3) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    NOT_NULL,
    lambda inner: st.lists(inner | st.none(), max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=12,
)


@given(old=VALUES, new=VALUES)
def test_the_patch_makes_the_one_of_the_other(old: object, new: object) -> None:
    made = merged(old, between(old, new))
    assert _sorted(made) == _sorted(new)


def _sorted(value: object) -> str:
    """Objects have no order; and true is not 1."""
    if isinstance(value, dict):
        return str(sorted((name, _sorted(inner)) for name, inner in value.items()))
    return str([_sorted(inner) for inner in value]) if isinstance(value, list) else compact(value)


def test_it_leaves_out_what_is_the_same() -> None:
    assert between({"a": {"b": 1, "c": 2}, "d": [1]}, {"a": {"b": 1, "c": 3}, "d": [1]}) == {"a": {"c": 3}}


def test_a_null_in_an_object_cannot_be_said() -> None:
    with pytest.raises(NullMember) as refused:
        between({}, {"a": {"b": None}})
    assert refused.value.name == "b"


def test_a_null_in_a_list_can() -> None:
    assert between({}, {"a": [{"b": None}]}) == {"a": [{"b": None}]}
