"""`/api/v1/people` and the members of an agent: who sees whom, and who may give what to whom."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.audit.models import Entry
from portal.lib import clock
from portal.rest.models import KeptAnswer
from tests import cast
from tests.integration.api.conftest import Program, refused
from tests.integration.people.conftest import House

pytestmark = pytest.mark.django_db

NINA = {"username": "nina", "name": "Nina Berg", "email": "nina@portal.example", "role": "owner"}


def names(who: Program, **query: Any) -> list[str]:
    return [each["username"] for each in who.get("/people", **query).body["items"]]


# ── who sees whom
def test_admins_see_everybody_and_owners_the_members_of_their_agents(house: House) -> None:
    assert names(house.program("root")) == ["emil", "olga", "otto", "root", "tara"]
    assert names(house.program("olga")) == ["olga", "tara"]
    assert names(house.program("otto")) == ["otto"]
    for name in ("tara", "emil"):
        refused(house.program(name).get("/people"), 403, "forbidden")


def test_an_owner_without_an_agent_sees_an_empty_list(house: House) -> None:
    house.otto.grants.all().delete()
    assert names(house.program("otto")) == []


def test_of_somebody_an_owner_sees_what_concerns_their_agents(house: House) -> None:
    cast.translate(house.tara, house.helpdesk, "en")
    seen = house.program("olga").get(f"/people/{house.tara.pk}").body
    assert seen["grants"] == [{"agent": "shop", "role": "translator", "languages": ["de"]}]
    assert (seen["email"], seen["name"], seen["role"]) == (None, "Tara Nair", "translator")
    whole = house.program("root").get(f"/people/{house.tara.pk}").body
    assert [each["agent"] for each in whole["grants"]] == ["helpdesk", "shop"]
    assert whole["email"] == ""


def test_whom_one_does_not_see_does_not_exist(house: House) -> None:
    olga = house.program("olga")
    for id in (house.otto.pk, house.root.pk, 0, 2**63):
        refused(olga.get(f"/people/{id}"), 404, "not_found")
        refused(olga.call("PATCH", f"/people/{id}", {"role": "user"}), 404, "not_found")
        refused(olga.post(f"/people/{id}/invitation"), 404, "not_found")


def test_the_list_is_searched_filtered_and_paged(house: House) -> None:
    root = house.program("root")
    assert names(root, q="nair TARA") == ["tara"]
    assert names(root, q="nobody") == []
    assert names(root, role="owner") == ["olga", "otto"]
    assert names(root, agent="shop") == ["olga", "tara"]
    assert names(root, active="false") == []
    first = root.get("/people", limit=2).body
    assert [each["username"] for each in first["items"]] == ["emil", "olga"]
    assert names(root, limit=3, cursor=first["next_cursor"]) == ["otto", "root", "tara"]
    assert names(house.program("olga"), agent="helpdesk") == []
    refused(root.get("/people", role="king"), 422, "invalid")


def test_owners_do_not_search_by_an_email_they_do_not_see(house: House) -> None:
    Account.objects.filter(pk=house.tara.pk).update(email="secret@portal.example")
    assert names(house.program("root"), q="secret") == ["tara"]
    assert names(house.program("olga"), q="secret") == []


def test_last_seen_is_the_sign_in_or_the_last_call_of_a_program(house: House) -> None:
    root = house.program("root")

    def last_seen() -> Any:
        return root.get(f"/people/{house.olga.pk}").body["last_seen_at"]

    assert last_seen() is None
    Account.objects.filter(pk=house.olga.pk).update(last_login=timezone.now())
    signed_in = last_seen()
    assert signed_in is not None
    house.program("olga").get("/agents")
    assert last_seen() >= signed_in


# ── inviting
def test_who_is_invited_chooses_a_password_once_and_signs_in(house: House) -> None:
    made = house.program("root").post("/people", NINA)
    assert made.status_code == 201
    assert (made.body["invited"], made.body["active"], made.body["last_seen_at"]) == (True, True, None)
    assert not Account.objects.get(username="nina").has_usable_password()

    browser = Client()
    address = "/" + made.body["invitation"].split("/", 3)[3]
    form = browser.get(address, follow=True)
    assert "nina" in form.text
    chosen = {"new_password1": cast.PASSWORD, "new_password2": cast.PASSWORD}
    done = browser.post(form.redirect_chain[-1][0], chosen)
    assert done.headers["Location"] == "/login/"
    assert Client().login(username="nina", password=cast.PASSWORD)
    assert not house.program("root").get(f"/people/{made.body['id']}").body["invited"]

    for again in (browser, Client()):
        page = again.get(address, follow=True)
        assert "does not count any more" in page.text
        assert again.post(address, chosen).status_code == 200
    assert Client().login(username="nina", password=cast.PASSWORD)


@pytest.mark.parametrize("broken", ["/invitation/x/y/", "/invitation/MQ/set-password/", "/invitation/%00/x/"])
def test_a_forged_invitation_opens_nothing(house: House, broken: str) -> None:
    page = Client().get(broken)
    assert page.status_code in (200, 404)
    if page.status_code == 200:
        assert "does not count any more" in page.text


def test_an_invitation_of_somebody_else_does_not_fit(house: House) -> None:
    root = house.program("root")
    addresses = [
        root.post("/people", {**NINA, "username": name, "email": f"{name}@portal.example"}).body["invitation"]
        for name in ("nina", "nora")
    ]
    (_, mine, _, _), (_, _, theirs, _) = (address.rsplit("/", 3) for address in addresses)
    assert "does not count any more" in Client().get(f"/invitation/{mine}/{theirs}/", follow=True).text


def test_no_invitation_opens_an_account_that_has_a_password_or_is_switched_off(house: House) -> None:
    root = house.program("root")
    made = root.post("/people", NINA).body
    root.call("PATCH", f"/people/{made['id']}", {"active": False})
    address = "/" + made["invitation"].split("/", 3)[3]
    assert "does not count any more" in Client().get(address, follow=True).text
    refused(root.post(f"/people/{made['id']}/invitation"), 422, "invalid")
    refused(root.post(f"/people/{house.olga.pk}/invitation"), 422, "invalid")


def test_another_invitation_is_another_way_in(house: House) -> None:
    root = house.program("root")
    made = root.post("/people", NINA).body
    again = root.post(f"/people/{made['id']}/invitation", Idempotency_Key="one")
    assert again.status_code == 201
    address = "/" + again.body["invitation"].split("/", 3)[3]
    assert "Choose a password" in Client().get(address, follow=True).text
    assert not KeptAnswer.objects.exists(), "a way in is kept nowhere"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"username": "olga"}, "username"),
        ({"username": "OLGA"}, "username"),
        ({"username": "a b"}, "username"),
        ({"username": ""}, "username"),
        ({"username": "x" * 151}, "username"),
        ({"name": " "}, "name"),
        ({"name": "x" * 151}, "name"),
        ({"email": ""}, "email"),
        ({"email": "nina"}, "email"),
        ({"email": "OLGA@portal.example"}, "email"),
        ({"email": f"{'x' * 250}@portal.example"}, "email"),
        ({"role": "king"}, "role"),
        ({"password": "secret"}, "password"),
    ],
)
def test_what_cannot_be_is_named_and_nobody_is_invited(house: House, wrong: dict[str, Any], field: str) -> None:
    Account.objects.filter(pk=house.olga.pk).update(email="olga@portal.example")
    problem = refused(house.program("root").post("/people", {**NINA, **wrong}), 422, "invalid")
    assert set(problem["errors"]) == {field}
    assert Account.objects.count() == 5


def test_only_admins_invite(house: House) -> None:
    for name in ("olga", "tara", "emil"):
        refused(house.program(name).post("/people", NINA), 403, "forbidden")
    assert not Account.objects.filter(username="nina").exists()


# ── roles
def test_a_role_is_given_and_holds_at_the_next_call(house: House) -> None:
    root, emil = house.program("root"), house.program("emil")
    refused(emil.post("/agents", {"name": "Bistro", "platform": "external"}), 403, "forbidden")
    assert root.call("PATCH", f"/people/{house.emil.pk}", {"role": "owner"}).body["role"] == "owner"
    assert emil.post("/agents", {"name": "Bistro", "platform": "external"}).status_code == 201


def test_an_owner_makes_no_admin_not_even_of_themselves(house: House) -> None:
    olga = house.program("olga")
    for account in (house.olga, house.tara):
        refused(olga.call("PATCH", f"/people/{account.pk}", {"role": "admin"}), 403, "forbidden")
        refused(olga.call("PATCH", f"/people/{account.pk}", {"active": False}), 403, "forbidden")
    assert Account.objects.filter(role=Role.ADMIN).count() == 1


def test_an_admin_gets_the_back_office_and_loses_it(house: House) -> None:
    root, client = house.program("root"), house.browser("olga")
    assert client.get("/admin/").status_code == 403
    root.call("PATCH", f"/people/{house.olga.pk}", {"role": "admin"})
    assert client.get("/admin/").status_code == 200
    root.call("PATCH", f"/people/{house.olga.pk}", {"role": "owner"})
    assert client.get("/admin/").status_code == 403
    account = Account.objects.get(pk=house.olga.pk)
    assert not account.is_superuser
    assert not account.is_staff


def test_the_last_admin_stays_one(house: House) -> None:
    root = house.program("root")
    refused(root.call("PATCH", f"/people/{house.root.pk}", {"role": "owner"}), 422, "invalid")
    cast.account("ruth", Role.ADMIN, is_active=False)
    refused(root.call("PATCH", f"/people/{house.root.pk}", {"role": "user"}), 422, "invalid")
    root.call("PATCH", f"/people/{house.otto.pk}", {"role": "admin"})
    assert root.call("PATCH", f"/people/{house.root.pk}", {"role": "owner"}).status_code == 200
    refused(root.call("PATCH", f"/people/{house.otto.pk}", {"role": "owner"}), 404, "not_found")


def test_what_the_new_role_cannot_hold_is_taken_and_told_of(house: House) -> None:
    cast.own(house.otto, house.shop)
    cast.translate(house.otto, house.shop, "de")
    house.helpdesk.grants.all().delete()
    changed = house.program("root").call("PATCH", f"/people/{house.otto.pk}", {"role": "translator"}).body
    assert changed["grants"] == [{"agent": "shop", "role": "translator", "languages": ["de"]}]
    refused(house.program("otto").call("PATCH", "/agents/shop", {"name": "x"}), 403, "forbidden")
    entry = Entry.objects.get(verb="account.changed")
    assert entry.before == {
        "role": "owner",
        "grants": [{"agent": house.shop.pk, "role": "owner", "languages": []}],
    }


def test_an_agent_is_not_left_without_an_owner(house: House) -> None:
    problem = refused(house.program("root").call("PATCH", f"/people/{house.otto.pk}", {"role": "user"}), 422, "invalid")
    assert "Nobody else owns helpdesk." in problem["detail"]
    assert Account.objects.get(pk=house.otto.pk).role == Role.OWNER
    assert house.otto.grants.count() == 1


# ── off and on
def test_who_is_switched_off_is_nobody_until_switched_on_again(house: House) -> None:
    root, olga, browser = house.program("root"), house.program("olga"), house.browser("olga")
    root.call("PATCH", f"/people/{house.olga.pk}", {"active": False})
    refused(olga.get("/agents"), 401, "unauthenticated")
    assert browser.get("/").status_code == 302
    assert not Client().login(username="olga", password=cast.PASSWORD)
    root.call("PATCH", f"/people/{house.olga.pk}", {"active": True})
    assert olga.get("/agents").status_code == 200


def test_nobody_switches_off_themselves_nor_the_last_admin(house: House) -> None:
    refused(house.program("root").call("PATCH", f"/people/{house.root.pk}", {"active": False}), 422, "invalid")
    cast.account("ruth", Role.ADMIN)
    refused(house.program("root").call("PATCH", f"/people/{house.root.pk}", {"active": False}), 422, "invalid")


@pytest.mark.parametrize("wrong", [{"role": "king"}, {"role": None}, {"active": None}, {"username": "x"}, {"id": 1}])
def test_what_is_no_change_is_refused(house: House, wrong: dict[str, Any]) -> None:
    refused(house.program("root").call("PATCH", f"/people/{house.emil.pk}", wrong), 422, "invalid")


# ── members
def test_an_owner_gives_and_takes_what_is_theirs(house: House) -> None:
    olga = house.program("olga")
    given = olga.put("/agents/shop/members/otto", {"role": "translator", "languages": ["en", "de", "de"]})
    assert given.body["grants"] == [{"agent": "shop", "role": "translator", "languages": ["de", "en"]}]
    changed = olga.put("/agents/shop/members/otto", {"role": "translator", "languages": ["en"]}).body
    assert changed["grants"][0]["languages"] == ["en"]
    assert house.program("otto").get("/agents/shop").status_code == 200
    assert olga.call("DELETE", "/agents/shop/members/otto").status_code == 204
    refused(house.program("otto").get("/agents/shop"), 404, "not_found")
    refused(olga.call("DELETE", "/agents/shop/members/otto"), 404, "not_found")


def test_one_of_two_grants_is_taken_by_its_name(house: House) -> None:
    root = house.program("root")
    root.put("/agents/shop/members/otto", {"role": "owner"})
    root.put("/agents/shop/members/otto", {"role": "translator", "languages": ["de"]})
    path = "/agents/shop/members/otto"
    assert root.call("DELETE", path, query={"role": "owner"}).status_code == 204
    assert [grant.role for grant in house.otto.grants.filter(agent=house.shop)] == ["translator"]
    refused(root.call("DELETE", path, query={"role": "owner"}), 404, "not_found")
    refused(root.call("DELETE", path, query={"role": "king"}), 422, "invalid")


def test_nobody_gives_a_foreign_agent(house: House) -> None:
    olga = house.program("olga")
    refused(olga.put("/agents/helpdesk/members/olga", {"role": "owner"}), 404, "not_found")
    refused(olga.call("DELETE", "/agents/helpdesk/members/otto"), 404, "not_found")
    tara = house.program("tara")
    for call in (
        tara.put("/agents/shop/members/tara", {"role": "owner"}),
        tara.put("/agents/shop/members/tara", {"role": "translator", "languages": ["en"]}),
        tara.call("DELETE", "/agents/shop/members/olga"),
    ):
        refused(call, 403, "forbidden")
    assert house.helpdesk.grants.count() == 1


@pytest.mark.parametrize(
    ("username", "body", "field"),
    [
        ("nobody", {"role": "owner"}, "username"),
        ("tara", {"role": "owner"}, "username"),
        ("emil", {"role": "translator", "languages": ["de"]}, "username"),
        ("otto", {"role": "translator"}, "languages"),
        ("otto", {"role": "translator", "languages": ["fr"]}, "languages"),
        ("otto", {"role": "king"}, "role"),
        ("otto%00", {"role": "owner"}, "username"),
    ],
)
def test_what_cannot_be_given_is_named(house: House, username: str, body: dict[str, Any], field: str) -> None:
    problem = refused(house.program("olga").put(f"/agents/shop/members/{username}", body), 422, "invalid")
    assert set(problem["errors"]) == {field}
    assert house.shop.grants.count() == 2


def test_an_agent_keeps_an_owner(house: House) -> None:
    olga = house.program("olga")
    refused(olga.call("DELETE", "/agents/shop/members/olga"), 422, "invalid")
    olga.put("/agents/shop/members/otto", {"role": "owner"})
    assert olga.call("DELETE", "/agents/shop/members/olga").status_code == 204
    refused(olga.get("/agents/shop"), 404, "not_found")


# ── the audit log
def test_each_deed_is_in_the_audit_log_with_before_and_after_and_without_a_name(house: House) -> None:
    root, since = house.program("root"), clock.now()
    id = root.post("/people", NINA).body["id"]
    root.call("PATCH", f"/people/{id}", {"role": "translator"})
    root.call("PATCH", f"/people/{id}", {"role": "translator"})
    root.put("/agents/shop/members/nina", {"role": "translator", "languages": ["de"]})
    root.put("/agents/shop/members/nina", {"role": "translator", "languages": ["en"]})
    root.put("/agents/shop/members/nina", {"role": "translator", "languages": ["en"]})
    root.call("DELETE", "/agents/shop/members/nina")
    root.call("PATCH", f"/people/{id}", {"active": False})

    entries = list(Entry.objects.filter(at__gte=since).order_by("pk"))
    german, english = ({"role": "translator", "languages": [tag]} for tag in ("de", "en"))
    assert [(entry.verb, entry.before, entry.after) for entry in entries] == [
        ("account.invited", None, {"role": "owner"}),
        ("account.changed", {"role": "owner"}, {"role": "translator"}),
        ("grant.changed", None, german),
        ("grant.changed", german, english),
        ("grant.taken", english, None),
        ("account.changed", {"active": True}, {"active": False}),
    ]
    assert {entry.subject for entry in entries} == {f"account {id}"}
    assert {entry.account_id for entry in entries} == {house.root.pk}
    assert [entry.agent_id for entry in entries] == [None, None, *[house.shop.pk] * 3, None]
