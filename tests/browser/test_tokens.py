"""Making a token and revoking it, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.accounts.models import Account, Token
from tests import cast
from tests.browser.pages import findings, sign_in

NARROW = {"width": 360, "height": 740}


@pytest.fixture
def olga(site: str) -> Account:
    olga = cast.account("olga")
    for slug in ("shop", "billing"):
        cast.agent(slug, owner=olga)
    return olga


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    with browser.new_context(base_url=site, color_scheme=request.param, reduced_motion="reduce") as context:
        yield context.new_page()


def fill(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Expires").select_option("30")
    page.get_by_role("radio", name="Some agents").check()
    page.get_by_role("checkbox", name="Billing").check()


def test_a_token_is_made_shown_once_and_revoked_after_a_question(site: str, olga: Account, page: Page) -> None:
    sign_in(page, "olga")
    page.get_by_role("link", name="Tokens").first.click()
    page.get_by_role("link", name="Make a token").click()
    page.get_by_role("button", name="Make the token").click()
    expect(page.get_by_role("alert")).to_contain_text("Choose when it expires.")
    fill(page, "report")
    page.get_by_role("button", name="Make the token").click()
    expect(page.locator("#secret")).to_contain_text("pat_")
    page.get_by_role("link", name="I have copied it").click()
    row = page.get_by_role("row", name="report")
    expect(row).to_contain_text("Billing")
    expect(row).not_to_contain_text("Shop")

    row.get_by_role("button", name="Revoke").click()
    question = page.get_by_role("dialog", name="Revoke “report”?")
    question.get_by_role("button", name="Cancel").click()
    assert Token.objects.count() == 1
    row.get_by_role("button", name="Revoke").click()
    question.get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("No tokens yet")).to_be_visible()
    assert not Token.objects.exists()


def test_axe_finds_nothing_and_nothing_scrolls_sideways(site: str, olga: Account, themed: Page) -> None:
    sign_in(themed, "olga")
    themed.set_viewport_size(NARROW)
    found, widths = {}, {}

    def look(place: str) -> None:
        found[place] = findings(themed)
        widths[place] = themed.evaluate("document.documentElement.scrollWidth")

    themed.goto("/tokens/")
    look("none")
    themed.goto("/tokens/new/")
    themed.get_by_role("button", name="Make the token").click()
    look("the form with its errors")
    fill(themed, "a name that is as long as a name of a token may be " * 2)
    themed.get_by_role("button", name="Make the token").click()
    look("the secret")
    themed.goto("/tokens/")
    look("the list")
    assert {place: what for place, what in found.items() if what} == {}
    assert max(widths.values()) <= NARROW["width"], widths
