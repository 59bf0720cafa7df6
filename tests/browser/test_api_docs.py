"""The API's documentation, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.pages import findings

NOTE = "addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective))"


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, browser: Browser, site: str) -> Iterator[Page]:
    with browser.new_context(base_url=site, color_scheme=request.param, reduced_motion="reduce") as context:
        context.add_init_script(f"window.violations = []; {NOTE}")
        yield context.new_page()


@pytest.mark.parametrize("width", [1440, 360])
def test_it_is_within_the_content_security_policy_and_accessible_at_any_width(themed: Page, width: int) -> None:
    themed.set_viewport_size({"width": width, "height": 800})
    themed.goto("/api/docs")
    expect(themed.get_by_role("heading", name="API documentation", level=1)).to_be_visible()

    assert themed.evaluate("violations") == []
    assert themed.evaluate("document.documentElement.scrollWidth") == width
    assert findings(themed) == []


def test_the_contents_lead_to_every_operation(page: Page, site: str) -> None:
    page.goto(f"{site}/api/docs")
    page.get_by_role("navigation", name="On this page").get_by_role("link", name="Say something").click()
    say = page.get_by_role("region", name="Say something", exact=True)
    expect(say).to_be_in_viewport()
    expect(say).to_contain_text("POST /api/v1/sessions/{session}/messages")
    say.get_by_role("link", name="Exchange").click()
    expect(page.get_by_role("region", name="Exchange", exact=True)).to_contain_text("previous_session")
