"""Somebody with an account chats, and sees to their own sessions (7-screens.md, 41; docs/decisions/0026)."""

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Locator, Page, expect

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.accounts.permissions import principal_of
from portal.agents.models import Agent
from sessions_app.actions import deeds, policies
from sessions_app.models import ChatSession, ChatUser, Message
from tests import cast
from tests.browser.pages import findings, sign_in, until

SCRIPT = (Path(settings.ROOT) / "portal" / "demo" / "bots" / "shop.yaml").read_text()
NARROW = {"width": 360, "height": 740}
SOON = 15_000  # ms, within which a page finds out by itself


@pytest.fixture
def shop(site: str) -> str:
    """With a scripted bot; it hands its users on to `billing`."""
    olga = cast.account("olga")
    bot = {"owner": olga, "platform": "scripted", "script": SCRIPT, "prompt_kind": "intent"}
    cast.agent("shop", transfer_targets=["billing"], **bot)
    cast.agent("billing", **bot)
    for name in ("emil", "dora"):
        cast.account(name, Role.USER)
    return site


@pytest.fixture
def emil(shop: str, page: Page) -> Page:
    """At a page of his browser."""
    sign_in(page, "emil")
    return page


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, shop: str) -> Iterator[Page]:
    with browser.new_context(base_url=shop, color_scheme=request.param, reduced_motion="reduce") as context:
        page = context.new_page()
        sign_in(page, "emil")
        yield page


def chat(page: Page, text: str, agent: str = "shop") -> ChatSession:
    """Say it, and wait until the bot has answered."""
    page.goto(f"/chat/{agent}/?language=en")
    expect(page.get_by_role("log")).to_contain_text(re.compile(r"\w"))
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")
    said = Message.objects.filter(text=text)
    until(page, Message.objects.filter(answers__in=said.values("pk")).exists)
    expect(page.get_by_role("log")).to_contain_text(text)
    return said.get().session


def sign_out(page: Page, name: str) -> None:
    page.goto("/me/sessions/")
    page.get_by_role("button", name=re.compile(name)).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login/"))


def card(page: Page, session: ChatSession) -> Locator:
    return page.locator(f"#session-{session.pk}")


def user_of(session: ChatSession) -> ChatUser:
    session.refresh_from_db()
    return session.user


# ── from the chat to the page and back
def test_who_signs_in_lands_on_their_sessions_and_sees_to_them(emil: Page, shop: str) -> None:
    expect(emil).to_have_url(f"{shop}/me/sessions/")
    expect(emil.get_by_text("No sessions yet")).to_be_visible()
    session = chat(emil, "Where is my order?")
    assert user_of(session).account == Account.objects.get(username="emil")
    emil.goto("/me/sessions/")
    mine = card(emil, session)
    expect(mine).to_contain_text("Waiting for you – ends in")

    mine.get_by_role("button", name="Pause").click()
    expect(emil.get_by_text("It does not end before you resume it.")).to_be_visible()
    expect(mine).to_contain_text("Paused since")
    mine.get_by_role("button", name="Resume").click()
    expect(mine).to_contain_text("Waiting for you")

    mine.locator("summary", has_text="Transfer").click()
    mine.get_by_label("To").select_option("Billing")
    mine.get_by_role("button", name="Transfer Shop").click()
    expect(mine).to_contain_text("Handed on to Billing")
    mine.get_by_role("button", name="Cancel the transfer").click()
    expect(emil.get_by_text("Shop answers when you write in the chat.")).to_be_visible()
    expect(mine).to_contain_text("It was handed on to another agent.")

    again = chat(emil, "12345")
    emil.goto("/me/sessions/")
    card(emil, again).get_by_role("link", name="Shop", exact=True).click()
    expect(emil.get_by_role("log")).to_contain_text("12345")
    emil.locator("summary", has_text="End…").click()
    emil.get_by_label("Reason (optional)").fill("done")
    emil.get_by_role("button", name="End the session").click()
    expect(emil.get_by_text("You ended it.")).to_be_visible()
    again.refresh_from_db()
    assert again.end_reason == "user_ended"


def test_the_chat_shows_at_once_what_is_done_on_the_page(emil: Page) -> None:
    session = chat(emil, "Where is my order?")
    mine = emil.context.new_page()
    mine.goto(f"/me/sessions/{session.pk}/")
    mine.get_by_role("button", name="Pause").click()
    expect(emil.get_by_text("This chat is paused.")).to_be_visible()


def test_it_all_works_without_javascript(browser: Browser, shop: str, emil: Page) -> None:
    session = chat(emil, "Where is my order?")
    with browser.new_context(base_url=shop, java_script_enabled=False) as context:
        plain = context.new_page()
        sign_in(plain, "emil")
        card(plain, session).get_by_role("button", name="Pause").click()
        expect(card(plain, session)).to_contain_text("Paused since")
        card(plain, session).locator("summary", has_text="End…").click()
        card(plain, session).get_by_role("button", name="End the session").click()
        expect(card(plain, session)).to_contain_text("You ended it.")


# ── whose chat a browser shows
def test_what_was_said_before_signing_in_is_theirs(page: Page, shop: str) -> None:
    session = chat(page, "Where is my order?")
    sign_in(page, "emil")
    expect(page.get_by_text("No sessions yet")).to_be_visible()
    page.goto("/chat/shop/?language=en")
    expect(page.get_by_role("log")).to_contain_text("Where is my order?")
    page.goto("/me/sessions/")
    expect(card(page, session)).to_be_visible()


def test_what_there_is_no_room_for_stays_where_it_is_and_the_chat_is_theirs(
    browser: Browser, page: Page, shop: str
) -> None:
    olga = principal_of(Account.objects.get(username="olga"))
    agent = Agent.objects.get(slug="shop")
    policies.change(principal=olga, agent=agent, values={"max_concurrent_per_user": 1})
    with browser.new_context(base_url=shop) as context:
        elsewhere = context.new_page()
        sign_in(elsewhere, "emil")
        chat(elsewhere, "At my desk")
    visitor = chat(page, "On my phone")
    sign_in(page, "emil")
    page.goto("/chat/shop/?language=en")
    expect(page.get_by_role("log")).to_contain_text("At my desk")
    assert user_of(visitor).account is None


def test_the_next_person_at_the_browser_finds_nothing_of_the_one_before(emil: Page, shop: str) -> None:
    session = chat(emil, "My name is on the parcel")
    emil.get_by_role("textbox").fill("half a thought")
    sign_out(emil, "emil")

    emil.goto("/chat/shop/?language=en")
    greeting = emil.get_by_role("log")
    expect(greeting).to_contain_text(re.compile(r"\w"))
    expect(greeting).not_to_contain_text("My name is on the parcel")
    expect(emil.get_by_role("textbox")).to_have_value("")
    stranger = ChatUser.objects.get(account=None)
    assert not stranger.identified

    sign_in(emil, "dora")
    other = chat(emil, "Do you have boots?")
    expect(emil.get_by_role("log")).not_to_contain_text("My name is on the parcel")
    assert user_of(other).account == Account.objects.get(username="dora")
    assert user_of(session).account == Account.objects.get(username="emil")
    assert user_of(session).threads.get().last_seq == Message.objects.filter(thread=session.thread).count()

    sign_out(emil, "dora")
    sign_in(emil, "emil")
    emil.goto("/chat/shop/?language=en")
    expect(emil.get_by_role("log")).to_contain_text("My name is on the parcel")
    expect(emil.get_by_role("textbox")).to_have_value("half a thought")


def test_a_chat_that_stays_open_is_empty_after_signing_out(emil: Page) -> None:
    chat(emil, "My name is on the parcel")
    elsewhere = emil.context.new_page()
    sign_out(elsewhere, "emil")
    expect(emil.get_by_text("This chat is not available.")).to_be_visible(timeout=SOON)
    expect(emil.get_by_role("log")).not_to_contain_text("My name is on the parcel")


# ── keeping itself current
def test_a_page_follows_what_happens_and_leaves_a_choice_alone(emil: Page) -> None:
    session = chat(emil, "Where is my order?")
    emil.goto("/me/sessions/")
    mine = card(emil, session)
    mine.locator("summary", has_text="End…").click()
    mine.get_by_label("Reason (optional)").fill("half a reason")
    olga = principal_of(Account.objects.get(username="olga"))
    deeds.pause(principal=olga, session=session.pk)
    expect(mine).to_contain_text("Paused since", timeout=SOON)
    expect(mine.get_by_label("Reason (optional)")).to_have_value("half a reason")
    expect(mine.get_by_label("Reason (optional)")).to_be_focused()

    mine.get_by_role("button", name="End the session").click()
    expect(emil.get_by_text("you saw the session going on, and by now it is paused")).to_be_visible()
    session.refresh_from_db()
    assert session.state == "paused"


def test_the_focus_stays_where_it_is(emil: Page) -> None:
    session = chat(emil, "Where is my order?")
    emil.goto("/me/sessions/")
    link = card(emil, session).get_by_role("link", name="Go to the chat")
    link.focus()
    cast.pass_time(session.pk, timedelta(minutes=59, seconds=15))
    expect(card(emil, session).get_by_role("button", name="Keep chatting")).to_be_visible(timeout=SOON)
    expect(link).to_be_focused()
    card(emil, session).get_by_role("button", name="Keep chatting").click()
    expect(emil.get_by_text("The time until it ends begins anew.")).to_be_visible()


def test_new_lines_come_into_the_transcript(emil: Page) -> None:
    session = chat(emil, "Where is my order?")
    mine = emil.context.new_page()
    mine.goto(f"/me/sessions/{session.pk}/")
    expect(mine.get_by_role("log")).to_contain_text("Where is my order?")
    emil.get_by_role("textbox").fill("12345")
    emil.keyboard.press("Enter")
    expect(mine.get_by_role("log")).to_contain_text("12345", timeout=SOON)
    expect(mine.get_by_role("log").get_by_text("Where is my order?")).to_have_count(1)


def test_while_portal_is_away_the_page_says_so_once(emil: Page) -> None:
    chat(emil, "Where is my order?")
    emil.goto("/me/sessions/")
    emil.route("**/me/sessions/**", lambda route: route.abort())
    note = emil.get_by_text("Portal cannot be reached. This is how it was before")
    expect(note).to_be_visible(timeout=SOON)
    expect(emil.locator(".toast")).to_have_count(0)
    emil.unroute("**/me/sessions/**")
    expect(note).to_be_hidden(timeout=SOON)


# ── for everybody
def test_axe_finds_nothing_and_nothing_scrolls_sideways(themed: Page) -> None:
    themed.set_viewport_size(NARROW)
    found, widths = {}, {}

    def look(place: str) -> None:
        found[place] = findings(themed)
        widths[place] = themed.evaluate("document.documentElement.scrollWidth")

    look("none")
    paused, running = chat(themed, "Do you have boots?", "billing"), chat(themed, "Where is my order?")
    themed.goto("/me/sessions/")
    card(themed, paused).get_by_role("button", name="Pause").click()
    look("a list")
    card(themed, running).locator("summary", has_text="Transfer").click()
    look("a transfer")
    card(themed, running).locator("summary", has_text="End…").click()
    look("the end")
    themed.goto(f"/me/sessions/{running.pk}/")
    look("one")
    themed.locator("summary", has_text="End…").click()
    themed.get_by_role("button", name="End the session").click()
    look("one that has ended")
    themed.goto("/chat/shop/?language=en")
    look("the chat")
    assert {place: what for place, what in found.items() if what} == {}
    assert max(widths.values()) <= NARROW["width"], widths
