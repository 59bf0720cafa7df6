"""Ticking rows and doing one thing to them all, in a real browser (7-screens.md, 11 and 14)."""

import csv
import re
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal.accounts.models import Account
from portal.agents.models import Agent
from sessions_app.actions import apply, sweeping
from sessions_app.actions import bulk as doing
from sessions_app.core import commands as c
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession
from tests import cast
from tests.browser.pages import findings, sign_in

TAB = "/agents/shop/sessions/"
PEOPLE = ("ada", "grace", "lena", "nina")  # the newest is the first row


@pytest.fixture
def olga(site: str) -> Account:
    return cast.account("olga")


@pytest.fixture
def shop(olga: Account) -> Agent:
    sweeping.sweep()
    return cast.agent("shop", owner=olga, policy={"session_duration": timedelta(minutes=30)})


@pytest.fixture
def chats(shop: Agent) -> dict[str, ChatSession]:
    return {person: cast.chatting(shop, cast.user(person)) for person in PEOPLE}


def watch(page: Page, address: str = TAB) -> Page:
    sign_in(page, "olga")
    page.goto(address)
    expect(page.locator("[data-connection]")).to_have_text(re.compile("^Live"))
    return page


def box(page: Page, name: str) -> Locator:
    return page.get_by_role("checkbox", name=f"Select {name}")


def bar(page: Page) -> Locator:
    return page.locator("#bulk")


def ticked(page: Page) -> list[str]:
    return page.locator("tr:has(.pick :checked) .name:first-child").all_inner_texts()


def end(session: ChatSession) -> None:
    apply([c.End(session=session.pk, actor=c.USER, end_reason=EndReason.USER_ENDED)])


def states() -> list[str]:
    return list(ChatSession.objects.order_by("started_at").values_list("state", flat=True))


# ── ticking


def test_a_range_is_ticked_with_shift_by_mouse(page: Page, chats: dict[str, ChatSession]) -> None:
    watch(page)
    expect(bar(page)).to_be_hidden()
    box(page, "Nina").click()
    box(page, "Grace").click(modifiers=["Shift"])
    assert ticked(page) == ["Nina", "Lena", "Grace"]
    expect(bar(page)).to_contain_text("3 selected")
    box(page, "Lena").click(modifiers=["Shift"])
    assert ticked(page) == ["Nina"]


def test_it_takes_a_keyboard_and_no_mouse(page: Page, chats: dict[str, ChatSession]) -> None:
    watch(page)
    box(page, "Nina").focus()
    page.keyboard.press("Space")
    box(page, "Lena").focus()
    page.keyboard.press("Shift+Space")
    assert ticked(page) == ["Nina", "Lena"]
    page.keyboard.press("Enter")
    expect(bar(page).get_by_role("button", name="Pause")).to_be_focused()
    page.keyboard.press("Escape")
    expect(bar(page)).to_be_hidden()
    expect(box(page, "Nina")).to_be_focused()
    assert ticked(page) == []


def test_all_of_the_page_are_ticked_at_once(page: Page, chats: dict[str, ChatSession]) -> None:
    watch(page)
    everything = page.get_by_role("checkbox", name="Select all on this page")
    everything.click()
    assert len(ticked(page)) == 4
    box(page, "Ada").click()
    expect(everything).not_to_be_checked()
    bar(page).get_by_role("button", name="Select 4 on this page").click()
    expect(everything).to_be_checked()
    bar(page).get_by_role("button", name="Clear selection").click()
    assert ticked(page) == []


def test_only_what_makes_sense_is_offered(page: Page, chats: dict[str, ChatSession]) -> None:
    apply([c.Pause(session=chats["ada"].pk, actor=c.USER)])
    watch(page)
    deeds = bar(page).locator("[name=action]:visible")
    box(page, "Ada").click()
    expect(deeds).to_have_text(["Resume", "End"])
    box(page, "Nina").click()
    expect(deeds).to_have_text(["Resume", "Pause", "End"])
    box(page, "Ada").click()
    expect(deeds).to_have_text(["Pause", "End"])


# ── while rows change


def test_a_live_update_keeps_what_is_ticked_and_moves_nothing(
    page: Page, shop: Agent, chats: dict[str, ChatSession]
) -> None:
    watch(page)
    box(page, "Grace").click()
    page.mouse.move(0, 0)
    page.evaluate("document.activeElement.blur()")
    before = box(page, "Grace").bounding_box()
    cast.say(chats["grace"].thread, "more")
    expect(page.get_by_role("row", name="Grace")).to_contain_text("1 · 2")
    apply([c.Pause(session=chats["grace"].pk, actor=c.USER)])
    expect(page.get_by_role("row", name="Grace")).to_contain_text("Paused")
    cast.chatting(shop, cast.user("olive"))
    expect(page.get_by_role("button", name="1 new session · show")).to_be_visible()
    assert box(page, "Grace").bounding_box() == before
    assert ticked(page) == ["Grace"]
    expect(bar(page).get_by_role("button", name="Resume")).to_be_visible()


def test_one_that_has_ended_is_not_ticked_any_more(page: Page, chats: dict[str, ChatSession]) -> None:
    watch(page)
    box(page, "Grace").click()
    box(page, "Ada").click()
    end(chats["grace"])
    expect(bar(page)).to_contain_text("1 selected")
    expect(box(page, "Grace")).to_have_count(0)
    assert ticked(page) == ["Ada"]


# ── the deed


def test_three_are_ended_with_a_reason(page: Page, chats: dict[str, ChatSession]) -> None:
    watch(page, f"{TAB}?language=en")
    box(page, "Nina").click()
    box(page, "Grace").click(modifiers=["Shift"])
    bar(page).get_by_role("button", name="End").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("End 3 sessions?")
    expect(page.get_by_role("main")).to_contain_text("3 live")
    expect(page.get_by_role("main")).to_contain_text("agent Shop · open · en")
    page.get_by_label("Reason").fill("closing time")
    page.get_by_role("button", name="End them").click()
    result = page.get_by_role("heading", name="3 sessions have ended", level=2)
    expect(result).to_be_focused()
    assert states() == ["live", "ended", "ended", "ended"]
    assert chats["lena"].events.get(type="session.ended").detail["given"] == "closing time"
    page.get_by_role("link", name="Back to the sessions").click()
    expect(page).to_have_url(re.compile(rf"{TAB}\?language=en$"))


def test_all_that_match_are_more_than_the_page(page: Page, shop: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doing, "BATCH", 20)
    for number in range(55):
        cast.chatting(shop, cast.user(f"user-{number}"))
    watch(page)
    page.get_by_role("checkbox", name="Select all on this page").click()
    expect(bar(page)).to_contain_text("50 selected")
    bar(page).get_by_role("checkbox", name="all 55 that match").check()
    expect(bar(page).get_by_role("status")).to_have_text("all 55 that match")
    bar(page).get_by_role("button", name="Pause").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Pause 55 sessions?")
    page.get_by_role("button", name="Pause them").click()
    expect(page.get_by_role("heading", name="55 sessions are paused", level=2)).to_be_focused()  # told on the way
    assert set(states()) == {"paused"}


def test_when_there_are_more_by_then_it_is_asked_once_more(
    page: Page, shop: Agent, chats: dict[str, ChatSession]
) -> None:
    for number in range(50):
        cast.chatting(shop, cast.user(f"user-{number}"))
    watch(page)
    page.get_by_role("checkbox", name="Select all on this page").click()
    bar(page).get_by_role("checkbox", name="all 54 that match").check()
    bar(page).get_by_role("button", name="End").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("End 54 sessions?")
    cast.chatting(shop, cast.user("olive"))
    page.get_by_role("button", name="End them").click()
    expect(page.get_by_role("alert")).to_contain_text("you confirmed 54 sessions, and by now there are 55")
    assert set(states()) == {"live"}


def test_it_works_without_javascript(browser: Browser, base_url: str, chats: dict[str, ChatSession]) -> None:
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "olga")
        page.goto(TAB)
        box(page, "Ada").check()
        box(page, "Lena").check()
        bar(page).get_by_role("button", name="Pause").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Pause 2 sessions?")
        page.get_by_role("button", name="Pause them").click()
        expect(page.get_by_role("heading", name="2 sessions are paused", level=2)).to_be_visible()
        page.get_by_role("link", name="Back to the sessions").click()
        bar(page).get_by_role("button", name="Pause").click()
        expect(page.get_by_text("tick the sessions first")).to_be_visible()
    assert states() == ["paused", "live", "paused", "live"]


# ── taking them away


def test_what_is_filtered_is_downloaded(page: Page, chats: dict[str, ChatSession]) -> None:
    watch(page, f"{TAB}?q=a")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    with Path(download.value.path()).open(encoding="utf-8-sig", newline="") as file:
        assert [row["user_name"] for row in csv.DictReader(file)] == ["Ada"]
    assert download.value.suggested_filename.endswith(".csv")


# ── everybody can use it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 360])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    browser: Browser, base_url: str, chats: dict[str, ChatSession], scheme: str, width: int
) -> None:
    size = {"width": width, "height": 800}
    with browser.new_context(base_url=base_url, color_scheme=scheme, reduced_motion="reduce", viewport=size) as context:
        page = watch(context.new_page())
        found, widths = {}, {}

        def look(place: str) -> None:
            found[place] = findings(page)
            widths[place] = page.evaluate("document.documentElement.scrollWidth")

        box(page, "Ada").check()
        expect(bar(page)).to_be_in_viewport(ratio=1)
        look("the bar")
        bar(page).get_by_role("button", name="End").click()
        look("the question")
        end(chats["ada"])
        page.get_by_role("button", name="End them").click()
        expect(page.get_by_role("heading", name="0 sessions have ended", level=2)).to_be_focused()
        look("the result")
    assert {place: what for place, what in found.items() if what} == {}
    assert {place: wide for place, wide in widths.items() if wide > width} == {}
