"""The timeline and the data of one session in a browser (7-screens.md, 17 and 19)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.accounts.permissions import principal_of
from sessions_app.actions import apply, deeds
from sessions_app.core.commands import ChangeData
from sessions_app.models import ChatSession, Variable
from tests import cast
from tests.browser.pages import findings, sign_in, until

NARROW = {"width": 360, "height": 740}
SOON = 15_000  # ms, within which a page finds out by itself


@pytest.fixture
def session(site: str) -> ChatSession:
    """Ada's with the shop of olga, paused and resumed, with some variables."""
    olga = cast.account("olga")
    shop = cast.agent("shop", owner=olga, sensitive_variables=["iban"])
    found = cast.chatting(shop, cast.user("ada"))
    who = principal_of(olga)
    deeds.pause(principal=who, session=found.pk, reason="lunch")
    deeds.resume(principal=who, session=found.pk)
    values = {"basket": {"lines": [{"sku": "a-1"}]}, "iban": "DE89", "long": "x" * 2000, "n" * 90: "y" * 190}
    apply([ChangeData(session=found.pk, actor="account:1", patch=values)])
    return found


@pytest.fixture
def olga(session: ChatSession, page: Page) -> Page:
    sign_in(page, "olga")
    return page


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str, session: ChatSession) -> Iterator[Page]:
    with browser.new_context(base_url=site, color_scheme=request.param, reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, "olga")
        yield page


def of(session: ChatSession, page: str) -> str:
    return f"/sessions/{session.pk}/{page}/"


def test_the_tree_opens_by_keyboard(olga, session):
    olga.goto(of(session, "data"))
    basket = olga.locator("li.var summary", has_text="basket")
    inner = olga.locator("li.var summary", has_text="lines")
    expect(inner).to_be_hidden()
    basket.focus()
    olga.keyboard.press("Enter")
    expect(inner).to_be_visible()
    olga.keyboard.press("Tab")
    expect(inner).to_be_focused()
    olga.keyboard.press("Space")
    expect(olga.locator("li.var summary", has_text=re.compile(r"^0"))).to_be_visible()


def test_a_variable_is_changed(olga, session):
    olga.goto(of(session, "data"))
    olga.get_by_role("link", name="Edit basket").click()
    olga.get_by_label("Value").fill('{"lines": []}')
    olga.get_by_role("button", name="Save").click()
    expect(olga.get_by_text("The variable “basket” is saved.")).to_be_visible()
    assert Variable.objects.get(session=session, name="basket").value == '{"lines":[]}'


def test_what_is_no_json_is_kept_as_it_was_typed(olga, session):
    olga.goto(of(session, "data"))
    olga.get_by_role("link", name="Add a variable").click()
    olga.get_by_label("Name", exact=True).fill("color")
    olga.get_by_label("Value").fill("{blue\n  'green'")
    olga.get_by_role("button", name="Save").click()
    value = olga.get_by_label("Value")
    expect(value).to_have_value("{blue\n  'green'")
    expect(value).to_have_attribute("aria-invalid", "true")
    expect(olga.get_by_text("This is not JSON")).to_be_visible()


def test_revealing_is_asked_first_and_removing_too(olga, session):
    olga.goto(of(session, "data"))
    olga.get_by_role("button", name="Reveal iban").click()
    olga.get_by_role("dialog").get_by_role("button", name="Reveal").click()
    expect(olga.locator("pre", has_text="DE89")).to_be_visible()

    olga.goto(of(session, "data"))
    olga.get_by_role("button", name="Remove iban").click()
    olga.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(olga.get_by_text("The variable “iban” is removed.")).to_be_visible()
    assert not Variable.objects.filter(session=session, name="iban").exists()


def test_newer_events_appear_by_themselves(olga, session):
    olga.goto(of(session, "timeline"))
    before = olga.locator("ol.told > li:not(.waits)").count()
    deeds.pause(principal=principal_of(cast.Account.objects.get(username="olga")), session=session.pk)
    until(olga, lambda: olga.locator("ol.told > li:not(.waits)").count() == before + 1)
    expect(olga.locator("#stands")).to_contain_text("Paused", timeout=SOON)


@pytest.mark.parametrize("name", ["timeline", "data", "data/?edit=basket#variable", "data/?path=basket"])
def test_nothing_is_wrong_with_the_pages(themed, session, name):
    themed.goto(f"/sessions/{session.pk}/{name if '?' in name else name + '/'}")
    for details in themed.locator("main details").all():
        details.evaluate("element => element.open = true")
    assert findings(themed) == []


@pytest.mark.parametrize("name", ["timeline", "data"])
def test_they_fit_a_narrow_window(olga, session, name):
    olga.set_viewport_size(NARROW)
    olga.goto(of(session, name))
    for details in olga.locator("main details").all():
        details.evaluate("element => element.open = true")
    wide = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert olga.evaluate(wide) <= 0
