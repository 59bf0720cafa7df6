"""The frame every page stands in, in a real browser (6-style.md, "What people see")."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.accounts.models import Account
from tests import cast
from tests.browser.pages import findings, sign_in

PAGES = [
    "/",
    "/agents/",
    "/sessions/",
    "/session-management/",
    "/localization/",
    "/people/",
    "/people/invite/",
    "/people/add/",
    "/tokens/",
    "/tokens/new/",
    "/me/sessions/",
    "/account/password/",
    "/admin/",
    "/nowhere/",
]
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 360, "height": 740}


@pytest.fixture
def root(site: str) -> Account:
    root = cast.admin()
    cast.agent("shop", owner=root)
    return root


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    """A page in one theme, without transitions: a colour half-way between two is nobody's choice."""
    with browser.new_context(base_url=site, color_scheme=request.param, reduced_motion="reduce") as context:
        yield context.new_page()


def add(page: Page, html: str) -> None:
    page.locator("main").evaluate("(main, html) => main.insertAdjacentHTML('beforeend', html)", html)


def test_signing_in_takes_a_keyboard_and_no_mouse(site: str, root: Account, page: Page) -> None:
    page.goto(f"{site}/agents/")
    expect(page.get_by_label("Username")).to_be_focused()
    page.keyboard.type("root")
    page.keyboard.press("Tab")
    page.keyboard.type(cast.PASSWORD)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site}/agents/")


def test_the_first_tab_skips_the_navigation(site: str, root: Account, page: Page) -> None:
    sign_in(page, "root")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_a_wrong_password_is_told_and_the_name_stays(site: str, root: Account, page: Page) -> None:
    page.goto(f"{site}/login/")
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("The username and/or password you specified are not correct.")
    expect(page.get_by_label("Username")).to_have_value("root")


def test_a_chosen_theme_is_there_before_the_next_page_is_painted(site: str, root: Account, page: Page) -> None:
    sign_in(page, "root")
    page.get_by_role("button", name=re.compile("root")).click()
    page.get_by_role("button", name="Dark").click()
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.route("**/portal.js", lambda route: route.abort())  # only the script in <head> is left
    page.goto(f"{site}/sessions/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(15, 18, 22)"


def test_on_a_phone_the_navigation_opens_over_the_page_and_escape_closes_it(
    site: str, root: Account, page: Page
) -> None:
    page.set_viewport_size(PHONE)
    sign_in(page, "root")
    navigation = page.get_by_role("navigation", name="Portal")
    expect(navigation).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    expect(navigation.get_by_role("link", name="Sessions", exact=True)).to_be_visible()
    page.keyboard.press("Escape")
    expect(navigation).to_be_hidden()
    expect(page.get_by_role("button", name="Menu")).to_be_focused()


def test_nothing_scrolls_sideways_at_360_pixels(site: str, root: Account, page: Page) -> None:
    page.set_viewport_size(NARROW)
    widths = {}
    page.goto(f"{site}/login/")
    widths["/login/"] = page.evaluate("document.documentElement.scrollWidth")
    sign_in(page, "root")
    for address in PAGES:
        page.goto(site + address)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")
    assert {address: width for address, width in widths.items() if width > NARROW["width"]} == {}


def test_axe_finds_nothing_in_either_theme(site: str, root: Account, themed: Page) -> None:
    themed.goto("/login/")
    found = {"/login/": findings(themed)}
    sign_in(themed, "root")
    for address in PAGES:
        themed.goto(address)
        found[address] = findings(themed)
    themed.get_by_role("button", name=re.compile("root")).click()
    found["the account menu"] = findings(themed)
    themed.set_viewport_size(PHONE)
    themed.get_by_role("button", name="Menu").click()
    found["the navigation of a phone"] = findings(themed)
    assert {place: what for place, what in found.items() if what} == {}


def test_no_page_asks_for_what_its_policy_forbids(site: str, root: Account, page: Page) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page, "root")
    for address in PAGES:
        page.goto(site + address, wait_until="networkidle")
    assert [line for line in said if "Security Policy" in line or ("rror" in line and "404" not in line)] == []


def test_a_question_is_asked_before_the_deed_and_its_reason_goes_along(site: str, root: Account, page: Page) -> None:
    sign_in(page, "root")
    add(
        page,
        """<form action="/sessions/" data-confirm="End this session?" data-confirm-reason="Reason (optional)">
             <button>End it</button></form>""",
    )
    page.get_by_role("button", name="End it").click()
    question = page.get_by_role("dialog", name="End this session?")
    question.get_by_role("button", name="Cancel").click()
    expect(question).to_be_hidden()
    expect(page.get_by_role("button", name="End it")).to_be_focused()
    page.get_by_role("button", name="End it").press("Enter")
    question.get_by_label("Reason (optional)").fill("asked to")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site}/sessions/?reason=asked+to")


def test_times_tick_and_stand_still_while_frozen(site: str, root: Account, page: Page) -> None:
    page.clock.install(time="2026-11-21T10:00:00Z")
    sign_in(page, "root")
    page.clock.pause_at("2026-11-21T10:30:00Z")
    add(page, '<p><time id="ticks" datetime="2026-11-21T10:31:30Z" data-countdown>–</time></p>')
    add(page, '<p data-frozen><time id="stands" datetime="2026-11-21T10:31:30Z" data-countdown>–</time></p>')
    page.clock.run_for(1000)
    expect(page.locator("#ticks")).to_have_text("in 1:29")
    page.clock.run_for(120_000)
    expect(page.locator("#ticks")).to_have_text("now")
    expect(page.locator("#stands")).to_have_text("–")
