"""The widget against a Portal that breaks on demand (docs/chat-protocol.md, docs/widget.md)."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.chat_portal import FakePortal
from tests.browser.pages import findings

INLINE = '<portal-chat agent="shop" language="en" inline></portal-chat>'
EVENTS = """() => { window.seen = []; for (const name of ["ready", "opened", "closed", "message", "session-started",
    "session-expired", "session-ended", "session-paused", "session-resumed", "history-cleared", "language-changed"])
    document.addEventListener(`portal-chat:${name}`, (event) => seen.push([name, event.detail])); }"""


@pytest.fixture
def portal(context: BrowserContext) -> FakePortal:
    return FakePortal(context)


@pytest.fixture
def visit(context: BrowserContext, portal: FakePortal) -> Callable[..., Page]:
    return lambda body=INLINE: portal.visit(context, body)


def composer(page: Page) -> Locator:
    return page.get_by_role("textbox")


def log(page: Page) -> Locator:
    return page.get_by_role("log")


def write(page: Page, text: str) -> None:
    composer(page).fill(text)
    composer(page).press("Enter")


def arrived(page: Page, portal: FakePortal) -> None:
    """A message is at the Portal, whatever becomes of its acknowledgement."""
    for _ in range(500):
        if portal.sent("message"):
            return
        page.wait_for_timeout(10)  # the Portal of the test answers while the page is waited for
    raise AssertionError("No message came.")


def greeted(page: Page) -> Page:
    expect(log(page)).to_contain_text("What can I do for you?")
    return page


def texts(page: Page) -> list[str]:
    return log(page).locator(".text, .divider").all_inner_texts()


def option(page: Page, name: str) -> Locator:
    page.get_by_role("button", name="Options").click()
    return page.get_by_role("button", name=name)


def reconnect(page: Page) -> None:
    """Ends the waiting between two attempts, as the browser does when the network is back."""
    page.evaluate("dispatchEvent(new Event('online'))")


def reconnected(page: Page, portal: FakePortal) -> None:
    portal.down = False
    reconnect(page)
    expect(page.get_by_text("Not connected.")).to_have_count(0)


def seen(page: Page) -> list[tuple[str, dict[str, Any]]]:
    return [(name, detail) for name, detail in page.evaluate("seen")]


# ── opening


def test_asks_nothing_of_the_portal_before_it_is_opened(visit, portal):
    page = visit('<portal-chat agent="shop" language="en"></portal-chat>')
    launcher = page.get_by_role("button", name="Open chat")
    expect(launcher).to_be_visible()
    assert not portal.asked
    launcher.click()
    greeted(page)
    assert portal.asked == [{"language": "en"}]
    assert portal.sent("open") == [{"type": "open", "language": "en"}]
    expect(composer(page)).to_be_focused()


def test_opens_at_once_also_when_the_portal_is_away(visit, portal):
    portal.down = True
    page = visit('<portal-chat agent="shop"></portal-chat>')
    took = page.locator("portal-chat").evaluate(
        "chat => { const from = performance.now(); chat.open(); return performance.now() - from }"
    )
    expect(composer(page)).to_be_focused()
    assert took < 300
    expect(page.get_by_role("status")).to_contain_text("Reconnecting…")


def test_escape_closes_the_popup_and_returns_the_focus(visit):
    page = visit('<portal-chat agent="shop" language="en"></portal-chat>')
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    greeted(page)
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Open chat")).to_be_focused()


def test_counts_what_comes_while_it_is_closed(visit, portal):
    page = visit('<portal-chat agent="shop" language="en"></portal-chat>')
    page.get_by_role("button", name="Open chat").click()
    greeted(page).get_by_role("button", name="Close chat").click()
    portal.say("Are you still there?")
    page.get_by_role("button", name="Open chat (1)").click()
    expect(log(page)).to_contain_text("Are you still there?")


def test_an_unknown_agent_is_not_available(visit, portal):
    page = visit('<portal-chat agent="nobody" language="en" inline></portal-chat>')
    expect(page.get_by_role("status")).to_have_text("This chat is not available.")
    expect(composer(page)).to_be_hidden()
    assert len(portal.asked) == 1


# ── writing


def test_a_message_is_sending_until_it_is_acknowledged_and_shown_once(visit, portal):
    page = greeted(visit())
    portal.down = True
    portal.hang_up()
    write(page, "Where is my order?")
    expect(log(page)).to_contain_text("Sending…")
    reconnected(page, portal)
    expect(log(page)).not_to_contain_text("Sending…")
    assert texts(page) == ["Hello! What can I do for you?", "Where is my order?"]
    assert len(portal.sent("message")) == 1


def test_what_was_written_offline_survives_a_reload_and_is_sent_once(visit, portal):
    page = greeted(visit())
    portal.down = True
    portal.hang_up()
    write(page, "one")
    write(page, "two")
    composer(page).type("thr")
    page.reload()
    expect(log(page)).to_contain_text("two")
    portal.down = False
    reconnect(page)
    greeted(page)
    expect(log(page)).not_to_contain_text("Sending…")
    assert texts(page)[1:] == ["one", "two"]
    assert [frame["text"] for frame in portal.sent("message")] == ["one", "two"]
    expect(composer(page)).to_have_value("thr")


def test_a_lost_acknowledgement_makes_no_second_message(visit, portal):
    page = greeted(visit())
    portal.mute = True
    write(page, "Only once")
    expect(log(page)).to_contain_text("Only once")
    arrived(page, portal)
    reconnect(page)
    expect(log(page)).not_to_contain_text("Sending…")
    assert texts(page)[1:] == ["Only once"]
    assert len({frame["client_id"] for frame in portal.sent("message")}) == 1
    assert len(portal.entries) == 2


def test_a_refused_text_goes_back_to_the_composer(visit, portal):
    page = greeted(visit())
    portal.refusals["too late"] = {"code": "agent_disabled", "detail": "This chat is closed at the moment."}
    write(page, "too late")
    expect(page.get_by_role("alert")).to_have_text("This chat is closed at the moment.")
    expect(composer(page)).to_have_value("too late")
    assert texts(page) == ["Hello! What can I do for you?"]
    composer(page).press("End")
    composer(page).type("!")
    expect(page.get_by_role("alert")).to_have_text("")


@pytest.mark.parametrize("code", ["rate_limited", "unavailable"])
def test_a_text_that_is_refused_for_now_is_sent_again(visit, portal, code):
    page = greeted(visit())
    portal.refusals["Later, then"] = {"code": code, "detail": "Not now."}
    write(page, "Later, then")
    expect(log(page)).to_contain_text("Sending…")
    arrived(page, portal)
    portal.refusals.clear()
    expect(log(page)).not_to_contain_text("Sending…")
    assert [frame["text"] for frame in portal.sent("message")] == ["Later, then"] * 2
    assert texts(page)[1:] == ["Later, then"]


def test_a_text_over_the_limit_stays_where_it_was_typed(visit, portal):
    page = greeted(visit())
    write(page, "x" * 8001)
    expect(page.get_by_role("alert")).to_have_text("Too long: 8001 of at most 8000 characters.")
    assert len(composer(page).input_value()) == 8001
    assert not portal.sent("message")


def test_shift_enter_breaks_the_line_and_an_input_methods_enter_does_not_send(visit, portal):
    page = greeted(visit())
    composer(page).fill("one")
    composer(page).press("Shift+Enter")
    composer(page).type("two")
    composer(page).dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    composer(page).dispatch_event("keydown", {"key": "Enter", "keyCode": 229, "bubbles": True})
    assert not portal.sent("message")
    composer(page).press("Enter")
    expect(log(page)).to_contain_text("one\ntwo", use_inner_text=True)
    assert portal.sent("message")[0]["text"] == "one\ntwo"


def test_a_button_sends_its_postback_or_event_with_its_label(visit, portal):
    page = greeted(visit())
    buttons = [{"text": "Track it", "postback": "track"}, {"text": "Hours", "event": "hours"}]
    portal.say("What now?", payload={"buttons": buttons})
    page.get_by_role("button", name="Track it").click()
    page.get_by_role("button", name="Hours").click()
    expect(log(page).locator(".user .text")).to_have_text(["Track it", "Hours"])
    postback, event = portal.sent("message")
    assert (postback["kind"], postback["payload"]) == ("postback", {"postback": "track"})
    assert (event["kind"], event["event"], event["text"]) == ("event", "hours", "Hours")


def test_markup_is_shown_as_text(visit, portal):
    page = greeted(visit())
    markup = "<img src=x onerror=alert(1)><b>bold</b>"
    portal.say(markup, payload={"buttons": [{"text": markup, "postback": "x"}]})
    write(page, markup)
    expect(log(page).locator(".text")).to_have_text(["Hello! What can I do for you?", markup, markup])
    assert log(page).locator("img, b").count() == 0


# ── the history, in every tab


def test_a_reconnect_asks_for_what_was_missed_and_repeats_show_nothing_twice(visit, portal):
    page = greeted(visit())
    portal.hang_up()
    missed = portal.say("While you were away")
    reconnect(page)
    expect(log(page)).to_contain_text("While you were away")
    portal.repeat(missed)
    assert portal.sent("hello")[-1]["after"] == 1
    assert texts(page) == ["Hello! What can I do for you?", "While you were away"]


def test_two_tabs_are_one_visitor_with_one_divider_each(visit, portal):
    tabs = [greeted(visit()), greeted(visit())]
    write(tabs[0], "From the first")
    portal.say("Your session has expired", "portal", "divider")
    for page in tabs:
        expect(log(page).locator(".divider")).to_have_text(["Your session has expired"])
        assert texts(page)[1:] == ["From the first", "Your session has expired"]
    assert len(portal.tokens) == 1
    assert [frame["text"] for frame in portal.sent("message")] == ["From the first"]


def test_clear_history_asks_once_and_empties_every_tab(visit, portal):
    tabs = [greeted(visit()), greeted(visit())]
    option(tabs[0], "Clear history").click()
    assert not portal.sent("clear_history")
    tabs[0].get_by_role("button", name="Clear history").click()
    for page in tabs:
        expect(log(page)).to_be_empty()


def test_what_was_cleared_while_away_is_gone_after_the_reconnect(visit, portal):
    page = greeted(visit())
    portal.hang_up()
    portal.clear()
    portal.say("Hello again")
    reconnect(page)
    expect(log(page).locator(".text")).to_have_text(["Hello again"])


def test_a_new_chat_is_the_chat_of_every_tab(visit, portal):
    tabs = [greeted(visit()), greeted(visit())]
    option(tabs[1], "New chat").click()
    tabs[1].get_by_role("button", name="New chat").click()
    for page in tabs:
        expect(log(page).locator(".text")).to_have_text(["A fresh start."])
    write(tabs[0], "In the new one")
    expect(log(tabs[1])).to_contain_text("In the new one")
    assert portal.sent("new_chat")[0]["language"] == "en"
    assert portal.sent("message")[0]["thread"] == portal.thread


def test_a_message_for_the_chat_before_is_sent_there(visit, portal):
    page = greeted(visit())
    before = portal.thread
    portal.down = True
    portal.hang_up()
    write(page, "For the old chat")
    portal.begin_thread()
    portal.down = False
    page.reload()
    greeted(page)
    assert portal.sent("message")[0]["thread"] == before


def test_a_refused_token_makes_a_new_visitor_and_loses_no_text(visit, portal):
    page = greeted(visit())
    portal.tokens.clear()
    portal.down = True
    portal.hang_up(code=4401)
    write(page, "Still here")
    portal.down = False
    reconnect(page)
    expect(log(page)).not_to_contain_text("Sending…", timeout=10_000)
    assert [frame["text"] for frame in portal.sent("message")] == ["Still here"]
    assert len(portal.tokens) == 1


# ── the session


def test_a_paused_chat_says_so_holds_messages_and_can_be_resumed(visit, portal):
    page = greeted(visit())
    option(page, "Pause chat").click()
    expect(page.get_by_role("status")).to_have_text("This chat is paused.")
    write(page, "For later")
    expect(log(page)).to_contain_text("Waits until you resume")
    page.get_by_role("button", name="Resume chat").click()
    expect(page.get_by_role("status")).to_have_text("")
    expect(log(page).get_by_text("Waits until you resume")).to_be_hidden()


def test_a_chat_ended_by_someone_waits_for_the_person(visit, portal):
    page = greeted(visit())
    portal.be("ended", reason="owner_ended")
    expect(page.get_by_role("status")).to_have_text("This chat has ended. Write to start a new one.")
    portal.hang_up()
    reconnect(page)
    write(page, "One more thing")
    expect(log(page)).not_to_contain_text("Sending…")
    assert len(portal.sent("open")) == 1


def test_a_chat_that_expired_while_away_is_opened_again(visit, portal):
    page = greeted(visit())
    portal.hang_up()
    portal.be("ended", reason="expired")
    reconnect(page)
    expect(log(page).locator(".text")).to_have_count(2)
    assert len(portal.sent("open")) == 2


def test_the_bot_is_seen_typing_until_it_answers(visit, portal):
    page = greeted(visit())
    portal.tell("typing", **{"from": "bot"})
    expect(page.get_by_role("img", name="Typing…")).to_be_visible()
    portal.say("Here it is")
    expect(page.get_by_role("img", name="Typing…")).to_have_count(0)


def test_whoever_reads_further_up_is_not_moved_and_is_shown_the_way_down(visit, portal):
    page = greeted(visit())
    for number in range(60):
        portal.say(f"Line {number}")
    expect(log(page).get_by_text("Line 59", exact=True)).to_be_in_viewport()
    log(page).evaluate("log => log.scrollTo(0, 0)")
    expect(log(page).get_by_text("Line 59", exact=True)).not_to_be_in_viewport()
    portal.say("Line 60")
    page.get_by_role("button", name="New messages").click()
    expect(log(page).get_by_text("Line 60")).to_be_in_viewport()


def test_only_what_is_allowed_now_is_offered(visit, portal):
    page = greeted(visit())
    portal.be("ended", reason="user_ended")
    expect(option(page, "New chat")).to_be_visible()
    for name in ("Pause chat", "Resume chat", "End chat"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)


# ── languages


def test_arabic_is_written_from_the_right(visit, portal):
    page = visit('<portal-chat agent="shop" language="ar" inline></portal-chat>')
    expect(page.get_by_placeholder("اكتب رسالة")).to_be_visible()
    expect(page.locator(".chat")).to_have_attribute("dir", "rtl")
    expect(page.locator(".chat")).to_have_attribute("lang", "ar")
    portal.say("مرحبًا", language="ar", direction="rtl")
    expect(log(page).get_by_text("مرحبًا")).to_have_attribute("dir", "rtl")
    expect(log(page).get_by_text("مرحبًا")).to_have_attribute("lang", "ar")


def test_the_choice_of_language_holds_over_a_reload_until_the_page_changes_its_own(visit, portal):
    page = greeted(visit())
    page.get_by_role("button", name="Options").click()
    page.get_by_label("Language").select_option("de")
    expect(page.get_by_placeholder("Nachricht schreiben")).to_be_visible()
    page.reload()
    expect(page.get_by_placeholder("Nachricht schreiben")).to_be_visible()
    page.locator("portal-chat").evaluate("chat => chat.setAttribute('language', 'ar')")
    expect(page.get_by_placeholder("اكتب رسالة")).to_be_visible()
    assert [frame["language"] for frame in portal.sent("set_language")] == ["de", "ar"]


@pytest.mark.parametrize(
    ("wish", "spoken"),
    [
        ("de-AT", "de"),  # the parent
        ("DE", "de"),  # tags have no case
        ("fr", "en"),  # not a language of the agent: its default
    ],
)
def test_a_language_of_the_agent_is_asked_for(visit, portal, wish, spoken):
    greeted(visit(f'<portal-chat agent="shop" language="{wish}" inline></portal-chat>'))
    assert portal.sent("open")[0]["language"] == spoken


# ── for the page around it


def test_events_bubble_with_the_session(visit, portal):
    page = visit('<portal-chat agent="shop" language="en"></portal-chat>')
    page.evaluate(EVENTS)
    page.get_by_role("button", name="Open chat").click()
    greeted(page)
    portal.be("paused")
    portal.be("live")
    portal.be("ended", reason="expired")
    portal.be("live", language="de", new=True)
    portal.clear()
    portal.be("ended", reason="user_ended", language="de")
    expect(page.get_by_role("status")).not_to_have_text("")
    page.get_by_role("button", name="Chat schließen").click()
    names = [name for name, _ in seen(page)]
    assert names == [
        *("opened", "ready", "session-started", "message", "session-paused", "session-resumed", "session-expired"),
        *("session-started", "language-changed", "history-cleared", "session-ended", "closed"),
    ]
    ended = dict(seen(page))["session-ended"]
    assert ended["session"] == portal.session["id"]
    assert (ended["reason"], ended["ends_at"]) == ("user_ended", "2026-11-21T10:05:00.000Z")
    assert ended["server_now"] == "2026-11-21T10:05:00.000Z"


def test_methods_promise_what_was_committed(visit, portal):
    page = greeted(visit())
    chat = page.locator("portal-chat")
    assert chat.evaluate("chat => chat.send('By program')")["seq"] == 2
    assert chat.evaluate("chat => chat.sendEvent('hours', {day: 1})")["message_id"] == portal.entries[2]["id"]
    for method in ("pause", "resume", "end", "clearHistory", "newChat"):
        assert chat.evaluate(f"chat => chat.{method}()")["type"] == "ack"
    assert "A fresh start." in chat.evaluate("chat => chat.download()")
    portal.refusals["pause"] = {"code": "session_ended", "detail": "This session has ended."}
    assert chat.evaluate("chat => chat.pause().catch((refusal) => refusal.code)") == "session_ended"
    portal.down = True
    portal.hang_up()
    assert chat.evaluate("chat => chat.end().catch((refusal) => refusal.code)") == "disconnected"


def test_functions_pushed_before_and_after_loading_are_called_with_the_chat(visit, portal, context):
    context.add_init_script("window.called = []; window.portalChat = [(chat) => called.push(chat.localName)]")
    page = greeted(visit())
    page.evaluate("portalChat.push((chat) => called.push(chat.getAttribute('agent')))")
    assert page.evaluate("called") == ["portal-chat", "shop"]


# ── for everybody


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 360), ("en", "dark", 1440), ("ar", "light", 1440), ("ar", "dark", 360)],
)
def test_has_no_accessibility_violation_and_does_not_scroll_sideways(visit, portal, language, scheme, width):
    page = visit(f'<h1>A shop</h1><portal-chat agent="shop" language="{language}"></portal-chat>')
    page.set_viewport_size({"width": width, "height": 640})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.get_by_role("button").click()
    greeted(page)
    portal.say("x" * 300, payload={"buttons": [{"text": "Track it", "postback": "track"}]})
    portal.say("Your session has expired", "portal", "divider")
    portal.be("paused", language=language)
    write(page, "For later")
    portal.tell("error", code="invalid", detail="That was too much.")
    page.locator("button[aria-expanded]:visible").click()
    expect(page.get_by_role("combobox")).to_be_focused()
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    small = page.locator("button:visible, select:visible").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).filter(box => box.width < 24 || box.height < 24).length"
    )
    assert small == 0


def test_runs_under_a_strict_content_security_policy(context, portal):
    note = "(event) => violations.push(event.violatedDirective)"
    context.add_init_script(f"window.violations = []; addEventListener('securitypolicyviolation', {note})")
    page = greeted(portal.visit(context, INLINE))
    write(page, "two\nlines")
    page.locator("portal-chat").evaluate("chat => chat.download()")
    assert page.evaluate("violations") == []
