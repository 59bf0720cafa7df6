"""Who gets in, where they land, and which links they are shown (1-product.md, "Permissions", "Pages")."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.http import Http404
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.utils.functional import SimpleLazyObject

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.admin import not_found
from tests import cast

pytestmark = pytest.mark.django_db


def signed_in(role: Role) -> Client:
    client = Client()
    client.force_login(cast.account("somebody", role))
    return client


def test_a_stranger_signs_in_and_comes_back_to_the_page_they_asked_for(client: Client) -> None:
    cast.admin()
    asked = client.get("/sessions/?state=ended")
    assert asked.headers["Location"] == "/login/?next=/sessions/%3Fstate%3Dended"
    signed = client.post(asked.headers["Location"], {"username": "root", "password": cast.PASSWORD})
    assert signed.headers["Location"] == "/sessions/?state=ended"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "/login/", "/login/?next=/login/"])
def test_signing_in_never_leads_elsewhere_nor_in_circles(client: Client, elsewhere: str) -> None:
    client.force_login(cast.admin())
    assert client.get("/login/", {"next": elsewhere}).headers["Location"] == "/"


@pytest.mark.parametrize(
    ("role", "home"),
    [(Role.ADMIN, "/"), (Role.OWNER, "/"), (Role.TRANSLATOR, "/localization/"), (Role.USER, "/me/sessions/")],
)
def test_everybody_lands_where_their_work_is(client: Client, role: Role, home: str) -> None:
    cast.account("somebody", role)
    signed = client.post("/login/", {"username": "somebody", "password": cast.PASSWORD})
    assert signed.headers["Location"] == home


def test_an_end_user_is_told_calmly_that_there_is_nothing_to_manage() -> None:
    answer = signed_in(Role.USER).get("/")
    assert answer.status_code == 403
    assert "There is nothing to manage here for you" in answer.text
    (section,) = answer.context["nav"]
    assert [link.url for link in section.links] == ["/me/sessions/"]


def test_an_owner_is_refused_the_back_office_instead_of_asked_to_sign_in_again() -> None:
    owner = signed_in(Role.OWNER)
    assert [owner.get(page).status_code for page in ("/admin/", "/admin/accounts/account/")] == [403, 403]


def test_an_account_that_was_switched_off_is_nobody() -> None:
    account = cast.admin()
    client = Client()
    client.force_login(account)
    account.is_active = False
    account.save()
    assert client.get("/").headers["Location"] == "/login/?next=/"


def test_a_part_of_a_page_asked_for_without_a_sign_in_sends_the_whole_page_there(client: Client) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/agents/"}
    answer = client.get("/sessions/", headers=headers)
    assert answer.headers["HX-Redirect"] == "/login/?next=/agents/"


@pytest.mark.parametrize("role", Role)
def test_no_link_of_the_navigation_ends_in_a_refusal(role: Role) -> None:
    client = signed_in(role)
    home = client.get("/me/sessions/")
    links = [link.url for section in home.context["nav"] for link in section.links]
    assert links
    assert {url: client.get(url).status_code for url in links} == dict.fromkeys(links, 200)


def test_a_translator_is_shown_the_messages_and_what_they_did_and_nothing_else() -> None:
    section, own = signed_in(Role.TRANSLATOR).get("/localization/").context["nav"]
    assert [link.label for link in own.links] == ["My sessions"]
    assert [(link.label, link.current) for link in section.links] == [("Localization", "page"), ("Audit log", "")]


def test_an_agents_page_belongs_to_agents_in_the_navigation() -> None:
    client = Client()
    owner = cast.account("olga")
    client.force_login(owner)
    cast.agent("shop", owner=owner)
    nav = client.get("/agents/shop/localization/").context["nav"]
    assert {link.label: link.current for link in nav[0].links} == {"Overview": "", "Agents": "true", "Sessions": ""}


@pytest.mark.parametrize("demo", [True, False])
def test_only_the_demo_says_who_one_can_sign_in_as(client: Client, settings: Any, demo: bool) -> None:
    settings.DEMO = demo
    page = client.get("/login/").text
    assert [word in page for word in ("olga", "portal-demo")] == [demo, demo]


def test_signing_out_takes_a_post() -> None:
    client = signed_in(Role.OWNER)
    assert client.get("/logout/").status_code == 405
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert client.get("/").status_code == 302


def test_a_password_is_changed_and_a_wrong_one_says_so_beside_its_field() -> None:
    client = signed_in(Role.USER)
    new = {"new_password1": "another fine long one", "new_password2": "another fine long one"}
    refused = client.post("/account/password/", {"old_password": "wrong", **new})
    assert refused.status_code == 200
    assert 'aria-describedby="id_old_password_error"' in refused.text
    assert client.post("/account/password/", {"old_password": cast.PASSWORD, **new}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_an_error_page_gives_its_database_connection_back(rf: RequestFactory) -> None:
    account = cast.admin()
    request = rf.get("/nowhere/")
    request.user = SimpleLazyObject(lambda: Account.objects.get(pk=account.pk))  # type: ignore[assignment]
    with ThreadPoolExecutor(max_workers=1) as elsewhere:
        assert elsewhere.submit(not_found, request, Http404()).result().status_code == 404
        assert elsewhere.submit(lambda: connection.connection).result() is None


@pytest.mark.parametrize("template", ["400.html", "500.html"])
def test_pages_for_broken_moments_need_no_request_and_no_database(template: str) -> None:
    page = render_to_string(template)
    assert page.count("<main") == 1
    assert "{{" not in page
