"""Ids that name users by their Portal account are given by the Portal alone (docs/decisions/0026)."""

import pytest

from portal.accounts.models import Account
from portal.agents.core.identity import RESERVED
from portal.agents.models import Agent
from sessions_app.models import ChatUser, Thread
from tests import cast
from tests.integration.api.conftest import Program, program, refused
from tests.integration.chat.identities import Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(olga: Account, shop: Agent) -> Program:
    return program(olga)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sessions", {"agent": "shop", "user": {"id": "portal:7"}}),
        ("/interactions", {"items": [{"agent": "shop", "user": "portal:7", "text": "I am somebody else."}]}),
    ],
)
def test_no_program_calls_a_user_by_an_account(owner, path, body):
    problem = refused(owner.post(path, body), 422, "invalid")
    assert RESERVED in str(problem["errors"])
    assert not ChatUser.objects.exists()
    assert not Thread.objects.exists()


def test_a_dated_import_does_not_either(shop):
    admin = program(cast.admin())
    item = {"agent": "shop", "user": "portal:7", "text": "hello", "at": "2026-01-01T10:00:00Z"}
    refused(admin.post("/interactions", {"items": [item]}), 422, "invalid")
    assert not ChatUser.objects.exists()


def test_no_site_vouches_for_an_account(shop):
    problem = refused(Program().post("/chat/shop", {"identity": Site(shop).vouch("portal:7")}), 422, "invalid")
    assert RESERVED in problem["detail"]
    assert not ChatUser.objects.exists()


def test_ids_that_only_look_alike_are_anybodys(owner):
    for id in ("portal", "portal-7", "PORTAL:7", "my portal:7"):
        assert owner.post("/sessions", {"agent": "shop", "user": {"id": id}}).status_code == 201


def test_staff_look_for_an_account_by_that_id(owner, shop):
    cast.chatting(shop, cast.user("portal:7", realm=shop.realm))
    assert len(owner.get("/sessions", user="portal:7").body["items"]) == 1
    assert len(owner.get("/sessions", q="portal:").body["items"]) == 1
