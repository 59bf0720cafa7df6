"""olga watches one session of her shop (7-screens.md, 16, 18, 20, 21)."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.accounts.models import Account
from portal.accounts.permissions import principal_of
from portal.agents.models import Agent
from sessions_app.actions import apply, deeds
from sessions_app.core.commands import USER, ClearHistory, Kind, Say, Sender
from sessions_app.models import ChatSession, Message
from tests import cast
from tests.browser.pages import findings, sign_in

NARROW = {"width": 360, "height": 740}
SOON = 15_000  # ms, within which a page finds out by itself


@pytest.fixture
def shop(site: str) -> Agent:
    olga = cast.account("olga")
    shop = cast.agent("shop", owner=olga)
    cast.agent("billing", owner=olga)
    return shop


@pytest.fixture
def ada(shop: Agent) -> ChatSession:
    return cast.chatting(shop, cast.user("ada"))


@pytest.fixture
def olga(ada: ChatSession, page: Page) -> Page:
    """With Ada's session before her."""
    sign_in(page, "olga")
    page.goto(address(ada))
    return page


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str, ada: ChatSession) -> Iterator[Page]:
    with browser.new_context(base_url=site, color_scheme=request.param, reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, "olga")
        yield page


def address(session: ChatSession) -> str:
    return f"/sessions/{session.pk}/"


def somebody() -> Account:
    return Account.objects.filter(username="root").first() or cast.admin()


def bot_says(session: ChatSession, text: str, **values: object) -> None:
    apply([Say(session=session.pk, actor="portal", sender=Sender.BOT, kind=Kind.TEXT, text=text, **values)])


# ── live
def test_from_the_tab_to_the_session_that_goes_on_by_itself(olga: Page, ada: ChatSession) -> None:
    olga.goto("/agents/shop/sessions/")
    olga.get_by_role("rowheader", name="Ada").get_by_role("link", name="Ada").click()
    log = olga.get_by_role("log")
    expect(log).to_contain_text("hello")
    expect(olga.locator("#how")).to_contain_text("after 1 hour without an interaction (policy v1).")
    expect(olga.locator("#facts time[data-countdown]").last).to_have_text(re.compile(r"in \d+:\d\d"))

    cast.say(ada.thread, "Is anybody there?")
    expect(log).to_contain_text("Is anybody there?", timeout=SOON)
    expect(log.get_by_text("hello")).to_have_count(1)
    expect(olga.locator("#facts")).to_contain_text("2 · 2", timeout=SOON)


def test_take_over_write_hand_back_and_end_with_a_reason(olga: Page, ada: ChatSession) -> None:
    olga.get_by_role("button", name="Take over").click()
    expect(olga.get_by_text("You talk with Ada instead of the bot.")).to_be_visible()
    cast.say(ada.thread, "A human, please")
    log = olga.get_by_role("log")
    expect(log).to_contain_text("A human, please", timeout=SOON)

    box = olga.get_by_role("textbox", name="Write to Ada as a human")
    box.fill("Here I am")
    olga.keyboard.press("Control+Enter")
    expect(log).to_contain_text("Here I am", timeout=SOON)
    expect(box).to_have_value("")
    expect(box).to_be_focused()
    box.fill("What is it?")
    olga.get_by_role("button", name="Send").click()
    expect(log.locator(".human")).to_have_count(2, timeout=SOON)
    assert list(Message.objects.filter(sender="human").order_by("seq").values_list("text", flat=True)) == [
        "Here I am",
        "What is it?",
    ]

    olga.get_by_role("button", name="Hand back").click()
    expect(olga.get_by_text("The bot goes on.")).to_be_visible()
    expect(box).to_have_count(0)

    olga.locator("summary", has_text="End…").click()
    olga.get_by_label("Reason (optional, kept in the timeline)").locator("visible=true").fill("all done")
    olga.get_by_role("button", name="End the session").click()
    expect(olga.get_by_text("The session has ended.")).to_be_visible()
    expect(olga.locator("#how .state")).to_have_text("Ended")
    ada.refresh_from_db()
    assert ada.end_reason == "owner_ended"


def test_what_somebody_else_does_appears_and_a_half_made_choice_stays(olga: Page, ada: ChatSession) -> None:
    olga.locator("summary", has_text="End…").click()
    reason = olga.locator("#end-reason")
    reason.fill("because")
    deeds.pause(principal=principal_of(somebody()), session=ada.pk)
    expect(olga.locator("#how .state")).to_have_text("Paused", timeout=SOON)
    expect(reason).to_have_value("because")
    expect(reason).to_be_focused()

    olga.get_by_role("button", name="End the session").click()
    expect(olga.get_by_text("you saw this session live, and it is paused by now")).to_be_visible()
    ada.refresh_from_db()
    assert ada.state == "paused"


def test_text_that_could_not_be_sent_stays(olga: Page, ada: ChatSession) -> None:
    olga.get_by_role("button", name="Take over").click()
    box = olga.get_by_role("textbox", name="Write to Ada as a human")
    box.fill("Something long and careful")
    olga.route("**/write/", lambda route: route.abort())
    olga.get_by_role("button", name="Send").click()
    expect(olga.locator(".toast")).to_be_visible()
    expect(box).to_have_value("Something long and careful")
    olga.unroute("**/write/")

    deeds.hand_back(principal=principal_of(somebody()), session=ada.pk)
    olga.get_by_role("button", name="Send").click()
    expect(olga.get_by_role("alert")).to_contain_text("you do not talk with the user any more")
    expect(box).to_have_value("Something long and careful")
    assert not Message.objects.filter(sender="human").exists()


def test_the_log_stays_at_its_end_and_leaves_alone_who_reads_above(olga: Page, ada: ChatSession) -> None:
    for number in range(40):
        bot_says(ada, f"line {number}")
    olga.reload()
    log = olga.get_by_role("log")
    log.scroll_into_view_if_needed()
    expect(olga.get_by_text("line 39")).to_be_in_viewport()
    bot_says(ada, "the newest")
    expect(olga.get_by_text("the newest")).to_be_in_viewport(timeout=SOON)

    log.evaluate("log => log.scrollTo(0, 0)")
    bot_says(ada, "unseen")
    expect(log).to_contain_text("unseen", timeout=SOON)
    assert log.evaluate("log => log.scrollTop") == 0


def test_a_line_is_found_by_its_address(olga: Page, ada: ChatSession) -> None:
    for number in range(40):
        bot_says(ada, f"line {number}")
    olga.reload()
    line = olga.locator(".msg").filter(has=olga.get_by_text("line 3", exact=True))
    with olga.expect_navigation():
        line.get_by_role("link").click()
    expect(line).to_be_in_viewport()
    assert olga.evaluate("document.querySelector(':target').textContent").strip().startswith("line 3")


def test_both_files_can_be_taken_away(olga: Page, ada: ChatSession) -> None:
    for name, ending in (("Text", "txt"), ("JSON", "json")):
        with olga.expect_download() as download:
            olga.get_by_role("link", name=name).click()
        assert download.value.suggested_filename == f"session-{ada.pk}.{ending}"
        assert "hello" in download.value.path().read_text()


def test_without_javascript(site: str, browser: Browser, ada: ChatSession) -> None:
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "olga")
        page.goto(address(ada))
        page.get_by_role("button", name="Take over").click()
        page.get_by_role("textbox", name="Write to Ada as a human").fill("Here I am")
        page.get_by_role("button", name="Send").click()
        expect(page.get_by_role("log")).to_contain_text("Here I am")
        page.get_by_role("button", name="Hand back").click()
        page.locator("summary", has_text="Transfer…").click()
        page.get_by_label("To", exact=True).select_option("Billing")
        page.get_by_role("button", name="Transfer").click()
        expect(page.get_by_text("Billing picks up when the user writes again")).to_be_visible()


# ── for everybody
def test_axe_finds_nothing_and_nothing_scrolls_sideways(themed: Page, shop: Agent, ada: ChatSession) -> None:
    themed.set_viewport_size(NARROW)
    found, widths = {}, {}

    def look(place: str) -> None:
        found[place] = findings(themed)
        widths[place] = themed.evaluate("document.documentElement.scrollWidth")

    bot_says(ada, "مرحبا، كيف أساعدك؟", language="ar")
    bot_says(ada, "W" * 300)
    themed.goto(address(ada))
    look("live")
    themed.locator("summary", has_text="Transfer").click()
    look("a transfer")
    themed.locator("summary", has_text="End…").click()
    look("the end")
    themed.get_by_role("button", name="Take over").click()
    look("a live chat")
    themed.get_by_role("textbox", name="Write to Ada as a human").fill("  ")
    themed.get_by_role("button", name="Send").click()
    expect(themed.get_by_role("alert")).to_be_visible()
    look("nothing to send")
    themed.get_by_role("button", name="Hand back").click()
    themed.get_by_role("button", name="Pause").click()
    cast.say(ada.thread, "for later")
    themed.goto(address(ada))
    look("paused and held")
    apply([ClearHistory(session=ada.pk, actor=USER)])
    themed.goto(address(ada))
    look("ended and cleared")
    nothing = cast.start(cast.thread(shop, cast.user("nobody")))
    cast.pass_time(nothing.pk, timedelta(hours=2))
    themed.goto(address(nothing))
    look("nothing said")
    assert {place: what for place, what in found.items() if what} == {}
    assert max(widths.values()) <= NARROW["width"], widths
