"""Inviting somebody and switching them off, in a real browser."""

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.accounts.models import Account
from portal.accounts.names import Role
from tests import cast
from tests.browser.pages import findings, sign_in

NARROW = {"width": 360, "height": 740}


@pytest.fixture
def root(site: str) -> Account:
    root = cast.admin()
    shop = cast.agent("shop", owner=root)
    cast.translate(cast.account("tara", Role.TRANSLATOR, first_name="Tara", last_name="Nair"), shop, "de")
    return root


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    with browser.new_context(base_url=site, color_scheme=request.param, reduced_motion="reduce") as context:
        yield context.new_page()


def test_somebody_is_invited_chooses_a_password_and_comes_in(
    site: str, root: Account, page: Page, browser: Browser
) -> None:
    sign_in(page, "root")
    page.get_by_role("link", name="People").click()
    page.get_by_role("link", name="Invite somebody").click()
    page.get_by_label("Name", exact=True).fill("Nina Berg")
    page.get_by_label("Username").fill("nina")
    page.get_by_label("E-mail").fill("nina@portal.example")
    page.get_by_role("button", name="Invite").click()
    address = urlsplit(str(page.locator("#invitation").text_content())).path
    page.get_by_role("link", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Invited")

    with browser.new_context(base_url=site) as hers:
        nina = hers.new_page()
        nina.goto(address)
        assert address.rsplit("/", 2)[1] not in nina.url, "the way in does not stay in the address line"
        nina.get_by_label("New password", exact=True).fill(cast.PASSWORD)
        nina.get_by_label("New password confirmation").fill(cast.PASSWORD)
        nina.get_by_role("button", name="Set the password").click()
        expect(nina.get_by_text("Your password is set.")).to_be_visible()
        sign_in(nina, "nina")

        page.reload()
        page.get_by_role("button", name="Switch off").click()
        page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Switched off")
        nina.reload()
        expect(nina.get_by_label("Username")).to_be_visible()


def test_axe_finds_nothing_and_nothing_scrolls_sideways(site: str, root: Account, themed: Page) -> None:
    sign_in(themed, "root")
    themed.set_viewport_size(NARROW)
    found, widths = {}, {}

    def look(place: str) -> None:
        found[place] = findings(themed)
        widths[place] = themed.evaluate("document.documentElement.scrollWidth")

    tara = Account.objects.get(username="tara").pk
    for address in ("/people/", "/people/?q=nobody", "/people/add/", f"/people/{tara}/", "/invitation/x/y/"):
        themed.goto(address)
        look(address)
    themed.goto("/people/invite/")
    themed.get_by_role("button", name="Invite").click()
    look("the invitation with its errors")
    themed.get_by_label("Name", exact=True).fill("Nina Berg")
    themed.get_by_label("Username").fill("nina")
    themed.get_by_label("E-mail").fill("nina@portal.example")
    themed.get_by_role("button", name="Invite").click()
    look("the way in")
    themed.goto(urlsplit(str(themed.locator("#invitation").text_content())).path)
    look("the first password")
    assert {place: what for place, what in found.items() if what} == {}
    assert max(widths.values()) <= NARROW["width"], widths
