"""A translator at work, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from localization import actions, queries
from localization.core.keys import Key
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from tests import cast
from tests.browser.pages import findings, sign_in

MESSAGES = "/agents/shop/localization/"


@pytest.fixture
def shop(site: str) -> Agent:
    return cast.agent("shop", languages=["en", "de", "ar"])


@pytest.fixture
def tara(shop: Agent) -> Account:
    """The translator of German and Arabic."""
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de", "ar")
    return tara


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str, tara: Account) -> Iterator[Page]:
    with browser.new_context(
        base_url=site,
        color_scheme=request.param,
        reduced_motion="reduce",
        viewport={"width": 360, "height": 740},
    ) as context:
        page = context.new_page()
        sign_in(page, "tara")
        yield page


@pytest.fixture
def complaints(page: Page) -> list[str]:
    """What the browser refused to load or run."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if "Security" in message.text else None)
    return found


@pytest.fixture
def desk(page: Page, site: str, tara: Account, complaints: list[str]) -> Page:
    sign_in(page, "tara")
    return page


def own_text(agent: Agent, language: str) -> str | None:
    return queries.row(agent, key=Key.SESSION_EXPIRED, language=language).own


def write(agent: Agent, language: str, text: str) -> None:
    actions.save_text(
        principal=cast.principal(cast.admin()),
        agent=agent,
        key=Key.SESSION_EXPIRED,
        language=language,
        text=text,
        expected_version=None,
    )


def test_a_translator_edits_by_keyboard_and_the_focus_stays_with_the_row(
    desk: Page, site: str, shop: Agent, complaints: list[str]
) -> None:
    desk.goto(site + MESSAGES)
    edit = desk.get_by_role("link", name="Edit · Arabic").first
    edit.focus()
    desk.keyboard.press("Enter")
    box = desk.get_by_label("Arabic", exact=True)
    expect(box).to_be_focused()
    expect(box).to_have_attribute("dir", "rtl")
    desk.keyboard.press("Control+A")
    desk.keyboard.type("انتهت {nobody}")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect(desk.get_by_text("“{nobody}” is not a placeholder")).to_be_visible()
    expect(box).to_have_value("انتهت {nobody}")
    assert own_text(shop, "ar") is None
    box.fill("انتهت مع {agent}")
    desk.get_by_role("button", name="Save").click()
    row = desk.locator("#session_expired-ar")
    expect(row).to_contain_text("انتهت مع {agent}")
    expect(row.get_by_role("link", name="Edit")).to_be_focused()
    expect(desk.locator("#counts-session_expired")).to_have_text("1 own1 shipped")
    expect(desk.get_by_role("status").get_by_text("Saved.")).to_be_visible()
    assert own_text(shop, "ar") == "انتهت مع {agent}"
    assert complaints == []


def test_reverting_is_asked_once_and_says_what_users_will_read(desk: Page, site: str, shop: Agent) -> None:
    write(shop, "de", "Vorbei")
    desk.goto(site + MESSAGES)
    desk.get_by_role("link", name="Edit · German").first.click()
    desk.get_by_role("button", name="Revert to fallback").click()
    question = desk.get_by_role("dialog")
    expect(question).to_contain_text("Users then read: “Ihre Sitzung ist abgelaufen”")
    question.get_by_role("button", name="Revert to fallback").click()
    expect(desk.locator("#session_expired-de")).to_contain_text("Fallback: Portal's German text.")
    assert own_text(shop, "de") is None


def test_cancelling_leaves_everything_as_it_was(desk: Page, site: str, shop: Agent) -> None:
    desk.goto(site + MESSAGES)
    desk.get_by_role("link", name="Edit · German").first.click()
    desk.get_by_label("German", exact=True).fill("Vorbei")
    desk.get_by_role("link", name="Cancel").click()
    expect(desk.locator("#session_expired-de")).to_contain_text("Ihre Sitzung ist abgelaufen")
    expect(desk.locator("textarea")).to_have_count(0)


def test_it_works_without_javascript(browser: Browser, site: str, tara: Account, shop: Agent) -> None:
    with browser.new_context(base_url=site, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "tara")
        page.goto(f"{MESSAGES}?open=bot_unavailable")
        page.locator("#bot_unavailable-de").get_by_role("link", name="Edit").click()
        page.get_by_label("German", exact=True).fill("{{agent}}")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_label("German", exact=True)).to_have_value("{{agent}}")
        page.get_by_label("German", exact=True).fill("Bitte später.")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_text("German: Saved.")).to_be_visible()
        expect(page.locator("#bot_unavailable-de")).to_contain_text("Bitte später.")


def test_the_pages_are_accessible_and_fit_a_phone(themed: Page, shop: Agent) -> None:
    write(shop, "de", "Ihre Sitzung ist abgelaufen " + "x" * 200)  # a long word, and a warning
    for path in ("/localization/", MESSAGES, f"{MESSAGES}?language=ar", f"{MESSAGES}?edit=session_expired/ar"):
        themed.goto(path)
        assert findings(themed) == [], path
        assert themed.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
