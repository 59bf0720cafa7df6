"""The main job, end to end: a person chats, the owner watches, the session ends at its deadline, the person reads why.

Two browsers and the real web process. Time is moved in the data, for one session; nobody waits for a minute.
"""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from localization.core.fallback import resolve
from localization.core.keys import Key
from localization.core.shipped import SHIPPED
from sessions_app.actions import sweeping
from sessions_app.models import ChatSession, Message
from tests import cast
from tests.browser.pages import sign_in, until

MINUTES = timedelta(minutes=1)
SCRIPT = (Path(settings.ROOT) / "portal" / "demo" / "bots" / "shop.yaml").read_text()
EXPIRED_IN_GERMAN = resolve(own={}, default_language="en", shipped=SHIPPED, key=Key.SESSION_EXPIRED, language="de").text
WITHOUT_SWEEP = 15_000  # ms in which an open chat and an open page find out by themselves


@pytest.fixture
def shop(site: str) -> str:
    """An agent of olga's that goes idle after ten minutes and ends after half an hour."""
    cast.agent(
        owner=cast.account("olga"),
        platform="scripted",
        script=SCRIPT,
        languages=["en", "de", "es", "ar"],
        prompt_kind="intent",
        policy={"session_duration": 30 * MINUTES, "idle_timeout": 10 * MINUTES},
    )
    return site


@pytest.fixture
def visit(shop: str, context: BrowserContext) -> Callable[[str], Page]:
    def visit(language: str) -> Page:
        page = context.new_page()
        page.goto(f"{shop}/chat/shop/?language={language}")
        expect(page.get_by_role("log")).to_contain_text(re.compile(r"\w"))
        return page

    return visit


@pytest.fixture
def tab(shop: str, browser: Browser) -> Page:
    """The Sessions tab, in the owner's own browser."""
    page = browser.new_page(base_url=shop)
    sign_in(page, "olga")
    page.goto("/agents/shop/sessions/")
    expect(page.locator("[data-connection]")).to_contain_text("Live")
    return page


def write(page: Page, text: str) -> None:
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")


def say(page: Page, text: str) -> None:
    """Write, and wait until the bot has answered: what is on screen may still be on its way."""
    write(page, text)
    answers = Message.objects.filter(answers__in=Message.objects.filter(text=text).values("pk"))
    until(page, answers.exists)
    expect(page.get_by_role("log")).to_contain_text(text)


def row(tab: Page, session: ChatSession) -> Locator:
    return tab.locator(f"tr[data-id='{session.pk}']")


def the_session() -> ChatSession:
    return ChatSession.objects.latest("started_at")


def test_a_chat_is_watched_until_it_expires_and_the_person_reads_why(visit, tab):
    chat = visit("de")
    say(chat, "Wo ist meine Bestellung?")
    session = the_session()
    expect(row(tab, session)).to_contain_text("Live")

    cast.pass_time(session.pk, 12 * MINUTES)
    sweeping.sweep()
    expect(row(tab, session)).to_contain_text("Idle")

    cast.pass_time(session.pk, 20 * MINUTES)
    sweeping.sweep()
    expect(row(tab, session)).to_contain_text("Ended")
    expect(row(tab, session)).to_contain_text("leaves this view")
    divider = chat.locator(".divider")
    expect(divider).to_have_text(EXPIRED_IN_GERMAN)
    expect(divider).to_have_attribute("lang", "de")
    session.refresh_from_db()
    assert session.ended_at == session.inactive_since + 30 * MINUTES, "at its deadline, not when the sweep noticed"

    fresh = the_session()
    assert fresh.pk != session.pk, "the chat is on screen, so it goes on in a new session"
    expect(row(tab, fresh)).to_contain_text("Live")


def test_it_ends_at_its_deadline_also_when_every_worker_is_stopped(visit, tab):
    chat = visit("es")
    say(chat, "hola")
    session = the_session()
    expect(row(tab, session)).to_contain_text("Live")

    cast.pass_time(session.pk, 45 * MINUTES)

    expect(chat.locator(".divider")).to_have_count(1, timeout=WITHOUT_SWEEP)
    expect(row(tab, session)).to_contain_text("Ended", timeout=WITHOUT_SWEEP)
    session.refresh_from_db()
    assert session.ended_at == session.inactive_since + 30 * MINUTES


def test_a_message_after_the_deadline_is_answered_in_a_new_session(visit, tab):
    chat = visit("en")
    say(chat, "hello")
    session = the_session()
    cast.pass_time(session.pk, 45 * MINUTES)
    write(chat, "Where is my order?")

    expect(chat.locator(".divider")).to_have_text("Your session has expired")
    expect(chat.get_by_role("log")).to_contain_text("What is your order number?")
    late = Message.objects.get(text="Where is my order?")
    assert late.session_id != session.pk
    expect(row(tab, ChatSession.objects.get(pk=late.session_id))).to_contain_text("Live")


def test_the_owner_pauses_resumes_and_ends_and_the_person_is_told(visit, tab):
    chat = visit("en")
    say(chat, "hello")
    session = the_session()

    row(tab, session).get_by_role("button", name="Pause").click()
    expect(row(tab, session)).to_contain_text("Paused")
    expect(chat.get_by_text("paused", exact=False).first).to_be_visible()

    row(tab, session).get_by_role("button", name="Resume").click()
    expect(row(tab, session)).to_contain_text("Live")

    row(tab, session).get_by_role("button", name="End").click()
    tab.get_by_role("dialog").get_by_role("button", name=re.compile("^End")).click()
    expect(row(tab, session)).to_contain_text("Ended")
    expect(chat.locator(".divider")).to_have_count(1)
    session.refresh_from_db()
    assert session.end_reason == "owner_ended"


def test_an_intent_prompt_alone_expires_silently(visit, tab):
    chat = visit("en")
    session = the_session()
    expect(row(tab, session)).to_contain_text("Live")
    cast.pass_time(session.pk, 45 * MINUTES)
    sweeping.sweep()

    expect(row(tab, session)).to_contain_text("Ended")
    session.refresh_from_db()
    assert session.silent
    assert chat.locator(".divider").count() == 0
