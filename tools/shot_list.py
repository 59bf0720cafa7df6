"""What there is to be seen: each page, by whom, and what has to be done before the picture."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

Prepare = Callable[[Page], object]


@dataclass(frozen=True, slots=True)
class Shot:
    """`who` is the demo account that looks, empty for anybody."""

    name: str
    path: str
    who: str = "root"
    prepare: Prepare = lambda _page: None


def _chat(*said: str) -> Prepare:
    """Say so much, one after the other, each when the bot has answered the one before."""

    def prepare(page: Page) -> None:
        bot = page.get_by_role("log").locator(".bot")
        expect(bot.first).to_be_visible()
        for text in said:
            before = bot.count()
            page.get_by_role("textbox").fill(text)
            page.get_by_role("textbox").press("Enter")
            expect(bot).not_to_have_count(before)

    return prepare


def _session_of_the_shop(name: str) -> Prepare:
    """Go on to that page of the newest session in the table."""

    def prepare(page: Page) -> None:
        page.goto(f"/sessions/{page.locator('tr[data-id]').first.get_attribute('data-id')}/{name}/")
        for details in page.locator("main details").all():
            details.evaluate("element => element.open = true")

    return prepare


def _first_session(page: Page) -> None:
    page.locator("article h3 a").first.click()
    expect(page.get_by_role("heading", name="What was said")).to_be_visible()


def _a_session(page: Page) -> None:
    page.locator("table.sessions tbody th a").first.click()
    expect(page.get_by_role("heading", name="Transcript")).to_be_visible()


def _three_ticked(page: Page) -> None:
    boxes = page.get_by_role("checkbox", name=re.compile("^Select (?!all)"))
    boxes.first.click()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.get_by_text("3 selected")).to_be_visible()


def _three_to_end(page: Page) -> None:
    _three_ticked(page)
    page.locator("#bulk").get_by_role("button", name="End").click()
    expect(page.get_by_role("heading", name="End 3 sessions?")).to_be_visible()


SHOTS = (
    Shot("login", "/login/", who=""),
    Shot("overview", "/"),
    Shot("agents", "/agents/"),
    Shot("agent-new", "/agents/new/", who="olga"),
    Shot("agent", "/agents/shop/", who="olga"),
    Shot("sessions-tab", "/agents/shop/sessions/", who="olga"),
    Shot("sessions-tab-ended", "/agents/shop/sessions/?state=ended", who="olga"),
    Shot("sessions-bulk", "/agents/shop/sessions/", who="olga", prepare=_three_ticked),
    Shot("sessions-bulk-question", "/agents/shop/sessions/", who="olga", prepare=_three_to_end),
    Shot("sessions", "/sessions/"),
    Shot("sessions-none", "/sessions/?q=nobody-is-called-that"),
    Shot("session", "/agents/shop/sessions/?state=ended", who="olga", prepare=_a_session),
    Shot("session-timeline", "/agents/shop/sessions/?state=any", who="olga", prepare=_session_of_the_shop("timeline")),
    Shot("session-data", "/agents/shop/sessions/?state=any", who="olga", prepare=_session_of_the_shop("data")),
    Shot("session-policy", "/agents/shop/session-policy/", who="olga"),
    Shot("settings", "/agents/shop/settings/", who="olga"),
    Shot("session-management", "/session-management/"),
    Shot("localization", "/localization/"),
    Shot("localization-agent", "/agents/shop/localization/", who="tara"),
    Shot("audit", "/audit/"),
    Shot("people", "/people/"),
    Shot("people-invite", "/people/invite/"),
    Shot("people-add", "/people/add/", who="olga"),
    Shot("tokens", "/tokens/"),
    Shot("token-new", "/tokens/new/", who="olga"),
    Shot("my-sessions", "/me/sessions/", who="emil"),
    Shot("my-session", "/me/sessions/", who="emil", prepare=_first_session),
    Shot("forgotten", "/login/forgotten/", who=""),
    Shot("account", "/account/", who="olga"),
    Shot("authenticator", "/account/authenticator/", who="olga"),
    Shot("passkeys", "/account/passkeys/", who="olga"),
    Shot("passkey-new", "/account/passkeys/new/", who="olga"),
    Shot("browsers", "/account/browsers/", who="olga"),
    Shot("email", "/account/email/", who="olga"),
    Shot("password", "/account/password/", who="olga"),
    Shot("chat-en", "/chat/shop/?language=en", who="", prepare=_chat("Where is my order?", "12345")),
    Shot("chat-ar", "/chat/shop/?language=ar", who="", prepare=_chat("أين طلبي", "شكرا")),
    Shot("api-docs", "/api/docs"),
    Shot("back-office", "/admin/"),
    Shot("back-office-list", "/admin/sessions_app/chatsession/"),
    Shot("not-found", "/nowhere/"),
    Shot("forbidden", "/admin/", who="olga"),
)
