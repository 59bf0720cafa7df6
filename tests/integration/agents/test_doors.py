"""Who may open and do what on the pages of agents and policies (1-product.md, "Permissions")."""

from collections.abc import Mapping

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from sessions_app.queries import policies
from tests import cast

pytestmark = pytest.mark.django_db

SIGN_IN = 302
PEOPLE = ("admin", "own owner", "other owner", "translator", "owner who translates", "end user", "anonymous")
# Page → what each of PEOPLE gets when they open it.
OPEN: Mapping[str, tuple[int, ...]] = {
    "/agents/": (200, 200, 200, 200, 200, 403, SIGN_IN),
    "/agents/new/?draft=x": (200, 200, 200, 403, 200, 403, SIGN_IN),
    "/agents/shop/": (200, 200, 404, 200, 200, 403, SIGN_IN),
    "/agents/shop/settings/": (200, 200, 404, 403, 403, 403, SIGN_IN),
    "/agents/shop/session-policy/": (200, 200, 404, 403, 403, 403, SIGN_IN),
    "/agents/nobody/session-policy/": (404, 404, 404, 404, 404, 403, SIGN_IN),
    "/session-management/": (200, 200, 200, 403, 200, 403, SIGN_IN),
    "/session-management/?edit=shop": (200, 200, 404, 403, 403, 403, SIGN_IN),
}
# The same for what is sent: 422 is a form that came without its values, looked at by somebody who may.
SEND: Mapping[str, tuple[int, ...]] = {
    "/agents/new/?draft=x": (422, 422, 422, 403, 422, 403, SIGN_IN),
    "/agents/new/slug/": (200, 200, 200, 403, 200, 403, SIGN_IN),
    "/agents/shop/settings/": (422, 422, 404, 403, 403, 403, SIGN_IN),
    "/agents/shop/session-policy/": (422, 422, 404, 403, 403, 403, SIGN_IN),
    "/session-policy/preview/?agent=shop": (200, 200, 404, 403, 403, 403, SIGN_IN),
    "/session-policy/preview/?platform=external": (200, 200, 200, 403, 200, 403, SIGN_IN),
    "/session-management/?edit=shop": (422, 422, 404, 403, 403, 403, SIGN_IN),
}
READ_ONLY = ("/agents/", "/agents/shop/")


@pytest.fixture
def shop() -> Agent:
    return cast.agent("shop", name="Shop assistant", prompt_kind="preset", prompt_text="A secret greeting")


@pytest.fixture
def accounts(shop: Agent) -> dict[str, Account]:
    olga, tara, tom = cast.account("olga"), cast.account("tara", Role.TRANSLATOR), cast.account("tom")
    cast.own(olga, shop)
    cast.translate(tara, shop, "de")
    cast.translate(tom, shop, "de")
    cast.agent("elsewhere", owner=cast.account("otto"))
    return {
        "admin": cast.admin(),
        "own owner": olga,
        "other owner": Account.objects.get(username="otto"),
        "translator": tara,
        "owner who translates": tom,
        "end user": cast.account("emil", Role.USER),
    }


def client_of(accounts: Mapping[str, Account], person: str) -> Client:
    client = Client()
    if person in accounts:
        client.force_login(accounts[person])
    return client


def test_what_everybody_may_open(accounts: dict[str, Account]) -> None:
    clients = [client_of(accounts, person) for person in PEOPLE]
    assert {path: tuple(client.get(path).status_code for client in clients) for path in OPEN} == OPEN


def test_what_everybody_may_send(accounts: dict[str, Account], shop: Agent) -> None:
    clients = [client_of(accounts, person) for person in PEOPLE]
    assert {path: tuple(client.post(path).status_code for client in clients) for path in SEND} == SEND
    assert policies.current([shop.pk])[shop.pk].number == 1


@pytest.mark.parametrize("path", READ_ONLY)
def test_pages_that_only_show_take_no_post(accounts: dict[str, Account], path: str) -> None:
    assert client_of(accounts, "admin").post(path).status_code == 405


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        ("/session-management/?edit=%00", None),
        ("/session-management/?agent=sh%00op", None),
        ("/session-policy/preview/?agent=%00", {}),
        ("/sessions/01890000-0000-7000-8000-000000000000/end/", {"agent": "\0"}),
    ],
)
def test_a_name_that_no_database_can_hold_is_nobodys(
    accounts: dict[str, Account], path: str, sent: dict[str, str] | None
) -> None:
    """It was a 500."""
    client = client_of(accounts, "admin")
    assert (client.get(path) if sent is None else client.post(path, sent)).status_code == 404


def test_a_right_taken_away_is_gone_at_the_next_request(accounts: dict[str, Account], shop: Agent) -> None:
    client = client_of(accounts, "own owner")
    assert client.get("/agents/shop/session-policy/").status_code == 200
    accounts["own owner"].grants.all().delete()
    assert client.get("/agents/shop/session-policy/").status_code == 404


# ── what a translator sees ─────────────────────────────────────────────────────────────────────────────────────────
def test_a_translator_sees_name_and_languages_and_nothing_else(accounts: dict[str, Account], shop: Agent) -> None:
    cast.chatting(shop)
    client = client_of(accounts, "translator")
    for path in READ_ONLY:
        page = client.get(path).text
        assert "Shop assistant" in page
        assert "de" in page
        for inside in ("External back end", "4 hours", "A secret greeting", "portal-chat.js", "olga", "live"):
            assert inside not in page, f"{inside} on {path}"


def test_no_tab_leads_to_a_refusal(accounts: dict[str, Account]) -> None:
    def tabs(person: str) -> list[str]:
        shown = client_of(accounts, person).get("/agents/shop/").context["tabs"]
        return [str(tab.label) for tab in shown]

    assert tabs("own owner") == ["Overview", "Sessions", "Session Policy", "Localization", "Settings"]
    assert tabs("translator") == tabs("owner who translates") == ["Overview", "Localization"]


def test_the_list_shows_everybody_their_own(accounts: dict[str, Account]) -> None:
    slugs = {}
    for person in PEOPLE[:5]:
        listed = client_of(accounts, person).get("/agents/").context["listed"]
        slugs[person] = [each.agent.slug for each in listed]
    assert slugs == {
        "admin": ["elsewhere", "shop"],
        "own owner": ["shop"],
        "other owner": ["elsewhere"],
        "translator": ["shop"],
        "owner who translates": ["shop"],
    }
