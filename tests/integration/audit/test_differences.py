"""Before and after, as people read them."""

from typing import Any

import pytest

from portal.audit.core.differences import differences


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, None, []),
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, [("b", "2", "3")]),
        ({"text": None}, {"text": "Vorbei"}, [("text", None, "Vorbei")]),
        ({"text": "Vorbei"}, {"text": None}, [("text", "Vorbei", None)]),
        (None, {"by": "0:01:00"}, [("by", None, "0:01:00")]),
        ({"by": "0:01:00"}, None, [("by", "0:01:00", None)]),
        ({"a": {"b": 1, "c": 2}}, {"a": {"b": 1, "c": 3}}, [("a.c", "2", "3")]),
        ({"l": ["en"]}, {"l": ["en", "de"]}, [("l", "en", "en, de")]),
        ({"l": ["en"]}, {"l": []}, [("l", "en", "–")]),
        ({"n": [1, 2]}, {"n": [1]}, [("n", "[1,2]", "[1]")]),
        ({"on": True}, {"on": False}, [("on", "true", "false")]),
        ("old", "new", [("", "old", "new")]),
        ({"a": 1}, 5, [("", '{"a":1}', "5")]),
    ],
)
def test_what_is_not_the_same_is_told_by_field(before: Any, after: Any, told: list[tuple[str, str, str]]) -> None:
    assert [tuple(each) for each in differences(before, after)] == told
