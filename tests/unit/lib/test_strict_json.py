"""JSON held to what can be kept."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.lib.strict_json import DEEPEST, NotJson, loads

STORABLE = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | STORABLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(STORABLE, inner, max_size=4),
    max_leaves=20,
)


@given(VALUES, st.booleans())
def test_what_can_be_kept_is_read_as_it_was_written(value, ascii_only):
    assert loads(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary())
def test_any_bytes_are_json_or_refused_as_none(body):
    with contextlib.suppress(NotJson):
        loads(body)


@pytest.mark.parametrize("brackets", ["[]", '{"a":}'])
def test_depth_is_counted_not_brackets(brackets):
    opening, closing = brackets[:-1], brackets[-1]

    def nested(levels: int) -> bytes:
        return (opening * levels + "1" + closing * levels).encode()

    assert loads(nested(DEEPEST)) is not None
    with pytest.raises(NotJson, match="nested too deeply"):
        loads(nested(DEEPEST + 1))
    with pytest.raises(NotJson, match="nested too deeply"):
        loads((opening * (DEEPEST + 1) + closing * (DEEPEST + 1)).replace('":}', '":{}}').encode())
    assert len(loads(b"[" + b",".join([b"[1]"] * 1000) + b"]")) == 1000


def test_brackets_in_text_are_no_depth():
    brackets = "[{" * 100 + '\\"[['
    assert loads(json.dumps([brackets]).encode()) == [brackets]
    with pytest.raises(NotJson, match="nested too deeply"):
        loads(b"[" * (DEEPEST + 1) + json.dumps("]" * 100).encode() + b"]" * (DEEPEST + 1))


def test_an_escaped_backslash_is_no_escape():
    assert loads(b'"\\\\u0000"') == "\\u0000"
    assert loads(b'"\\ud83d\\ude00"') == "😀"
