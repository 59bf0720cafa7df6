"""Transfers that wait for their users, and humans who talk, on the Sessions tab in a real browser."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal.accounts.models import Account
from portal.agents.models import Agent
from sessions_app.actions import apply, deeds
from sessions_app.core import commands as c
from sessions_app.models import ChatSession
from tests import cast
from tests.browser.pages import findings, sign_in

HOURS = timedelta(hours=1)
TAB = "/agents/shop/sessions/"


@pytest.fixture
def olga(site: str) -> Account:
    return cast.account("olga", first_name="Olga")


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga)


@pytest.fixture
def billing(shop: Agent) -> Agent:
    return cast.agent("billing", owner=cast.account("otto"))


@pytest.fixture
def ada(shop: Agent) -> ChatSession:
    return cast.chatting(shop, cast.user("ada"))


def transfer(session: ChatSession, to: Agent) -> None:
    apply([c.Transfer(session=session.pk, actor=c.account_actor(1), target=to.pk)])


def watch(page: Page, address: str = TAB, who: str = "olga") -> Page:
    sign_in(page, who)
    page.goto(address)
    expect(page.locator("[data-connection]")).to_have_text(re.compile("^Live"))
    page.mouse.move(0, 0)
    return page


def strip(page: Page) -> Locator:
    return page.get_by_role("region", name=re.compile("transfers? waits? for"))


def cancel(page: Page, name: str) -> Locator:
    return strip(page).get_by_role("button", name=f"Cancel the transfer of {name}")


def test_a_transfer_comes_to_both_tabs_and_goes_when_it_is_picked_up(
    page: Page, browser: Browser, base_url: str, billing: Agent, ada: ChatSession
) -> None:
    watch(page)
    expect(strip(page)).to_have_count(0)
    with browser.new_context(base_url=base_url) as context:
        target = watch(context.new_page(), "/agents/billing/sessions/", "otto")
        transfer(ada, billing)
        for there in (page, target):
            expect(strip(there)).to_contain_text("Ada from Shop to Billing waits until")
        expect(cancel(page, "Ada")).to_be_visible()
        expect(strip(target).get_by_role("button")).to_have_count(0)

        cast.say(ada.thread, "hello?")
        for there in (page, target):
            expect(strip(there)).to_have_count(0)
        expect(target.get_by_role("row").filter(has_text="Ada")).to_contain_text("Live")


def test_cancel_takes_one_press_and_the_focus_stays_at_hand(page: Page, shop: Agent, billing: Agent) -> None:
    for name in ("ada", "grace"):
        transfer(cast.chatting(shop, cast.user(name)), billing)
    watch(page)
    cancel(page, "Grace").press("Enter")
    expect(page.get_by_text("The transfer of Grace is cancelled. Shop answers the next message.")).to_be_visible()
    expect(strip(page)).to_contain_text("1 transfer waits for its user")
    expect(strip(page).get_by_role("heading")).to_be_focused()
    cancel(page, "Ada").press("Enter")
    expect(strip(page)).to_have_count(0)
    expect(page.locator("#live")).to_be_focused()
    assert not ChatSession.objects.filter(pending_to=billing).exists()


def test_the_focus_survives_when_another_one_comes(page: Page, shop: Agent, billing: Agent, ada: ChatSession) -> None:
    transfer(ada, billing)
    watch(page)
    cancel(page, "Ada").focus()
    transfer(cast.chatting(shop, cast.user("grace")), billing)
    expect(cancel(page, "Grace")).to_be_visible()
    expect(cancel(page, "Ada")).to_be_focused()


def test_nothing_is_moved_under_the_pointer(page: Page, shop: Agent, billing: Agent, ada: ChatSession) -> None:
    grace = cast.chatting(shop, cast.user("grace"))
    watch(page)
    row = page.get_by_role("row").filter(has_text="Ada")
    row.hover()
    before = row.bounding_box()
    transfer(grace, billing)
    expect(page.get_by_role("row").filter(has_text="Grace")).to_contain_text("Waits for billing")
    expect(strip(page)).to_have_count(0)
    assert row.bounding_box() == before
    page.mouse.move(0, 0)
    expect(strip(page)).to_contain_text("Grace")


def test_a_cancel_under_the_pointer_stays_what_it_was(page: Page, shop: Agent, billing: Agent) -> None:
    grace, ada = (cast.chatting(shop, cast.user(name)) for name in ("grace", "ada"))
    transfer(grace, billing)
    transfer(ada, billing)
    watch(page)
    cancel(page, "Grace").hover()
    cast.say(grace.thread, "hello?")
    expect(page.locator("[data-count=open]")).to_have_text("0")  # of shop; a frame that came after the pick-up
    page.get_by_role("link", name="Refresh").focus()
    cancel(page, "Grace").click()
    expect(
        page.get_by_text("Nothing was done: another agent has picked up the session of Grace by now.")
    ).to_be_visible()
    assert ChatSession.objects.get(pk=ada.pk).pending_to == billing
    expect(cancel(page, "Grace")).to_have_count(0)


def test_it_works_without_javascript(browser: Browser, base_url: str, billing: Agent, ada: ChatSession) -> None:
    transfer(ada, billing)
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "olga")
        page.goto(f"{TAB}?language=en")
        cancel(page, "Ada").click()
        expect(page.get_by_text("The transfer of Ada is cancelled. Shop answers the next message.")).to_be_visible()
        expect(strip(page)).to_have_count(0)
        assert page.url.endswith("?language=en")


def test_paused_updates_hold_the_strip_too(page: Page, billing: Agent, ada: ChatSession) -> None:
    watch(page)
    page.get_by_role("button", name="Pause updates").click()
    page.mouse.move(0, 0)
    transfer(ada, billing)
    resume = page.get_by_role("button", name="Resume · 1 change")
    expect(resume).to_be_visible()
    expect(strip(page)).to_have_count(0)
    resume.click()
    expect(strip(page)).to_contain_text("Ada")


def test_a_row_says_which_human_talks_until_they_hand_back(page: Page, olga: Account, ada: ChatSession) -> None:
    watch(page)
    row = page.get_by_role("row").filter(has_text="Ada")
    deeds.take_over(principal=cast.principal(olga), session=ada.pk)
    expect(row).to_contain_text("with Olga")
    expect(row.get_by_role("button", name="Pause")).to_have_count(0)
    deeds.hand_back(principal=cast.principal(olga), session=ada.pk)
    expect(row).not_to_contain_text("with Olga")
    expect(row.get_by_role("button", name="Pause")).to_be_visible()


# ── everybody can use it


def crowd(shop: Agent, billing: Agent, olga: Account) -> None:
    long = "A name that goes on and on " * 7
    for name, called in (
        ("ada", ""),
        ("x" * 200, long.strip()),
        ("arabic", "عمر بن الخطاب"),
        ("ken", ""),
        ("lena", ""),
    ):
        transfer(cast.chatting(shop, cast.user(name, name=called)), billing)
    deeds.take_over(principal=cast.principal(olga), session=cast.chatting(shop, cast.user("grace")).pk)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(
    browser: Browser, base_url: str, olga: Account, shop: Agent, billing: Agent, scheme: str, width: int
) -> None:
    crowd(shop, billing, olga)
    size = {"width": width, "height": 900}
    with browser.new_context(base_url=base_url, color_scheme=scheme, reduced_motion="reduce", viewport=size) as context:
        page = watch(context.new_page(), "/sessions/")
        expect(strip(page).get_by_role("listitem")).to_have_count(5)
        assert findings(page) == []


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
def test_nothing_scrolls_sideways(page: Page, olga: Account, shop: Agent, billing: Agent, width: int) -> None:
    crowd(shop, billing, olga)
    page.set_viewport_size({"width": width, "height": 800})
    watch(page)
    expect(strip(page).get_by_role("listitem")).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for button in strip(page).get_by_role("button").all():
        button.scroll_into_view_if_needed()
        box = button.bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
        assert min(box["width"], box["height"]) >= 24
