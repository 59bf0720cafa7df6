"""The live Sessions tab in a real browser (7-screens.md, 1–12)."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from portal.accounts.models import Account, Grant
from portal.agents.models import Agent
from sessions_app import broadcast
from sessions_app.actions import apply, sweeping
from sessions_app.core import commands as c
from sessions_app.core.facts import EndReason
from sessions_app.models import ChatSession
from tests import cast
from tests.browser.pages import findings, sign_in

MINUTES = timedelta(minutes=1)
TAB = "/agents/shop/sessions/"


@pytest.fixture
def olga(site: str) -> Account:
    return cast.account("olga")


@pytest.fixture
def shop(olga: Account) -> Agent:
    sweeping.sweep()
    policy = {"idle_timeout": 10 * MINUTES, "session_duration": 30 * MINUTES}
    return cast.agent("shop", owner=olga, policy=policy)


@pytest.fixture
def ada(shop: Agent) -> ChatSession:
    return cast.chatting(shop, cast.user("ada"))


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every hint is lost."""
    monkeypatch.setattr(broadcast, "announce", lambda changes: None)


def watch(page: Page, address: str = TAB) -> Page:
    sign_in(page, "olga")
    page.goto(address)
    expect(chip(page)).to_have_text(re.compile("^Live"))
    return page


def chip(page: Page) -> Locator:
    return page.locator("[data-connection]")


def row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=re.compile(f"^{name}")))


def names(page: Page) -> list[str]:
    return page.locator("tbody tr .name:first-child").all_inner_texts()


def end(session: ChatSession) -> None:
    apply([c.End(session=session.pk, actor=c.USER, end_reason=EndReason.USER_ENDED)])


def pointed_at(page: Page) -> None:
    page.locator("tbody tr").last.hover()


def nobody_points(page: Page) -> None:
    page.mouse.move(0, 0)


# ── rows come, change and leave


def test_rows_come_change_and_leave_without_a_refresh(page: Page, shop: Agent) -> None:
    watch(page)
    expect(page.get_by_text("Nobody is chatting right now")).to_be_visible()

    session = cast.chatting(shop, cast.user("ada"))
    expect(row(page, "Ada")).to_contain_text("Live")
    expect(page.get_by_text("Nobody is chatting right now")).to_be_hidden()
    expect(page.locator("[data-count=live]")).to_have_text("1")

    cast.pass_time(session.pk, 15 * MINUTES)
    sweeping.sweep()
    expect(row(page, "Ada")).to_contain_text("Idle")

    cast.pass_time(session.pk, 20 * MINUTES)
    sweeping.sweep()
    expect(row(page, "Ada")).to_contain_text("Ended")
    expect(row(page, "Ada")).to_contain_text("leaves this view")
    expect(row(page, "Ada")).to_have_class(re.compile("left"))
    expect(page.locator("[data-count=expired_lately]")).to_have_text("1")

    page.get_by_role("link", name="Refresh").click()
    expect(row(page, "Ada")).to_have_count(0)
    expect(page.get_by_text("Nobody is chatting right now")).to_be_visible()


def test_a_changed_cell_is_marked_for_two_seconds(page: Page, ada: ChatSession) -> None:
    watch(page)
    cast.say(ada.thread, "more")
    changed = row(page, "Ada").locator(".changed")
    expect(changed.filter(has_text="1 · 2")).to_be_visible()
    assert "Ada" not in " ".join(changed.all_inner_texts())
    expect(changed).to_have_count(0)


def test_time_alone_changes_a_row_when_nothing_sweeps(page: Page, ada: ChatSession) -> None:
    watch(page)
    cast.pass_time(ada.pk, 15 * MINUTES)
    expect(row(page, "Ada")).to_contain_text("Idle")


def test_a_lost_hint_heals(deaf: None, page: Page, shop: Agent, ada: ChatSession) -> None:
    watch(page)
    end(ada)
    cast.chatting(shop, cast.user("grace"))
    expect(row(page, "Grace")).to_be_visible()
    expect(row(page, "Ada")).to_contain_text("Ended")


def test_countdowns_follow_the_servers_clock_and_not_the_browsers(page: Page, ada: ChatSession) -> None:
    page.clock.install(time="2020-01-01T00:00:00Z")
    watch(page)
    expect(row(page, "Ada").get_by_text(re.compile(r"^in 9:5\d$"))).to_be_visible()
    expect(row(page, "Ada").get_by_text(re.compile(r"^in 29:5\d$"))).to_be_visible()


def test_what_a_user_typed_stays_text_when_it_is_pushed(page: Page, shop: Agent) -> None:
    watch(page)
    cast.chatting(shop, cast.user("x", name="<img src=x onerror=alert(1)>"))
    expect(page.get_by_text("<img src=x onerror=alert(1)>", exact=True).first).to_be_visible()


# ── nothing moves under the pointer or the focus


def test_new_rows_wait_while_somebody_points(page: Page, shop: Agent, ada: ChatSession) -> None:
    watch(page)
    pointed_at(page)
    before = row(page, "Ada").bounding_box()
    cast.chatting(shop, cast.user("grace"))
    cast.chatting(shop, cast.user("lena"))
    pill = page.get_by_role("button", name="2 new sessions · show")
    expect(pill).to_be_visible()
    assert names(page) == ["Ada"]
    assert row(page, "Ada").bounding_box() == before
    pill.click()
    expect(pill).to_be_hidden()
    assert names(page) == ["Lena", "Grace", "Ada"]


def test_new_rows_come_in_when_nobody_points_any_more(page: Page, shop: Agent, ada: ChatSession) -> None:
    watch(page)
    pointed_at(page)
    cast.chatting(shop, cast.user("grace"))
    expect(page.get_by_role("button", name="1 new session · show")).to_be_visible()
    nobody_points(page)
    expect(row(page, "Grace")).to_be_visible()
    assert names(page) == ["Grace", "Ada"]


def test_where_the_table_is_scrolled_past_new_rows_are_still_heard_of(page: Page, shop: Agent) -> None:
    for number in range(30):
        cast.chatting(shop, cast.user(f"user-{number}"))
    watch(page)
    nobody_points(page)
    page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
    cast.chatting(shop, cast.user("grace"))
    pill = page.get_by_role("button", name="1 new session · show")
    expect(pill).to_be_in_viewport()
    pill.click()
    expect(row(page, "Grace")).to_be_in_viewport()


def test_focus_survives_every_update(page: Page, ada: ChatSession) -> None:
    watch(page)
    page.get_by_role("button", name="Pause Ada").focus()
    cast.say(ada.thread, "more")
    expect(row(page, "Ada")).to_contain_text("1 · 2")
    expect(page.get_by_role("button", name="Pause Ada")).to_be_focused()
    apply([c.Pause(session=ada.pk, actor=c.USER)])
    expect(page.get_by_role("button", name="Resume Ada")).to_be_focused()
    end(ada)
    expect(row(page, "Ada")).to_be_focused()


# ── pausing the updates


def test_paused_updates_are_counted_and_applied_together(page: Page, shop: Agent, ada: ChatSession) -> None:
    watch(page)
    page.get_by_role("button", name="Pause updates").click()
    expect(chip(page)).to_have_text("Paused")
    cast.chatting(shop, cast.user("grace"))
    end(ada)
    resume = page.get_by_role("button", name="Resume · 2 changes")
    expect(resume).to_be_visible()
    expect(row(page, "Ada")).to_contain_text("Live")
    assert names(page) == ["Ada"]
    expect(page.locator("[data-count=live]")).to_have_text("1")
    resume.click()
    expect(row(page, "Ada")).to_contain_text("Ended")
    expect(row(page, "Grace")).to_be_visible()
    expect(chip(page)).to_have_text(re.compile("^Live"))


def test_countdowns_stand_while_paused(page: Page, ada: ChatSession) -> None:
    page.clock.install()
    watch(page)
    page.get_by_role("button", name="Pause updates").click()
    stood = row(page, "Ada").inner_text()
    page.clock.run_for(2100)
    assert row(page, "Ada").inner_text() == stood


# ── the connection


def test_after_a_gap_the_page_has_exactly_what_it_missed(
    page: Page, context: BrowserContext, shop: Agent, ada: ChatSession
) -> None:
    watch(page)
    context.set_offline(True)
    expect(chip(page)).to_have_text(re.compile(r"^Offline since \d\d:\d\d$"))
    end(ada)
    for person in ("grace", "lena"):
        cast.chatting(shop, cast.user(person))
    context.set_offline(False)
    expect(page.get_by_role("status").get_by_text("Caught up: 3 changes")).to_be_visible()
    assert names(page) == ["Lena", "Grace", "Ada"]
    expect(row(page, "Ada")).to_contain_text("Ended")
    expect(chip(page)).to_have_text(re.compile("^Live"))


def test_the_page_says_when_it_tries_again(page: Page, ada: ChatSession) -> None:
    page.add_init_script(
        "window.WebSocket = class { constructor() { setTimeout(() => this.onclose?.({ code: 1006 })); } close() {} };"
    )
    sign_in(page, "olga")
    page.goto(TAB)
    expect(chip(page)).to_have_attribute("data-connection", "reconnecting")
    expect(chip(page)).to_have_text(re.compile(r"^Reconnecting( in \d+ s|…)$"))


def test_deeds_work_while_the_socket_is_down(page: Page, ada: ChatSession) -> None:
    page.add_init_script("window.WebSocket = class { close() {} };")
    sign_in(page, "olga")
    page.goto(TAB)
    page.get_by_role("button", name="Pause Ada").click()
    expect(row(page, "Ada")).to_contain_text("Paused")


def test_a_hidden_page_loses_nothing(page: Page, context: BrowserContext, shop: Agent, ada: ChatSession) -> None:
    watch(page)
    other = context.new_page()
    other.goto("/sessions/")
    other.bring_to_front()
    end(ada)
    cast.chatting(shop, cast.user("grace"))
    page.bring_to_front()
    expect(row(page, "Grace")).to_be_visible()
    expect(row(page, "Ada")).to_contain_text("Ended")


def test_a_right_taken_away_ends_the_view(page: Page, olga: Account, ada: ChatSession) -> None:
    watch(page)
    Grant.objects.filter(account=olga).delete()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Shop", timeout=8000)
    expect(page.get_by_text("Ada")).to_have_count(0)


# ── deeds


def test_end_asks_once_names_the_session_and_keeps_the_reason(page: Page, ada: ChatSession) -> None:
    watch(page)
    page.get_by_role("button", name="End Ada").click()
    question = page.get_by_role("dialog", name="End the session of Ada?")
    expect(question).to_contain_text("It ends now and for good")
    question.get_by_role("button", name="Cancel").click()
    expect(row(page, "Ada")).to_contain_text("Live")

    page.get_by_role("button", name="End Ada").click()
    question.get_by_label("Reason").fill("asked to")
    question.get_by_role("button", name="End session").click()
    expect(row(page, "Ada")).to_contain_text("Ended by the owner")
    expect(page.get_by_text("The session of Ada has ended.")).to_be_visible()
    assert ada.events.get(type="session.ended").detail["given"] == "asked to"


def test_pause_and_resume_take_one_press(page: Page, ada: ChatSession) -> None:
    watch(page)
    page.get_by_role("button", name="Pause Ada").press("Enter")
    expect(row(page, "Ada")).to_contain_text(re.compile(r"29:5\d left"))
    page.wait_for_timeout(700)  # longer than a double click
    page.get_by_role("button", name="Resume Ada").press("Enter")
    expect(row(page, "Ada")).to_contain_text("Live")


def test_a_double_click_pauses_and_does_not_resume(page: Page, ada: ChatSession) -> None:
    watch(page)
    page.get_by_role("button", name="Pause Ada").dblclick()
    expect(row(page, "Ada")).to_contain_text("Paused")
    page.wait_for_timeout(700)
    ada.refresh_from_db()
    assert ada.state == "paused"


def test_what_changed_while_the_question_was_open_is_not_hit(page: Page, ada: ChatSession) -> None:
    watch(page)
    page.get_by_role("button", name="End Ada").click()
    apply([c.Pause(session=ada.pk, actor=c.USER)])
    expect(page.locator("tbody tr")).to_contain_text("Paused")
    page.get_by_role("button", name="End session").click()
    expect(page.get_by_text("Nothing was done: you saw this session live, and it is paused by now.")).to_be_visible()
    ada.refresh_from_db()
    assert ada.state == "paused"


def test_it_all_works_without_javascript(browser: Browser, base_url: str, shop: Agent, ada: ChatSession) -> None:
    with browser.new_context(base_url=base_url, java_script_enabled=False) as context:
        page = context.new_page()
        sign_in(page, "olga")
        page.goto(f"{TAB}?language=en")
        page.get_by_role("button", name="Pause Ada").click()
        expect(page.get_by_text("The session of Ada is paused; both clocks stand.")).to_be_visible()
        assert page.url.endswith("?language=en")
        cast.chatting(shop, cast.user("grace"))
        page.get_by_role("link", name="Refresh").click()
        expect(row(page, "Grace")).to_be_visible()
        page.get_by_role("link", name="Paused", exact=True).click()
        assert names(page) == ["Ada"]
        expect(chip(page)).to_be_hidden()


# ── everybody can use it


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(
    browser: Browser, base_url: str, shop: Agent, ada: ChatSession, scheme: str, width: int
) -> None:
    apply([c.Pause(session=cast.chatting(shop, cast.user("grace")).pk)])
    cast.pass_time(cast.chatting(shop, cast.user("lena")).pk, 15 * MINUTES)
    size = {"width": width, "height": 900}
    with browser.new_context(base_url=base_url, color_scheme=scheme, reduced_motion="reduce", viewport=size) as context:
        page = watch(context.new_page(), "/sessions/")
        end(ada)
        expect(row(page, "Ada")).to_contain_text("leaves this view")
        found = {"/sessions/": findings(page)}
        page.get_by_role("button", name="End Lena").click()
        found["the question"] = findings(page)
        for address in (f"{TAB}?state=ended&q=a&sort=x", "/"):
            page.goto(address)
            found[address] = findings(page)
    assert {place: what for place, what in found.items() if what} == {}


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
def test_nothing_scrolls_sideways(page: Page, shop: Agent, width: int) -> None:
    long = "A name that goes on and on " * 7
    cast.chatting(shop, cast.user("x" * 200, name=long.strip()))
    cast.chatting(shop, cast.user("arabic", name="عمر بن الخطاب"))
    page.set_viewport_size({"width": width, "height": 800})
    sign_in(page, "olga")
    widths = {}
    for address in ("/", "/sessions/", TAB, f"{TAB}?state=any&q=zzz"):
        page.goto(address)
        widths[address] = page.evaluate("document.documentElement.scrollWidth")
    assert {address: found for address, found in widths.items() if found > width} == {}


def test_the_page_is_light_and_says_nothing_to_the_console(page: Page, shop: Agent) -> None:
    for number in range(50):
        cast.chatting(shop, cast.user(f"user-{number}"))
    said: list[str] = []
    sizes: list[int] = []
    sign_in(page, "olga")
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto(TAB, wait_until="networkidle")
    expect(chip(page)).to_have_text(re.compile("^Live"))
    assert said == []
    assert sum(sizes) <= 250_000
    assert len(sizes) <= 12
