"""The widget of a page that vouches for its user (docs/widget.md)."""

import base64
import json
from collections.abc import Callable

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chat_portal import FakePortal

Visit = Callable[..., Page]


def identity(sub: str, name: str = "") -> str:
    """Of which the widget reads whose it is; whether it counts, the Portal says."""
    claims = base64.urlsafe_b64encode(json.dumps({"sub": sub, "name": name}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{claims}.c2lnbmVk"


def inline(identity: str = "") -> str:
    vouched = f' identity="{identity}"' if identity else ""
    return f'<portal-chat agent="shop" language="en" inline{vouched}></portal-chat>'


@pytest.fixture
def portal(context: BrowserContext) -> FakePortal:
    return FakePortal(context)


@pytest.fixture
def visit(context: BrowserContext, portal: FakePortal) -> Visit:
    return lambda body: portal.visit(context, body)


def greeted(page: Page) -> Page:
    expect(page.get_by_role("log")).to_contain_text("What can I do for you?")
    return page


@pytest.mark.parametrize("name", ["Ada", "Ådä ÿ?>~", "ადა"])
def test_the_identity_goes_along(visit: Visit, portal: FakePortal, name: str) -> None:
    greeted(visit(inline(identity("u-7", name))))
    assert portal.asked == [{"identity": identity("u-7", name), "language": "en"}]


def test_it_can_be_given_as_a_property(visit: Visit, portal: FakePortal) -> None:
    page = visit("")
    page.evaluate(
        """async (identity) => {
            await customElements.whenDefined("portal-chat");
            const chat = Object.assign(document.createElement("portal-chat"), { identity });
            chat.setAttribute("agent", "shop");
            chat.setAttribute("inline", "");
            document.querySelector("main").append(chat);
        }""",
        identity("u-7"),
    )
    greeted(page)
    assert portal.asked[0]["identity"] == identity("u-7")


def test_what_a_visitor_said_before_comes_along_once(visit: Visit, portal: FakePortal) -> None:
    greeted(visit(inline()))
    (visitor,) = portal.tokens
    greeted(visit(inline(identity("u-7"))))
    assert portal.asked[-1]["visitor_token"] == visitor
    page = greeted(visit(inline()))
    assert "visitor_token" not in portal.asked[-1], "it has become the person's"
    assert page.evaluate("Object.keys(localStorage).sort()") == [
        "portal-chat:http://localhost/shop",
        "portal-chat:http://localhost/shop/u-7",
    ]


def test_people_at_one_browser_keep_their_words_to_themselves(visit: Visit, portal: FakePortal) -> None:
    ada = greeted(visit(inline(identity("ada"))))
    ada.get_by_role("textbox").fill("half a thought")
    portal.body = inline(identity("bob"))
    ada.reload()
    expect(greeted(ada).get_by_role("textbox")).to_have_value("")
    portal.body = inline()
    ada.reload()
    expect(greeted(ada).get_by_role("textbox")).to_have_value("")
    portal.body = inline(identity("ada"))
    ada.reload()
    expect(greeted(ada).get_by_role("textbox")).to_have_value("half a thought")


@pytest.mark.parametrize("broken", ["x", "a.b.c", "..", "a.bnVsbA.c"])
def test_one_that_cannot_be_read_breaks_nothing(visit: Visit, portal: FakePortal, broken: str) -> None:
    greeted(visit(inline(broken)))
    assert portal.asked[0]["identity"] == broken
