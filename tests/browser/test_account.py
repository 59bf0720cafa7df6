"""Signing in with more than a password, and the pages of one's own account, in a real browser."""

import re
import time
from collections.abc import Iterator

import pytest
from django.core import mail
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, expect

from portal.accounts.actions import letters
from portal.accounts.models import Account, Token
from tests import cast
from tests.browser.pages import findings, sign_in
from tests.integration.sign_in.attempts import shown_code

PAGES = [
    "/account/",
    "/account/password/",
    "/account/email/",
    "/account/browsers/",
    "/account/authenticator/",
    "/account/passkeys/",
    "/account/passkeys/new/",
    "/account/confirm/",
]
OUTSIDE = ["/login/", "/login/forgotten/", "/login/forgotten/sent/", "/login/forgotten/1-not-one/"]
NEW_PASSWORD = "quite another long secret"


@pytest.fixture
def olga(site: str) -> Account:
    return cast.account("olga", first_name="Olga", email="olga@example.org")


@pytest.fixture
def phone(browser: Browser, base_url: str) -> Iterator[BrowserContext]:
    """Another browser of the same person."""
    with browser.new_context(base_url=base_url) as context:
        yield context


def set_up_app(page: Page) -> None:
    page.goto("/account/")
    page.get_by_role("link", name="Set up an authenticator app").click()
    secret = page.locator("code.secret").inner_text()
    page.get_by_role("textbox", name="code").fill(shown_code(secret))
    page.get_by_role("button", name="Set up").click()


def give_password(page: Page, password: str = cast.PASSWORD) -> None:
    page.goto("/login/")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")


def sign_out(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Olga")).click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/login/"))


def let_time_pass_since_the_sign_in() -> None:
    """The record of it in every session is an hour old."""
    from django.contrib.sessions.models import Session

    for session in Session.objects.all():
        kept = session.get_decoded()
        for record in kept.get("account_authentication_methods", []):
            record["at"] = time.time() - 3600
        session.session_data = type(session).objects.encode(kept)
        session.save()


def test_with_an_authenticator_app_the_password_alone_is_not_enough(page: Page, olga: Account) -> None:
    sign_in(page, "olga")
    set_up_app(page)
    recovery = page.locator("#codes").inner_text().split()
    assert len(recovery) == 10
    page.get_by_role("button", name="I have kept them").click()
    expect(page.get_by_text("Set up: you are asked for its code when you sign in.")).to_be_visible()
    page.goto("/account/recovery-codes/")
    expect(page.get_by_text(recovery[0])).to_have_count(0)

    sign_out(page)
    give_password(page)
    expect(page.get_by_role("heading", name="One more thing")).to_be_visible()
    page.get_by_role("textbox", name="code").fill("000000")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Incorrect code")).to_be_visible()
    page.goto("/agents/")
    expect(page.get_by_role("heading", name="One more thing")).to_be_visible()
    page.get_by_role("textbox", name="code").fill(recovery[0])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()

    sign_out(page)
    give_password(page)
    page.get_by_role("textbox", name="code").fill(recovery[0])
    page.keyboard.press("Enter")
    expect(page.get_by_text("Incorrect code")).to_be_visible()


# ── passkeys, with the authenticator that Chromium brings for tests
@pytest.fixture
def key(page: Page) -> CDPSession:
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": {**options, "isUserVerified": True}})
    return tools


def test_a_passkey_signs_in_without_a_name_or_a_password(page: Page, key: CDPSession, olga: Account, site: str) -> None:
    """At localhost: an address of numbers has no passkeys, in any browser."""
    there = site.replace("127.0.0.1", "localhost")
    page.goto(f"{there}/login/")
    page.get_by_label("Username").fill("olga")
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    page.goto(f"{there}/account/passkeys/new/")
    page.get_by_label("Name").fill("My laptop")
    page.get_by_label("Passwordless").check()
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="I have kept them").click()
    page.goto(f"{there}/account/passkeys/")
    expect(page.get_by_role("row").filter(has_text="My laptop")).to_contain_text("without the password")
    sign_out(page)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_a_passkey_that_is_not_there_is_told_in_words(page: Page, key: CDPSession, olga: Account, site: str) -> None:
    page.goto(f"{site}/login/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator("#toasts")).to_contain_text("Nothing was changed")


# ── the letter
def test_a_forgotten_password_is_replaced_by_a_letter(page: Page, phone: BrowserContext, olga: Account) -> None:
    elsewhere = phone.new_page()
    sign_in(elsewhere, "olga")
    page.goto("/login/")
    page.get_by_role("link", name="Password forgotten?").click()
    page.get_by_label("E-mail").fill("olga@example.org")
    page.get_by_role("button", name="Send the letter").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    assert letters.send_due() == 1
    (letter,) = mail.outbox
    (address,) = re.findall(r"http\S+/login/forgotten/\S+", str(letter.body))
    assert "olga" in letter.body

    page.goto(address)
    page.get_by_label("New Password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New Password (again)").fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="Your password is changed")).to_be_visible()
    give_password(page, NEW_PASSWORD)
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    elsewhere.goto("/agents/")
    expect(elsewhere).to_have_url(re.compile("/login/"))
    page.context.clear_cookies()
    page.goto(address)
    expect(page.get_by_role("heading", name="This address counts no more")).to_be_visible()


# ── once more
def test_what_was_sent_is_done_when_it_is_clear_who_sent_it(page: Page, olga: Account) -> None:
    sign_in(page, "olga")
    page.goto("/tokens/new/")
    page.get_by_label("Name").fill("for the report")
    page.get_by_label("Expires").select_option("never")
    let_time_pass_since_the_sign_in()
    page.get_by_role("button", name="Make").click()
    expect(page.get_by_role("heading", name="Is it still you?")).to_be_visible()
    assert not Token.objects.exists()
    page.get_by_label("Password").fill(cast.PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#secret")).to_have_text(re.compile("^pat_"))
    assert Token.objects.get().name == "for the report"


def test_a_browser_is_signed_out_from_another(page: Page, phone: BrowserContext, olga: Account) -> None:
    elsewhere = phone.new_page()
    sign_in(elsewhere, "olga")
    sign_in(page, "olga")
    page.goto("/account/browsers/")
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_role("button", name="Sign out all others").click()
    expect(page.get_by_role("row")).to_have_count(2)
    expect(page.get_by_text("this one")).to_be_visible()
    elsewhere.goto("/agents/")
    expect(elsewhere).to_have_url(re.compile("/login/"))


# ── everybody can use it
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, base_url: str, olga: Account, scheme: str) -> None:
    with browser.new_context(base_url=base_url, color_scheme=scheme, reduced_motion="reduce") as context:
        page = context.new_page()
        found = {}
        for address in OUTSIDE:
            page.goto(address)
            found[address] = findings(page)
        sign_in(page, "olga")
        for address in PAGES:
            page.goto(address)
            found[address] = findings(page)
        set_up_app(page)
        expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
        found["codes"] = findings(page)
        sign_out(page)
        give_password(page)
        expect(page.get_by_role("heading", name="One more thing")).to_be_visible()
        found["second factor"] = findings(page)
    assert {place: what for place, what in found.items() if what} == {}


@pytest.mark.parametrize("width", [360, 1440])
def test_nothing_scrolls_sideways_and_no_page_asks_for_what_its_policy_forbids(
    page: Page, olga: Account, width: int
) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.set_viewport_size({"width": width, "height": 800})
    for address in OUTSIDE:
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    sign_in(page, "olga")
    for address in PAGES:
        page.goto(address, wait_until="networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address
    set_up_app(page)
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [line for line in said if "Security Policy" in line] == []
