"""Agents and their session policy in a real browser: by keyboard alone, said back while typing, in both themes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from portal.accounts.models import Account
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.queries import policies
from tests import cast
from tests.browser.pages import findings, sign_in

POLICY = "/agents/shop/session-policy/"
PAGES = [
    "/agents/",
    "/agents/new/",
    "/agents/shop/",
    "/agents/shop/settings/",
    POLICY,
    "/session-management/",
    "/session-management/?edit=shop",
]


@pytest.fixture
def olga(site: str) -> Account:
    return cast.account("olga")


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga, platform=Platform.DIALOGFLOW_CX)


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str, shop: Agent) -> Iterator[Page]:
    cast.agent("billing", name="An agent that users may go to", owner=Account.objects.get(username="olga"))
    with browser.new_context(
        base_url=site,
        color_scheme=request.param,
        reduced_motion="reduce",
        viewport={"width": 360, "height": 740},
    ) as context:
        page = context.new_page()
        sign_in(page, "olga")
        yield page


def current(agent: Agent) -> policies.Version:
    return policies.current([agent.pk])[agent.pk]


def type_over(page: Page, text: str) -> None:
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the box of that label has the focus; it is in sight then."""
    box = page.get_by_label(name, exact=True)
    for _ in range(40):
        page.keyboard.press("Tab")
        if box.evaluate("box => box === document.activeElement"):
            return
    raise AssertionError(f"Tab never came to “{name}”.")


def settled(row: Locator) -> Locator:
    """The boxes of a row that htmx has taken charge of: a twentieth of a second after it has swapped them in."""
    return row.page.locator("tbody:not(.htmx-added)").get_by_label("Session duration")


# ── the Session Policy tab ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_policy_is_changed_with_the_keyboard_alone(page: Page, shop: Agent) -> None:
    sign_in(page, "olga")
    page.goto(POLICY)
    tab_to(page, "Session duration")
    type_over(page, "1h 30m")
    expect(page.locator("#id_session_duration_echo")).to_have_text("1 hour 30 minutes · was 30 minutes")
    expect(page.locator("#outlook")).to_contain_text("11:30")
    tab_to(page, "Idle timeout")
    type_over(page, "10")
    expect(page.locator("#id_idle_timeout_echo")).to_have_text("10 minutes · was 30 minutes")
    for _ in range(3):  # max duration, warning, the cards
        page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Clear history")).to_be_checked()
    tab_to(page, "Reason")
    page.keyboard.type("Calmer evenings")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 2 is saved.")).to_be_visible()
    version = current(shop)
    assert (version.policy.session_duration, version.policy.idle_timeout) == (
        timedelta(minutes=90),
        timedelta(minutes=10),
    )
    assert (version.policy.end_behavior, version.reason) == ("clear_history", "Calmer evenings")


def test_for_which_sessions_it_is_is_chosen_with_the_keyboard(page: Page, shop: Agent) -> None:
    sign_in(page, "olga")
    page.goto(POLICY)
    page.get_by_label("Session duration").fill("20m")
    tab_to(page, "Allow per-session model override")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Running and new sessions")).to_be_focused()
    expect(page.get_by_role("radio", name="Running and new sessions")).to_be_checked()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="New sessions only")).to_be_checked()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 2 is saved. It applies to new sessions")).to_be_visible()
    assert not current(shop).running


def test_what_has_the_focus_is_never_under_the_bar_that_stays(page: Page, shop: Agent) -> None:
    page.set_viewport_size({"width": 1280, "height": 500})
    sign_in(page, "olga")
    page.goto(POLICY)
    tab_to(page, "Session duration")
    for _ in range(10):
        page.keyboard.press("Tab")
        covered = page.evaluate(
            """() => {
              const box = document.activeElement.getBoundingClientRect();
              const on_top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
              const bar = document.querySelector(".savebar");
              return bar.contains(on_top) && !bar.contains(document.activeElement);
            }"""
        )
        assert not covered


def test_out_of_bounds_is_told_at_the_field_and_at_the_top(page: Page, shop: Agent) -> None:
    sign_in(page, "olga")
    page.goto(POLICY)
    page.get_by_label("Session duration").fill("25h")
    page.get_by_label("Max duration").fill("soon")
    page.get_by_role("button", name="Save").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Session duration on Dialogflow CX is 1 to 1440 minutes.")
    box = page.get_by_label("Session duration")
    expect(box).to_have_value("25h")
    expect(box).to_have_accessible_description(
        "Time between the last interaction and the end of the session. 1 to 1440 minutes on Dialogflow CX. "
        "Default: 30 minutes. Session duration on Dialogflow CX is 1 to 1440 minutes."
    )
    alert.get_by_role("link", name="Max duration").click()
    expect(page.get_by_label("Max duration")).to_be_focused()


def test_a_stale_form_shows_both_and_the_second_save_is_a_decision(page: Page, olga: Account, shop: Agent) -> None:
    sign_in(page, "olga")
    page.goto(POLICY)
    page.get_by_label("Session duration").fill("45m")
    other = page.context.new_page()
    other.goto(POLICY)
    other.get_by_label("Max duration").fill("5h")
    other.get_by_role("button", name="Save").click()
    expect(other.get_by_text("Version 2 is saved.")).to_be_visible()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert")).to_contain_text("olga saved version 2 while you were at it.")
    expect(page.get_by_label("Session duration")).to_have_value("45m")
    expect(page.get_by_label("Max duration")).to_have_value("5h")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Version 3 is saved.")).to_be_visible()


# ── Session Management ─────────────────────────────────────────────────────────────────────────────────────────────
def test_a_row_is_edited_in_its_place(site: str, page: Page, shop: Agent) -> None:
    sign_in(page, "olga")
    page.goto("/session-management/")
    row = page.locator("#agent-shop")
    row.get_by_role("link", name="Edit").press("Enter")
    expect(settled(row)).to_be_visible()
    row.get_by_label("Session duration").fill("25h")
    page.keyboard.press("Enter")
    expect(row).to_contain_text("Session duration on Dialogflow CX is 1 to 1440 minutes.")
    expect(settled(row)).to_be_visible()
    row.get_by_label("Session duration").fill("25")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Version 2 is saved.")).to_be_visible()
    expect(row).to_contain_text("25 minutes")
    expect(row.get_by_role("link", name="Edit")).to_be_focused()
    expect(page).to_have_url(f"{site}/session-management/")


# ── building an agent ──────────────────────────────────────────────────────────────────────────────────────────────
def test_an_agent_is_built_and_the_browsers_back_loses_nothing(page: Page, olga: Account) -> None:
    sign_in(page, "olga")
    page.goto("/agents/")
    page.get_by_role("link", name="Build an agent").click()
    page.get_by_label("Name").fill("Holiday helper")
    expect(page.locator("#id_slug_echo")).to_have_text("It will be holiday-helper")
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Session duration").fill("15m")
    expect(page.locator("#id_session_duration_echo")).to_have_text("15 minutes")
    page.get_by_role("button", name="Next").click()
    expect(page.get_by_role("checkbox", name="Deutsch")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Session duration")).to_have_value("15m")
    page.go_back()
    expect(page.get_by_label("Name")).to_have_value("Holiday helper")
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("checkbox", name="Deutsch").check()
    page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Build this agent").click()
    expect(page.get_by_role("heading", name="Holiday helper")).to_be_visible()
    agent = Agent.objects.get(slug="holiday-helper")
    assert (agent.languages, current(agent).policy.session_duration) == (["de", "en"], timedelta(minutes=15))


# ── every page ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_axe_finds_nothing_and_nothing_scrolls_sideways(themed: Page) -> None:
    found: dict[str, list[str]] = {}
    for address in PAGES:
        themed.goto(address)
        found[address] = findings(themed)
        if themed.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[address].append("wider than the screen")
    themed.goto(POLICY)
    themed.get_by_label("Session duration").fill("25h")
    themed.get_by_role("button", name="Save").click()
    found["a refused policy"] = findings(themed)
    assert {place: what for place, what in found.items() if what} == {}


def test_no_page_asks_for_what_its_policy_forbids(page: Page, shop: Agent) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    sign_in(page, "olga")
    for address in PAGES:
        page.goto(address, wait_until="networkidle")
    assert said == []
