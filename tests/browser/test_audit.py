"""An admin at the audit log, in a real browser."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.accounts.models import Account
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.audit.models import Entry
from tests import cast
from tests.browser.pages import findings, sign_in


@pytest.fixture
def root(site: str) -> Account:
    return cast.admin()


@pytest.fixture
def done(root: Account) -> Agent:
    """Deeds of every kind there is to show: folded, with a reason, erased, by somebody who is gone."""
    shop = cast.agent("shop", owner=root)
    olga = cast.account("olga", first_name="Olga", last_name="Owner")

    def record(verb: str, subject: str, **values: object) -> None:
        audit.record(verb, **{"account_id": olga.pk, "agent_id": shop.pk, "subject": subject, **values})

    values = {
        "warn_before": 30,
        "idle_timeout": 600,
        "end_behavior": "clear_history",
        "max_duration": 3600,
        "reach": "new",
    }
    record("agent.created", "agent shop", after=values)
    record(
        "policy.changed", "policy v2 of shop", before={"warn_before": 60}, after={"warn_before": 30}, reason="Too long."
    )
    record(
        "message.edited", "message session_expired/ar", before={"text": "انتهت"}, after={"text": "انتهت الجلسة" * 20}
    )
    record("session.end", "session 0199c2d4-7e1a-7abc-8def-0123456789ab", account_id=-1, reason="word" * 100)
    record("session.transcript_read", "session 0199c2d4-7e1a-7abc-8def-0123456789ab", account_id=None)
    erased = Entry.objects.filter(verb="policy.changed").values_list("pk", flat=True)
    audit.erase(entries=list(erased), fields=["reason"])
    return shop


@pytest.fixture(
    params=[("light", 1440), ("dark", 1440), ("light", 360), ("dark", 360)], ids=lambda param: f"{param[0]} {param[1]}"
)
def themed(request: pytest.FixtureRequest, browser: Browser, site: str, done: Agent) -> Iterator[Page]:
    theme, width = request.param
    with browser.new_context(
        base_url=site, color_scheme=theme, reduced_motion="reduce", viewport={"width": width, "height": 800}
    ) as context:
        page = context.new_page()
        sign_in(page, "root")
        yield page


def test_the_page_is_accessible_and_does_not_scroll_sideways(themed: Page) -> None:
    themed.goto("/audit/")
    expect(themed.get_by_role("row", name="policy · changed")).to_be_visible()
    for folded in themed.locator("details").all():
        folded.locator("summary").click()
    assert findings(themed) == []
    assert themed.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_one_narrows_it_down_and_verifies_by_keyboard(page: Page, site: str, done: Agent) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if "Security" in message.text else None)
    sign_in(page, "root")
    page.goto("/audit/")
    page.get_by_role("searchbox", name="On what").fill("session 0199c2d4")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page).to_have_url(re.compile("q=session"))
    page.get_by_role("button", name="Verify").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The audit log is as it was written: all 6 entries fit")).to_be_visible()
    assert complaints == []
