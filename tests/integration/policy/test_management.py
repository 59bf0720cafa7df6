"""Session Management: every agent side by side, one row edited in its place (7-screens.md, 27)."""

from datetime import timedelta
from typing import Any

import pytest
from django.http import HttpResponse
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import Account
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.views.management import Managed
from tests import cast
from tests.integration.policy.tab import Tab, boxes, browser, current

pytestmark = pytest.mark.django_db

PATH = "/session-management/"
MINUTE = timedelta(minutes=1)


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga, platform=Platform.DIALOGFLOW_ES)


def rows(page: HttpResponse) -> dict[str, Managed]:
    return {row.agent.slug: row for row in page.context["rows"]}


def opened(account: Account, agent: Agent) -> dict[str, str]:
    """What stands in the boxes of the agent's row when it is opened."""
    return boxes(rows(browser(account).get(f"{PATH}?edit={agent.slug}"))[agent.slug].form)


def save(account: Account, agent: Agent, *, htmx: bool = False, **changed: Any) -> HttpResponse:
    return browser(account, htmx=htmx).post(f"{PATH}?edit={agent.slug}", {**opened(account, agent), **changed})


def test_all_agents_stand_side_by_side_with_defaults_marked(olga: Account, shop: Agent) -> None:
    cast.agent("helpdesk", owner=olga, policy={"session_duration": 5 * MINUTE})
    cast.agent("elsewhere")
    page = rows(browser(olga).get(PATH))
    assert set(page) == {"shop", "helpdesk"}
    cells = {slug: [(cell.words, cell.default) for cell in row.cells] for slug, row in page.items()}
    assert cells["shop"] == [
        *[("20 minutes", True), ("Keep history", True), ("30 minutes", True), ("4 hours", True), ("Unlimited", True)]
    ]
    assert cells["helpdesk"][0] == ("5 minutes", False)


def test_an_admin_sees_every_agent(olga: Account, shop: Agent) -> None:
    cast.agent("helpdesk")
    assert set(rows(browser(cast.admin()).get(PATH))) == {"shop", "helpdesk"}


def test_without_agents_it_says_what_to_do_first() -> None:
    page = browser(cast.account("newcomer")).get(PATH)
    assert "No agents yet" in page.text
    assert 'href="/agents/new/"' in page.text


def test_a_row_is_saved_and_the_other_settings_stay(olga: Account, shop: Agent) -> None:
    Tab(olga, shop).save(warn_before="2m")
    saved = save(olga, shop, session_duration="15m", end_behavior="clear_history", max_concurrent_per_user="3")
    assert saved.headers["Location"] == f"{PATH}#agent-shop"
    policy = current(shop).policy
    assert (policy.session_duration, policy.end_behavior, policy.max_concurrent_per_user) == (
        15 * MINUTE,
        "clear_history",
        3,
    )
    assert policy.warn_before == 2 * MINUTE


def test_what_does_not_fit_is_named_in_the_row_and_stays_typed(olga: Account, shop: Agent) -> None:
    refused = save(olga, shop, session_duration="25m", idle_timeout="7m")
    assert refused.status_code == 422
    row = rows(refused)["shop"]
    assert row.form.errors == {"session_duration": ["Session duration on Dialogflow ES is 1 to 20 minutes."]}
    assert (row.form["session_duration"].value(), row.form["idle_timeout"].value()) == ("25m", "7m")
    assert current(shop).number == 1


def test_with_htmx_the_row_alone_is_swapped_and_the_page_says_so(olga: Account, shop: Agent) -> None:
    saved = save(olga, shop, htmx=True, session_duration="15m")
    assert saved.status_code == 200
    assert saved.text.lstrip().startswith('<tbody id="agent-shop"')
    assert "15 minutes" in saved.text
    assert "Version 2 is saved" in saved.headers["HX-Trigger"]
    assert save(olga, shop, htmx=True, session_duration="0").status_code == 422


def test_a_row_is_opened_and_closed_without_the_page(olga: Account, shop: Agent) -> None:
    client = browser(olga, htmx=True)
    assert 'name="session_duration"' in client.get(f"{PATH}?edit=shop").text
    closed = client.get(f"{PATH}?agent=shop").text
    assert 'name="session_duration"' not in closed
    assert "autofocus" in closed


def test_a_stale_row_shows_theirs_and_mine(olga: Account, shop: Agent) -> None:
    mine = opened(olga, shop)
    Tab(cast.admin(), shop).save(session_duration="10m", warn_before="2m")
    stale = browser(olga).post(f"{PATH}?edit=shop", {**mine, "session_duration": "15m"})
    row = rows(stale)["shop"]
    assert row.conflict is not None
    assert [(d.theirs, d.mine) for d in row.conflict.disagreements] == [("10 minutes", "15 minutes")]
    assert current(shop).number == 2
    again = browser(olga).post(f"{PATH}?edit=shop", {**mine, "session_duration": "15m", "expected_version": "2"})
    assert again.status_code == 302
    assert (current(shop).policy.session_duration, current(shop).policy.warn_before) == (15 * MINUTE, 2 * MINUTE)


@pytest.mark.django_db(transaction=True)
def test_a_changed_row_is_for_running_sessions_and_an_unchanged_one_for_nobody(olga: Account, shop: Agent) -> None:
    running = cast.chatting(shop)
    Tab(olga, shop).save(session_duration="15m", reach="new")
    save(olga, shop)
    running.refresh_from_db()
    assert (current(shop).number, running.policy.number) == (2, 1)

    save(olga, shop, session_duration="10m")
    running.refresh_from_db()
    assert (current(shop).number, running.policy.number) == (3, 3)


def test_many_agents_have_pages_and_cost_no_more_questions(
    olga: Account, shop: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = browser(olga)
    for more in (range(0), range(51)):
        for number in more:
            cast.agent(f"agent-{number:02}", owner=olga)
        # the web session, the account, its grants, the number of agents, the agents, their policies
        with django_assert_num_queries(6):
            page = client.get(PATH)
    assert "Agents 1–50 of 52" in page.text
    assert set(rows(client.get(f"{PATH}?page=2"))) == {"agent-50", "shop"}
