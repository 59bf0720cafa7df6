"""The list of agents and an agent's own page."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from portal.accounts.models import Account
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from sessions_app.actions import deeds
from sessions_app.engines.scripting.starter import starter
from tests import cast

pytestmark = pytest.mark.django_db


@pytest.fixture
def olga() -> Account:
    return cast.account("olga", first_name="Olga", last_name="Owner")


@pytest.fixture
def client(olga: Account) -> Client:
    client = Client()
    client.force_login(olga)
    return client


@pytest.fixture
def shop(olga: Account) -> Agent:
    return cast.agent("shop", owner=olga, platform=Platform.DIALOGFLOW_CX)


def checklist(client: Client, slug: str = "shop") -> dict[str, bool]:
    return {item.sentence: item.done for item in client.get(f"/agents/{slug}/").context["checklist"]}


# ── the list ───────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_list_says_who_is_chatting_and_under_which_policy(client: Client, olga: Account, shop: Agent) -> None:
    cast.chatting(shop, cast.user("ada"))
    paused = cast.chatting(shop, cast.user("bob"))
    deeds.pause(principal=cast.principal(olga), session=paused.pk)
    (listed,) = client.get("/agents/").context["listed"]
    assert (listed.platform, listed.open, dict(listed.counts)) == ("Dialogflow CX", 2, {"live": 1, "paused": 1})
    assert listed.policy == "ends after 30 minutes, at most 4 hours · keeps history"


def test_the_list_asks_the_database_as_often_however_many_agents(
    client: Client, olga: Account, shop: Agent, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(2):
        # the web session, the account, its grants, the number of agents, the agents, the clock, counts, policies
        with django_assert_num_queries(8):
            client.get("/agents/")
        cast.agent(f"agent-{number}", owner=olga)


def test_many_agents_have_pages(client: Client, olga: Account) -> None:
    for number in range(51):
        cast.agent(f"agent-{number:02}", owner=olga)
    assert "Agents 1–50 of 51" in client.get("/agents/").text
    assert [each.agent.slug for each in client.get("/agents/?page=2").context["listed"]] == ["agent-50"]


def test_an_empty_list_says_what_to_do_first(client: Client) -> None:
    page = client.get("/agents/").text
    assert "No agents yet" in page
    assert page.count("Build an agent") == 1


# ── one agent ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_embed_code_is_two_lines_that_work(client: Client, shop: Agent, settings: object) -> None:
    settings.PORTAL_URL = "https://portal.example"  # type: ignore[attr-defined]
    page = client.get("/agents/shop/")
    assert page.context["snippet"] == (
        '<script type="module" src="https://portal.example/static/widget/portal-chat.js"></script>\n'
        '<portal-chat agent="shop"></portal-chat>'
    )
    assert "&lt;portal-chat agent=&quot;shop&quot;&gt;" in page.text
    assert 'href="/chat/shop/"' in page.text


def test_the_overview_names_what_it_is(client: Client, shop: Agent) -> None:
    page = client.get("/agents/shop/").text
    for said in ("Dialogflow CX", "Olga Owner", "version 1", "Ends after 30 minutes, at most 4 hours · keeps history"):
        assert said in page


def test_a_disabled_agent_says_so_and_offers_no_chat(client: Client, shop: Agent) -> None:
    shop.status = "disabled"
    shop.save()
    page = client.get("/agents/shop/").text
    assert "This agent is disabled: it starts no sessions." in page
    assert "Open the chat" not in page


def test_the_checklist_says_what_is_left(client: Client, shop: Agent) -> None:
    shop.languages = ["en", "sw"]
    shop.save()
    assert checklist(client) == {
        "Portal cannot reach Dialogflow CX bots yet.": False,
        "Messages are missing in Swahili": False,
        "Any site may embed the chat; name yours to keep others out": False,
        "Try it: open the chat and say something": False,
    }


def test_the_checklist_follows_what_is_done(client: Client, olga: Account) -> None:
    helpdesk = cast.agent("helpdesk", owner=olga, allowed_origins=["https://shop.example"])
    cast.chatting(helpdesk)
    assert set(checklist(client, "helpdesk").values()) == {True}


def test_a_script_is_checked(client: Client, olga: Account) -> None:
    bot = cast.agent("bot", owner=olga, platform=Platform.SCRIPTED, script="languages: {}")
    assert checklist(client, "bot")["The script has 1 problem"] is False
    bot.script = starter(name="Bot", language="en", event="")
    bot.save()
    assert checklist(client, "bot")["The script is ready"] is True
