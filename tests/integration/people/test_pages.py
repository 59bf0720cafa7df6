"""`/people/`: who opens what, and what the forms do."""

from collections.abc import Mapping
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account, Grant
from portal.accounts.names import Role
from tests import cast
from tests.integration.people.conftest import House

pytestmark = pytest.mark.django_db

SIGN_IN = 302
PERSONS = ("root", "olga", "otto", "tara", "emil", "nobody")
# Page → what each of PERSONS gets; {tara} is her number.
OPEN: Mapping[str, tuple[int, ...]] = {
    "/people/": (200, 200, 200, 403, 403, SIGN_IN),
    "/people/?q=x&role=nonsense&after=%00": (200, 200, 200, 403, 403, SIGN_IN),
    "/people/invite/": (200, 403, 403, 403, 403, SIGN_IN),
    "/people/add/": (200, 200, 200, 403, 403, SIGN_IN),
    "/people/{tara}/": (200, 200, 404, 403, 403, SIGN_IN),
    "/people/0/": (404, 404, 404, 403, 403, SIGN_IN),
}
SEND: Mapping[str, tuple[int, ...]] = {
    "/people/invite/": (422, 403, 403, 403, 403, SIGN_IN),
    "/people/add/": (422, 422, 422, 403, 403, SIGN_IN),
    "/people/{tara}/": (422, 422, 404, 403, 403, SIGN_IN),
    "/people/{tara}/switch/": (302, 403, 404, 403, 403, SIGN_IN),
    "/people/{tara}/invitation/": (302, 403, 404, 403, 403, SIGN_IN),
    "/people/{tara}/take/": (404, 404, 404, 403, 403, SIGN_IN),
}
NINA = {"username": "nina", "name": "Nina Berg", "email": "nina@portal.example", "role": "owner"}


def browsers(house: House) -> list[Client]:
    return [Client() if name == "nobody" else house.browser(name) for name in PERSONS]


def errors(response: HttpResponse) -> dict[str, list[str]]:
    assert response.status_code == 422
    return {name: list(map(str, found)) for name, found in response.context["form"].errors.items()}  # type: ignore[attr-defined]


# ── who may
def test_what_everybody_may_open(house: House) -> None:
    clients = browsers(house)
    opened = {
        page: tuple(client.get(page.format(tara=house.tara.pk)).status_code for client in clients) for page in OPEN
    }
    assert opened == OPEN


def test_what_everybody_may_send(house: House) -> None:
    clients = browsers(house)
    as_it_is = {"active": "yes"}
    sent = {
        page: tuple(client.post(page.format(tara=house.tara.pk), as_it_is).status_code for client in clients)
        for page in SEND
    }
    assert sent == SEND
    assert Grant.objects.count() == 3


@pytest.mark.parametrize("address", ["switch", "invitation", "take"])
def test_deeds_take_a_post(house: House, address: str) -> None:
    assert house.browser("root").get(f"/people/{house.tara.pk}/{address}/").status_code == 405


def test_an_owner_makes_nobody_an_admin(house: House) -> None:
    olga = house.browser("olga")
    for who in (house.olga, house.tara):
        assert olga.post(f"/people/{who.pk}/", {"role": "admin"}).status_code == 403
    assert not Account.objects.filter(role=Role.ADMIN).exclude(username="root").exists()


def test_a_cross_site_post_does_nothing(house: House) -> None:
    client = Client(enforce_csrf_checks=True)
    cast.sign_in(client, house.root)
    assert client.post(f"/people/{house.olga.pk}/switch/", {"active": "no"}).status_code == 403
    assert Account.objects.get(pk=house.olga.pk).is_active


# ── the list
def test_the_list_says_who_is_who(house: House) -> None:
    page = house.browser("root").get("/people/")
    assert [person.username for person in page.context["people"]] == ["emil", "olga", "otto", "root", "tara"]
    assert "Tara Nair" in page.text
    found = house.browser("root").get("/people/", {"role": "translator"})
    assert [person.username for person in found.context["people"]] == ["tara"]
    assert [p.username for p in house.browser("olga").get("/people/").context["people"]] == ["olga", "tara"]


def test_a_long_list_goes_on(house: House) -> None:
    for number in range(60):
        cast.account(f"u{number:02}", Role.USER)
    root = house.browser("root")
    first = root.get("/people/", {"role": "user"})
    assert len(first.context["people"]) == 50
    second = root.get(f"/people/{first.context['next']}")
    assert [person.username for person in second.context["people"]] == [f"u{number}" for number in range(49, 60)]
    assert second.context["next"] == ""


def test_an_owner_without_an_agent_is_told_what_to_do(house: House) -> None:
    house.otto.grants.all().delete()
    page = house.browser("otto").get("/people/").text
    assert "Build an agent first" in page
    assert "Members belong to an agent." in house.browser("otto").get("/people/add/").text


def test_nobody_like_that_is_said(house: House) -> None:
    assert "Nobody you see fits the search." in house.browser("root").get("/people/?q=zoe").text


# ── inviting
def test_an_invitation_is_shown_by_the_answer_to_the_form_and_nowhere_else(house: House) -> None:
    root = house.browser("root")
    made = root.post("/people/invite/", NINA)
    assert made.status_code == 201
    address = made.context["address"]
    assert made.text.count(address) == 1
    assert "no-store" in made.headers["Cache-Control"]
    nina = Account.objects.get(username="nina")
    page = root.get(f"/people/{nina.pk}/")
    assert "Make another invitation" in page.text
    assert "/invitation/" not in page.text.replace(f"/people/{nina.pk}/invitation/", "")
    assert root.post(f"/people/{nina.pk}/invitation/").context["address"].startswith("http")


def test_what_is_wrong_is_said_beside_its_field_and_the_rest_stays(house: House) -> None:
    typed = {**NINA, "username": "olga", "email": "nina"}
    refused = house.browser("root").post("/people/invite/", typed)
    assert errors(refused) == {
        "username": ["There is an account “olga” already."],
        "email": ["This is no e-mail address."],
    }
    assert {name: refused.context["form"][name].value() for name in typed} == typed


# ── one person
def test_a_role_is_changed_and_what_cannot_be_is_said_beside_it(house: House) -> None:
    root = house.browser("root")
    assert root.post(f"/people/{house.tara.pk}/", {"role": "owner"}).status_code == 302
    assert Account.objects.get(pk=house.tara.pk).role == Role.OWNER
    last = errors(root.post(f"/people/{house.root.pk}/", {"role": "owner"}))
    assert last == {"role": ["This is the last admin. Make somebody else one first."]}


def test_somebody_is_switched_off_and_on(house: House) -> None:
    root, path = house.browser("root"), f"/people/{house.olga.pk}/switch/"
    off = root.post(path, {"active": "no"}, follow=True)
    assert "Switched off" in off.text
    assert house.browser("olga").get("/").status_code == 302
    root.post(path, {"active": "yes"})
    assert Account.objects.get(pk=house.olga.pk).is_active


def test_neither_off_nor_on_is_neither(house: House) -> None:
    for sent in ({}, {"active": "maybe"}):
        assert house.browser("root").post(f"/people/{house.olga.pk}/switch/", sent).status_code == 400
        assert house.browser("olga").post(f"/people/{house.tara.pk}/switch/", sent).status_code == 403
    assert Account.objects.get(pk=house.olga.pk).is_active


def test_nobody_is_offered_to_switch_off_themselves(house: House) -> None:
    root = house.browser("root")
    assert "Switch off" not in root.get(f"/people/{house.root.pk}/").text
    refused = root.post(f"/people/{house.root.pk}/switch/", {"active": "no"}, follow=True)
    assert "You cannot switch off your own account" in refused.text
    assert Account.objects.get(pk=house.root.pk).is_active


# ── members
def given(house: House, name: str, **values: Any) -> HttpResponse:
    form = {"username": "otto", "agent": "shop", "role": "translator", "languages": ["de"], **values}
    return house.browser(name).post("/people/add/", form)


def test_an_owner_adds_somebody_and_removes_them(house: House) -> None:
    assert given(house, "olga").headers["Location"] == f"/people/{house.otto.pk}/"
    assert house.browser("otto").get("/agents/shop/localization/").status_code == 200
    take = {"agent": "shop", "role": "translator"}
    removed = house.browser("olga").post(f"/people/{house.otto.pk}/take/", take)
    assert removed.headers["Location"] == "/people/", "who is no member any more is not seen"
    assert house.browser("otto").get("/agents/shop/localization/").status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"username": "nobody"}, "username"),
        ({"username": "emil"}, "username"),
        ({"username": "tara", "role": "owner"}, "username"),
        ({"username": ""}, "username"),
        ({"agent": "helpdesk"}, "agent"),
        ({"agent": "nowhere"}, "agent"),
        ({"role": "king"}, "role"),
        ({"languages": []}, "languages"),
        ({"languages": ["fr"]}, "languages"),
    ],
)
def test_what_cannot_be_given_is_said_beside_its_field(house: House, changed: dict[str, Any], field: str) -> None:
    assert list(errors(given(house, "olga", **changed))) == [field]
    assert Grant.objects.count() == 3


def test_the_only_owner_is_not_removed(house: House) -> None:
    path = f"/people/{house.olga.pk}/take/"
    refused = house.browser("olga").post(path, {"agent": "shop", "role": "owner"}, follow=True)
    assert "Nobody else owns shop. Give it another owner first." in refused.text
    assert house.olga.grants.count() == 1


def test_an_owner_does_not_remove_somebody_from_anothers_agent(house: House) -> None:
    cast.translate(house.tara, house.helpdesk, "en")
    take = {"agent": "helpdesk", "role": "translator"}
    assert house.browser("olga").post(f"/people/{house.tara.pk}/take/", take).status_code == 404
    assert house.tara.grants.count() == 2


# ── the back office
def test_the_back_office_is_no_way_around_the_rules_and_the_log(house: House) -> None:
    root = house.browser("root")
    grant = house.tara.grants.get()
    address = f"/admin/accounts/account/{house.root.pk}/change/"
    rights = {"role": "user", "is_active": "", "is_superuser": "", "is_staff": ""}
    person = {"username": "root", "first_name": "Ruth", "last_name": "", "email": ""}
    none = {"grants-TOTAL_FORMS": "0", "grants-INITIAL_FORMS": "0"}
    assert root.post(address, {**person, **rights, **none}).status_code == 302
    account = Account.objects.get(pk=house.root.pk)
    assert (account.first_name, account.role, account.is_active) == ("Ruth", Role.ADMIN, True)

    taken = {"grants-TOTAL_FORMS": "1", "grants-INITIAL_FORMS": "1", "grants-0-id": grant.pk, "grants-0-DELETE": "on"}
    root.post(f"/admin/accounts/account/{house.tara.pk}/change/", {**person, "username": "tara", **taken})
    assert house.tara.grants.get() == grant
    assert root.get("/admin/accounts/account/add/").status_code == 403


def test_a_name_is_shown_as_text(house: House) -> None:
    Account.objects.filter(pk=house.tara.pk).update(first_name="<script>alert(1)</script>")
    root = house.browser("root")
    for path in ("/people/", f"/people/{house.tara.pk}/"):
        assert "<script>alert(1)" not in root.get(path).text
