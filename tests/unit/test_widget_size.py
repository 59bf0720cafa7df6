"""What the widget weighs, and what its source must not contain (3-api.md, "The widget")."""

import gzip
import re

import pytest

from portal import env

FILES = sorted((env.ROOT / "static" / "widget").glob("*.js"))
AT_MOST = 20 * 1000
FORBIDDEN = {
    "markup made of strings": r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser",
    "code made of strings": r"\beval\b|new Function|setTimeout\(\s*[\"'`]",
    "style attributes": r"""setAttribute\(\s*["']style|\bstyle:\s*["'`]|cssText""",
    "stylesheets in the page": r"""h\(\s*["']style["']|createElement\(\s*["']style["']""",
    "cookies": r"document\.cookie",
    "other people's servers": r"https?://(?!www\.w3\.org/2000/svg)",
}


def test_weighs_at_most_20_kb_gzipped_in_all():
    weights = {path.name: len(gzip.compress(path.read_bytes(), 9)) for path in FILES}
    assert weights
    assert sum(weights.values()) <= AT_MOST, weights


@pytest.mark.parametrize("what", FORBIDDEN)
def test_has_nothing_a_strict_policy_refuses(what):
    found = {path.name: re.findall(FORBIDDEN[what], path.read_text()) for path in FILES}
    assert not any(found.values()), found
