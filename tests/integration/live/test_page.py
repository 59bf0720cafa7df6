"""The Sessions tab as server HTML: who sees what, filters, pages (7-screens.md, 1, 2, 7)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from sessions_app.actions import apply
from sessions_app.core.commands import Tick
from tests import cast

pytestmark = pytest.mark.django_db

MINUTES = timedelta(minutes=1)


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def names(client: Client, address: str) -> list[str]:
    return [row.name for row in client.get(address).context["rows"]]


def chats(agent: Agent, *people: str) -> None:
    for person in people:
        cast.chatting(agent, cast.user(person))


# ── who sees what


def test_an_owner_sees_own_agents_and_an_admin_all(olga: Account, shop: Agent) -> None:
    otto = cast.account("otto")
    chats(shop, "ada")
    chats(cast.agent("billing", owner=otto), "grace")

    assert names(browser(olga), "/sessions/") == ["Ada"]
    assert names(browser(otto), "/sessions/") == ["Grace"]
    assert names(browser(cast.admin()), "/sessions/") == ["Grace", "Ada"]
    assert names(browser(cast.admin("second")), "/agents/shop/sessions/") == ["Ada"]


def test_another_owners_agent_does_not_exist(shop: Agent) -> None:
    otto = browser(cast.account("otto"))
    assert otto.get("/agents/shop/sessions/").status_code == 404
    assert otto.get("/agents/nowhere/sessions/").status_code == 404


def test_a_translator_sees_the_agent_and_not_its_sessions(shop: Agent) -> None:
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    assert browser(tara).get("/agents/shop/sessions/").status_code == 403
    assert browser(tara).get("/sessions/").status_code == 403
    assert browser(tara).get("/").headers["Location"] == "/localization/"


def test_an_end_user_has_no_business_here(shop: Agent) -> None:
    emil = browser(cast.account("emil", Role.USER))
    assert [emil.get(page).status_code for page in ("/", "/sessions/", "/agents/shop/sessions/")] == [403, 403, 403]


def test_an_owner_without_agents_is_told_what_to_do_first() -> None:
    page = browser(cast.account("nina")).get("/sessions/")
    assert "Nobody is chatting right now" in page.text


# ── rows


def test_what_a_user_typed_is_shown_as_text(olga: Account, shop: Agent) -> None:
    cast.chatting(shop, cast.user("<b>x</b>", name="<script>alert(1)</script>"))
    page = browser(olga).get("/sessions/").text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_row_holds_nothing_of_one_reader_alone(olga: Account, shop: Agent) -> None:
    chats(shop, "ada")
    page = browser(olga).get("/sessions/").text
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    assert "csrf" not in body
    assert page.count("csrfmiddlewaretoken") >= 1


def test_states_are_right_without_a_sweep(olga: Account) -> None:
    shop = cast.agent("shop", owner=olga, policy={"idle_timeout": 10 * MINUTES, "session_duration": 30 * MINUTES})
    cast.pass_time(cast.chatting(shop, cast.user("idle")).pk, 20 * MINUTES)
    cast.pass_time(cast.chatting(shop, cast.user("over")).pk, 40 * MINUTES)
    chats(shop, "live")
    client = browser(olga)

    page = client.get("/agents/shop/sessions/?state=any")
    assert {row.name: row.facts.state.value for row in page.context["rows"]} == {
        "Live": "live",
        "Idle": "idle",
        "Over": "ended",
    }
    assert [names(client, f"/sessions/?state={state}") for state in ("open", "live", "idle", "ended")] == [
        ["Live", "Idle"],
        ["Live"],
        ["Idle"],
        ["Over"],
    ]
    counts = page.context["look"].counts
    assert (counts.live, counts.idle, counts.paused, counts.ended_lately, counts.expired_lately) == (1, 1, 0, 1, 1)


def test_it_says_so_when_sessions_end_before_anyone_sees_them_idle(olga: Account) -> None:
    cast.agent("quick", owner=olga, policy={"idle_timeout": 30 * MINUTES, "session_duration": 30 * MINUTES})
    cast.agent("slow", owner=olga, policy={"idle_timeout": 10 * MINUTES, "session_duration": 30 * MINUTES})
    client = browser(olga)
    assert "before anyone sees them idle" in client.get("/agents/quick/sessions/").text
    assert "before anyone sees them idle" not in client.get("/agents/slow/sessions/").text


def test_emulator_sessions_are_not_listed(olga: Account, shop: Agent) -> None:
    cast.start(cast.thread(shop), version="DRAFT")
    assert names(browser(olga), "/sessions/?state=any") == []


# ── filters and pages


def test_filters_are_in_the_address(olga: Account, shop: Agent) -> None:
    chats(shop, "ada", "grace")
    german = cast.start(cast.thread(shop, cast.user("gerda")), language="de")
    cast.pass_time(german.pk, timedelta(hours=2))
    apply([Tick(session=german.pk)])
    client = browser(olga)

    assert names(client, "/sessions/?q=gr") == ["Grace"]
    assert names(client, f"/sessions/?state=any&q={german.pk}") == ["Gerda"]
    assert names(client, "/sessions/?state=any&language=de") == ["Gerda"]
    assert names(client, "/sessions/?state=ended&end_reason=expired") == ["Gerda"]
    assert names(client, "/sessions/?state=ended&end_reason=user_ended") == []
    chips = client.get("/sessions/?q=gr&language=en").context["chips"]
    assert [(chip.label, chip.url) for chip in chips] == [("“gr”", "?language=en"), ("en", "?q=gr")]


@pytest.mark.parametrize(
    ("query", "notice"),
    [
        ("state=sleeping", "There is no state “sleeping”"),
        ("language=tlh", "No session here can be in “tlh”"),
        ("state=ended&end_reason=boredom", "There is no end reason “boredom”"),
        ("end_reason=expired", "Open sessions have no end reason yet"),
        ("sort=shoe_size", "Sessions cannot be sorted by “shoe_size”"),
        ("cursor=elsewhere", "That page does not exist"),
        ("flavour=mint", "There is no filter “flavour”"),
    ],
)
def test_what_does_not_exist_falls_back_with_a_notice(olga: Account, shop: Agent, query: str, notice: str) -> None:
    chats(shop, "ada")
    page = browser(olga).get(f"/sessions/?{query}")
    assert page.status_code == 200
    assert notice in page.text
    assert query.rpartition("=")[2] not in page.context["asked"].query


@pytest.mark.parametrize("query", ["q=%00", "q=%ff", "cursor=%F0%9F%98%80", "state=&q=&language=", "q=" + "a" * 5000])
def test_broken_addresses_are_no_error(olga: Account, shop: Agent, query: str) -> None:
    assert browser(olga).get(f"/sessions/?{query}").status_code == 200


def test_pages_hold_every_session_once(olga: Account, shop: Agent) -> None:
    people = [f"user-{number:03}" for number in range(120)]
    chats(shop, *people)
    client = browser(olga)
    found, address = [], "/sessions/"
    while address:
        page = client.get(address)
        found += [row.name for row in page.context["rows"]]
        address = page.context["older"] and f"/sessions/{page.context['older']}"
    assert found == [person.title() for person in reversed(people)]


@pytest.mark.parametrize(
    "address", ["/sessions/", "/agents/shop/sessions/", "/sessions/?state=any&q=user&language=en", "/"]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(olga: Account, shop: Agent, address: str) -> None:
    client = browser(olga)
    chats(shop, "user-0")
    client.get(address)  # what never changes, policy versions, is read once per process
    assert (few := queries(client, address)) <= 8
    chats(shop, *(f"user-{number}" for number in range(1, 60)))
    assert queries(client, address) == few


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)
