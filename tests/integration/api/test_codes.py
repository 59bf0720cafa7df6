"""Every code of the contract can really be met, and is documented where it is (3-api.md, "Errors")."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, transaction

from portal.agents.models import Agent
from portal.rest.problems import CODES
from sessions_app.api.chat import LIMIT
from sessions_app.models import ChatSession
from tests.integration.api import documented
from tests.integration.api.conftest import Program, Visitor, refused

# What 3-api.md promises, written down from there; the others are those of HTTP itself.
CONTRACT = {
    "unauthenticated": 401,
    "forbidden": 403,
    "not_found": 404,
    "session_ended": 409,
    "session_paused": 409,
    "state_changed": 409,
    "live_chat_running": 409,
    "agent_disabled": 409,
    "version_conflict": 412,
    "invalid": 422,
    "internal_read_only": 422,
    "out_of_bounds": 422,
    "transfer_impossible": 422,
    "model_override_off": 409,
    "session_data_too_large": 413,
    "session_limit_reached": 429,
    "rate_limited": 429,
}
OF_HTTP = {"method_not_allowed", "internal_error", "unavailable"}
ADA = {"id": "ada"}


@dataclass
class Scene:
    """Ada's session with the shop, and everybody who may call."""

    admin: Program
    owner: Program
    stranger: Program
    visitor: Visitor
    nobody: Program
    session: ChatSession
    shop: Agent

    @property
    def path(self) -> str:
        return f"/sessions/{self.session.pk}"


@pytest.fixture
def scene(admin, owner, stranger, visitor, nobody, session, shop):
    return Scene(admin, owner, stranger, visitor, nobody, session, shop)


def session_ended(scene: Scene) -> Any:
    scene.owner.post(f"{scene.path}/end")
    return scene.owner.post(f"{scene.path}/extend")


def session_paused(scene: Scene) -> Any:
    scene.owner.post(f"{scene.path}/pause")
    return scene.owner.post(f"{scene.path}/extend")


def live_chat_running(scene: Scene) -> Any:
    scene.owner.post(f"{scene.path}/live-chat")
    return scene.owner.post(f"{scene.path}/pause")


def agent_disabled(scene: Scene) -> Any:
    scene.owner.call("PATCH", "/agents/shop", {"status": "disabled"})
    return scene.owner.post("/sessions", {"agent": "shop", "user": ADA})


def session_limit_reached(scene: Scene) -> Any:
    scene.owner.put("/agents/shop/session-policy", {"max_concurrent_per_user": 1})
    return scene.owner.post("/sessions", {"agent": "shop", "user": ADA})


def rate_limited(scene: Scene) -> Any:
    for _ in range(LIMIT.most):
        assert scene.nobody.post("/chat/shop").status_code == 201
    return scene.nobody.post("/chat/shop")


def session_data_too_large(scene: Scene) -> Any:
    return scene.owner.call("PATCH", f"{scene.path}/data", {"novel": "x" * (10 * 1024 * 1024)})


def internal_error(scene: Scene) -> Any:
    """A table is missing, as where somebody forgot to migrate."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE chat_event RENAME TO chat_event_elsewhere")
        response = scene.owner.get(f"{scene.path}/events")
        transaction.set_rollback(True)
    return response


def unavailable(scene: Scene) -> Any:
    """The database drops the connection, as when it is restarted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (mine,) = cursor.fetchone()
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [mine])
    finally:
        other.close()
    try:
        return scene.owner.get(scene.path)
    finally:
        connection.close()


PROVOKED: dict[str, Callable[[Scene], Any]] = {
    "unauthenticated": lambda s: s.nobody.get("/sessions"),
    "forbidden": lambda s: s.visitor.get(f"/sessions/{s.visitor.session}/events"),
    "not_found": lambda s: s.stranger.get(s.path),
    "method_not_allowed": lambda s: s.owner.call("DELETE", s.path),
    "session_ended": session_ended,
    "session_paused": session_paused,
    "state_changed": lambda s: s.owner.post(f"{s.path}/end", {"seen_state": "idle"}),
    "live_chat_running": live_chat_running,
    "agent_disabled": agent_disabled,
    "model_override_off": lambda s: s.admin.put(f"{s.path}/model", {"model": "large"}),
    "version_conflict": lambda s: s.owner.put("/agents/shop/session-policy", {"warn_before": 30}, If_Match='"7"'),
    "session_data_too_large": session_data_too_large,
    "invalid": lambda s: s.owner.get("/sessions", limit=0),
    "internal_read_only": lambda s: s.owner.call("PATCH", f"{s.path}/data", {"internal": {}}),
    "out_of_bounds": lambda s: s.owner.put("/agents/shop/session-policy", {"warn_before": 1}),
    "transfer_impossible": lambda s: s.owner.post(f"{s.path}/transfer", {"agent": "shop"}),
    "session_limit_reached": session_limit_reached,
    "rate_limited": rate_limited,
    "internal_error": internal_error,
    "unavailable": unavailable,
}
NEVER_DOCUMENTED = {"method_not_allowed", "internal_error"}  # of no operation in particular


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", PROVOKED)
def test_every_code_can_be_met_where_it_is_documented(scene, code):
    response = PROVOKED[code](scene)
    refused(response, CODES[code][0], code)
    assert code in NEVER_DOCUMENTED or code in documented.codes(response)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("code", ["rate_limited", "unavailable"])
def test_who_is_to_try_again_is_told_when(scene, code):
    assert int(PROVOKED[code](scene).headers["Retry-After"]) > 0


@pytest.mark.django_db
def test_who_is_not_known_is_told_how_to_be(nobody):
    assert nobody.get("/sessions").headers["WWW-Authenticate"] == "Bearer"


def test_there_is_no_code_that_nobody_has_met():
    assert set(PROVOKED) == set(CODES)


def test_the_codes_are_those_of_the_contract():
    assert {code: status for code, (status, _) in CODES.items() if code not in OF_HTTP} == CONTRACT


def test_what_operations_document_are_codes_with_their_status():
    found = list(documented.each())
    assert len(found) > 100
    for operation, status, code in found:
        assert str(CODES[code][0]) == status, operation
