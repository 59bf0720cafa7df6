"""What a JSON merge patch makes of variables, and how much they take (3-api.md, "Session data")."""

import json
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.core import data
from sessions_app.core.data import InternalReadOnly, NothingThere, Stored, TooLarge, Unusable

SESSION = uuid4()


def stored(**values):
    texts = {name: data.compact(value) for name, value in values.items()}
    sizes = {name: data.size(name, text) for name, text in texts.items()}
    return Stored(bytes=sum(sizes.values()), texts=texts, sizes=sizes)


def changed(before, patch):
    """The variables after a patch, and what is said of their size."""
    change = data.patched(SESSION, before, patch)
    after = data.after(before, change) if change else before
    return {name: json.loads(text) for name, text in after.texts.items()}, after.bytes


def in_bytes(variables):
    """The size of the object as a program would measure it."""
    return len(json.dumps(variables, ensure_ascii=False, separators=(",", ":")).encode())


# ── the patch
@pytest.mark.parametrize(
    ("before", "patch", "after"),
    [
        # RFC 7396, appendix A, as far as documents are objects
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        ({"e": 1}, {"a": 1}, {"e": 1, "a": 1}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
        # what the appendix leaves out
        ({}, {}, {}),
        ({}, {"a": None}, {}),  # nothing there to remove
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}),
        ({"a": {"b": {"c": 1, "d": 2}}}, {"a": {"b": {"c": None}}}, {"a": {"b": {"d": 2}}}),
        ({"a": "b"}, {"a": {"c": None, "d": 1}}, {"a": {"d": 1}}),  # no object before: its nulls are nothing
        ({"a": [1, 2]}, {"a": [None]}, {"a": [None]}),  # lists are not merged, their nulls are values
        ({"a": 1}, {"a": True}, {"a": True}),  # equal in Python, not in JSON
        ({"a": 1}, {"a": 1.0}, {"a": 1.0}),
        ({"a": False}, {"a": 0}, {"a": 0}),
        ({}, {"é": "😀", "a.b": "", " ": [], "__proto__": {}}, {"é": "😀", "a.b": "", " ": [], "__proto__": {}}),
    ],
)
def test_a_merge_patch_sets_merges_and_removes(before, patch, after):
    variables, taken = changed(stored(**before), patch)
    assert data.compact(variables) == data.compact(after)
    assert data.total(taken) == in_bytes(after)


@pytest.mark.parametrize("patch", [{}, {"a": "b"}, {"x": None}, {"n": {"m": 1}}, {"n": {"x": None}}])
def test_a_patch_that_changes_nothing_is_no_change(patch):
    assert data.patched(SESSION, stored(a="b", n={"m": 1}), patch) is None


def test_a_change_names_what_it_is_about_and_nothing_else():
    change = data.patched(SESSION, stored(a="b", same=1, gone=2), {"a": "c", "same": 1, "gone": None, "missing": None})
    assert change.names == {"a", "gone"}
    assert (change.written, change.removed) == ({"a": '"c"'}, ("gone",))


def test_values_that_are_not_merged_into_are_not_parsed():
    before = Stored(bytes=20, texts={"large": "not even JSON"}, sizes={"large": 20})
    assert changed(before, {"large": "small"})[0] == {"large": "small"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["a", "b", "ü", "memory"])
PATCHES = st.dictionaries(NAMES, JSON, max_size=3)


@given(st.lists(PATCHES, max_size=5))
def test_whatever_is_patched_the_size_is_that_of_the_object(patches):
    before = stored()
    for patch in patches:
        change = data.patched(SESSION, before, patch)
        before = data.after(before, change) if change else before
        variables = {name: json.loads(text) for name, text in before.texts.items()}
        assert data.total(before.bytes) == in_bytes(variables)


@given(PATCHES, PATCHES, PATCHES)
def test_changes_folded_into_one_come_to_the_same(start, first, second):
    before = stored(**{name: value for name, value in start.items() if value is not None})
    changes, now = [], before
    for patch in (first, second):
        change = data.patched(SESSION, now, patch)
        if change:
            changes.append(change)
            now = data.after(now, change)
    for change in data.folded(changes):
        assert data.after(before, change) == now
    assert len(data.folded(changes)) == bool(changes)


def test_changes_of_several_sessions_stay_apart():
    one, other = data.patched(SESSION, stored(), {"a": 1}), data.patched(uuid4(), stored(), {"a": 2})
    assert data.folded([one, other]) == [one, other]


# ── what is refused
@pytest.mark.parametrize("patch", [{"internal": {}}, {"internal": None}, {"a": 1, "internal": {"botId": "x"}}])
def test_a_patch_that_names_internal_is_refused_whole(patch):
    with pytest.raises(InternalReadOnly):
        data.patched(SESSION, stored(), patch)


def test_internal_is_a_name_like_any_other_further_down():
    assert changed(stored(), {"a": {"internal": 1}})[0] == {"a": {"internal": 1}}


@pytest.mark.parametrize(("name", "length"), [("", 0), ("n" * 101, 101), ("😀" * 101, 101)])
def test_names_have_1_to_100_characters(name, length):
    with pytest.raises(Unusable, match=f"1 to 100 characters; one of these has {length}"):
        data.patched(SESSION, stored(), {name: 1})
    assert changed(stored(), {"😀" * 100: 1})[0] == {"😀" * 100: 1}


# ── the limit: `{"v":"…"}` has 8 bytes around the text
FULL = data.LARGEST - 8


@pytest.mark.parametrize(("length", "fits"), [(FULL - 1, True), (FULL, True), (FULL + 1, False)])
def test_the_limit_is_exact_to_the_byte(length, fits):
    before = stored(v="x")
    patch = {"v": "é" * (length // 2) + "x" * (length % 2)}
    if fits:
        variables, taken = changed(before, patch)
        assert data.total(taken) == in_bytes(variables) == length + 8
    else:
        with pytest.raises(TooLarge, match=r"take 9 bytes and would take 10,485,761; at most 10,485,760") as caught:
            data.patched(SESSION, before, patch)
        assert (caught.value.has, caught.value.would) == (9, data.LARGEST + 1)


def test_the_limit_is_that_of_all_variables_together():
    before = stored(v="x" * (FULL - 7))
    assert data.total(changed(before, {"w": ""})[1]) == data.LARGEST  # `,"w":""` has 7 bytes
    with pytest.raises(TooLarge):
        data.patched(SESSION, before, {"w": "1"})


def test_what_makes_room_in_the_same_patch_counts():
    before = stored(v="x" * FULL)
    assert changed(before, {"v": None, "w": "x" * FULL})[0] == {"w": "x" * FULL}


def test_what_is_too_large_already_can_still_become_less():
    before = stored(v="x" * (FULL + 10), w="x")
    assert changed(before, {"w": None})[1] < before.bytes


# ── paths
DOCUMENT = {"a": {"b": [10, {"c": None}], "b.c": 1, "": 2}, "x.y": {"z": 3}, "n": None}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a.b", [10, {"c": None}]),
        ("a.b.0", 10),
        ("a.b.1.c", None),
        ("a.b.c", 1),  # the longest name that is there
        ("a.", 2),
        ("x.y.z", 3),
        ("n", None),
    ],
)
def test_a_path_leads_to_what_is_there(path, value):
    assert data.at(DOCUMENT, path) == value


@pytest.mark.parametrize("path", ["", "b", "a.x", "a.b.2", "a.b.-1", "a.b.0.0", "n.x", "x", "x.y.z.", ".", "a.b.01"])
def test_a_path_to_nothing_says_so(path):
    with pytest.raises(NothingThere):
        data.at(DOCUMENT, path)
