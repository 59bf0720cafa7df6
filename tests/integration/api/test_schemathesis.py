"""Every operation, called at random as the OpenAPI document says: it answers as the document says, and never with a 5xx
(5-promises.md, "Bad input never gives a 500")."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, transaction
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from portal import api
from tests.integration.api.conftest import Program, Visitor

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
]
schema = schemathesis.openapi.from_dict(copy.deepcopy(api.document()))
schema.app = get_wsgi_application()


@pytest.fixture(autouse=True)
def _one_connection() -> Iterator[None]:
    """The end of a request lets the test's connection be."""
    request_finished.disconnect(close_old_connections)
    request_started.disconnect(close_old_connections)
    yield
    request_started.connect(close_old_connections)
    request_finished.connect(close_old_connections)


@pytest.fixture
def real(visitor: Visitor) -> dict[str, Any]:
    """What there is, for addresses and bodies that would hardly be met by chance."""
    return {
        "session": visitor.session,
        "slug": "shop",
        "agent": "shop",
        "thread": visitor.thread,
        "visitor_token": visitor.token,
        "ids": [visitor.session],
    }


@pytest.mark.django_db
@pytest.mark.parametrize("caller", ["admin", "owner", "visitor"])
@schema.parametrize()
@settings(
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_it_answers_as_the_document_says(case, request, caller, real):
    program: Program = request.getfixturevalue(caller)
    call(case, program)
    case.path_parameters = {name: real.get(name, value) for name, value in (case.path_parameters or {}).items()}
    if isinstance(case.body, dict):
        case.body = mended(case.body, real)
    call(case, program)


def mended(body: dict[str, Any], real: dict[str, Any]) -> dict[str, Any]:
    """With what there is, and of two things that go together with neither, one."""
    found = {name: real.get(name, value) for name, value in body.items() if name != "filter" or "ids" not in body}
    if isinstance(items := body.get("items"), list):
        found["items"] = [_addressed(item, real) if isinstance(item, dict) else item for item in items]
    return found


def _addressed(item: dict[str, Any], real: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in item.items() if name not in ("agent", "thread", "user")}
    return kept | {"session": real["session"]}


def call(case: Any, program: Program) -> None:
    """Each starts from the same state: what was done is undone."""
    with transaction.atomic():
        case.call_and_validate(headers={"Authorization": f"Bearer {program.token}"}, checks=CHECKS)
        transaction.set_rollback(True)
