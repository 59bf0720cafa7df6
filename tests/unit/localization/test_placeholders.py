"""Placeholders are found and filled, and nothing in a text is ever run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localization.core import placeholders


@pytest.mark.parametrize(
    ("text", "names", "broken"),
    [
        ("Bye", (), ()),
        ("{agent}: {minutes} min, {agent}", ("agent", "minutes", "agent"), ()),
        ("{агент}", ("агент",), ()),  # whole, whether or not it is known
        ("{{agent}}", (), ("{{agent}}",)),
        ("${agent}", (), ("${agent}",)),
        ("{ agent }", (), ("{ agent }",)),
        ("{agent.name}", (), ("{agent.name}",)),  # what str.format would walk into
        ("{agent!r:>10}", (), ("{agent!r:>10}",)),
        ("{0} {}", ("0",), ("{}",)),
        ("{agent", (), ("{",)),
        ("agent}", (), ("}",)),
        ("\uff5bagent\uff5d", (), ("\uff5bagent\uff5d",)),  # wide braces from a Japanese keyboard
        ("\uff5b二つ の語\uff5d", (), ()),  # around more than a word they are punctuation
        ("%s and %(name)s and %1$s", (), ("%s", "%(name)s", "%1$s")),
        ("100 %sicher, 50 % d'avance, 20% seulement", (), ()),
    ],
)
def test_placeholders_are_told_from_what_only_looks_so(
    text: str, names: tuple[str, ...], broken: tuple[str, ...]
) -> None:
    assert placeholders.parse(text) == placeholders.Placeholders(names, broken)


def test_fill_is_literal_and_happens_once() -> None:
    values = {"agent": "{target} \\1 %s", "target": "Billing"}
    assert placeholders.fill("{agent} → {target}", values) == "{target} \\1 %s → Billing"


def test_a_placeholder_without_a_value_stays() -> None:
    assert (
        placeholders.fill("{minutes} min, {agent.__class__}", {"agent": "Shop"}) == "{minutes} min, {agent.__class__}"
    )


@given(text=st.text(st.characters(exclude_characters="{}")), value=st.text())
def test_a_text_without_braces_is_its_own_filling(text: str, value: str) -> None:
    assert placeholders.fill(text, {"agent": value}) == text
    assert placeholders.fill(text + "{agent}" + text, {"agent": value}) == text + value + text


@given(st.text("{}{}$% agents(1)"))
def test_any_text_can_be_parsed(text: str) -> None:
    found = placeholders.parse(text)
    assert all(piece in text for piece in found.broken)
