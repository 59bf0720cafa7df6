"""When something goes wrong: nothing of the inside is shown, and no door stands open."""

from typing import Any

import pytest
from django.test import Client

from portal.accounts import permissions
from portal.accounts.actions import people
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.audit.models import Entry
from tests import cast

pytestmark = pytest.mark.django_db
CANARY = "postgresql://portal:canary@db"


def _breaks(*_: Any, **__: Any) -> None:
    raise RuntimeError(CANARY)


@pytest.fixture
def browser() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(cast.admin())
    return client


@pytest.mark.parametrize("path", ["/people/", "/tokens/", "/api/v1/agents", "/api/v1/people", "/api/v1/tokens"])
def test_a_mistake_of_ours_shows_nothing_of_the_inside(browser, monkeypatch, path):
    for name in ("people.page", "tokens.page"):
        monkeypatch.setattr(f"portal.accounts.queries.{name}", _breaks)
    monkeypatch.setattr("sessions_app.queries.agents.page", _breaks)
    response = browser.get(path)
    assert response.status_code == 500
    for inside in (CANARY, "Traceback", "RuntimeError", "/site-packages/"):
        assert inside not in response.text


def test_a_permission_that_cannot_be_asked_is_not_given(browser, monkeypatch):
    monkeypatch.setattr(permissions, "_principal", _breaks)
    assert browser.get("/people/").status_code == 500


def test_a_deed_that_fails_half_way_leaves_neither_itself_nor_its_entry(monkeypatch):
    root = cast.principal(cast.admin())
    nina = people.NewPerson(username="nina", name="Nina", email="nina@example.org", role=Role.TRANSLATOR)
    before = Entry.objects.count()
    monkeypatch.setattr(people, "_record", _breaks)
    with pytest.raises(RuntimeError):
        people.invite(principal=root, person=nina)
    assert Entry.objects.count() == before
    assert not Account.objects.filter(username="nina").exists()
