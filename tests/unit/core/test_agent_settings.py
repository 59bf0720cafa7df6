"""What an agent's owner can set, and what not."""

from dataclasses import replace
from typing import Any

import pytest

from portal.agents.core.platforms import Platform
from sessions_app.core import agents
from sessions_app.core.agents import NotAnOrigin, Settings

SHOP = Settings(name="Shop", platform=Platform.EXTERNAL, languages=("en", "de"), default_language="en")


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        (" https://Shop.Example/ ", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
    ],
)
def test_an_origin_is_kept_as_browsers_send_it(typed: str, origin: str) -> None:
    assert agents.origin(typed) == origin


@pytest.mark.parametrize(
    "typed",
    [
        *("shop.example", "//shop.example", "ftp://shop.example", "https://", "*", "https://*.example", "null"),
        *(
            "https://shop.example/chat",
            "https://shop.example?x=1",
            "https://me@shop.example",
            "https://shop.example:port",
        ),
        *("https://shop example", "https://-.example-", "https://[oops", f"https://{'a.' * 200}example"),
    ],
)
def test_what_is_no_origin_is_said_with_an_example(typed: str) -> None:
    with pytest.raises(NotAnOrigin, match=r"write it like https://shop\.example"):
        agents.origin(typed)


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"languages": ()}, "languages"),
        ({"default_language": "fr"}, "default_language"),
        ({"prompt_event": " "}, "prompt_event"),
        ({"prompt_kind": "preset"}, "prompt_text"),
        ({"prompt_text": "x" * 2001}, "prompt_text"),
        ({"allowed_origins": tuple(f"https://{n}.example" for n in range(51))}, "allowed_origins"),
        ({"model": "x" * 101}, "model"),
        ({"model": " "}, "model"),
        ({"model": "large", "models": ("small",)}, "model"),
        ({"models": ("a", "")}, "models"),
        ({"models": ("a", "b\nc", "d\ne")}, "models"),
        ({"models": tuple(map(str, range(51)))}, "models"),
        ({"transfer_targets": tuple(map(str, range(51)))}, "transfer_targets"),
        ({"sensitive_variables": ("iban", "x" * 101)}, "sensitive_variables"),
        ({"sensitive_variables": ("internal",)}, "sensitive_variables"),
        ({"sensitive_variables": tuple(map(str, range(101)))}, "sensitive_variables"),
        ({"owners": tuple(map(str, range(21)))}, "owners"),
        ({"realm": "-"}, "realm"),
        ({"realm": "a b"}, "realm"),
        ({"realm": "x" * 101}, "realm"),
    ],
)
def test_each_thing_that_cannot_be_is_named_once(values: dict[str, Any], field: str) -> None:
    assert [refusal.field for refusal in agents.refusals(replace(SHOP, **values))] == [field]


def test_what_the_prompt_has_no_use_for_may_be_empty() -> None:
    for values in (
        {"prompt_kind": "none", "prompt_event": ""},
        {"prompt_kind": "preset", "prompt_event": "", "prompt_text": "Hi"},
    ):
        assert agents.refusals(replace(SHOP, **values)) == ()  # type: ignore[arg-type]


def test_a_model_needs_no_list_and_a_list_no_model() -> None:
    for values in ({"model": "large"}, {"models": ("large",)}, {"model": "a/b:c 1", "models": ("a/b:c 1", "small")}):
        assert agents.refusals(replace(SHOP, **values)) == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("realm", ["", "a", "account-7", "shop.example:guests_2", "x" * 100])
def test_a_realm_is_a_name(realm: str) -> None:
    assert agents.refusals(replace(SHOP, realm=realm)) == ()


def test_each_name_counts_once_and_owners_have_no_order() -> None:
    typed = replace(SHOP, models=("b", "a", "b"), transfer_targets=("z", "y", "z"), owners=("otto", "olga", "otto"))
    tidied = agents.tidied(typed)
    assert (tidied.models, tidied.transfer_targets, tidied.owners) == (("b", "a"), ("z", "y"), ("olga", "otto"))


@pytest.mark.parametrize("slug", ["a", "shop", "shop-2", "0", "x" * 63])
def test_a_slug_is_letters_digits_and_hyphens(slug: str) -> None:
    assert agents.slug_refusal(slug) is None


@pytest.mark.parametrize("slug", ["", "Shop", "shop_2", "-shop", "shop-", "x" * 64, "shöp", "shop\n", "new"])
def test_a_slug_that_cannot_be_an_address_is_refused(slug: str) -> None:
    refusal = agents.slug_refusal(slug)
    assert refusal is not None
    assert refusal.field == "slug"


def test_changes_name_what_differs_and_nothing_else() -> None:
    assert agents.changes(SHOP, replace(SHOP, name="Store", languages=("en",))) == {
        "name": ("Shop", "Store"),
        "languages": (("en", "de"), ("en",)),
    }
