"""The OpenAPI document is a promise to others: a change of it is a change that somebody has looked at."""

import re

import pytest

from portal import api
from tests.integration.api.conftest import Program
from tools import openapi


def test_the_committed_document_is_the_one_that_is_served():
    assert openapi.FILE.read_text() == openapi.text(api.document()), "run `make openapi` and look at the difference"


@pytest.mark.django_db
def test_it_is_served_to_everybody(nobody: Program):
    response = nobody.get("/openapi.json")
    assert (response.status_code, response.body) == (200, api.document())


def test_every_operation_says_who_may_call_it_and_how_it_refuses():
    for path, methods in api.document()["paths"].items():
        for operation in methods.values():
            assert ("security" in operation) != path.startswith("/api/v1/chat/"), path
            refusals = {status for status in operation["responses"] if status >= "400"}
            assert {"401", "503"} <= refusals, path
            for status in refusals:
                assert list(operation["responses"][status]["content"]) == ["application/problem+json"]


def test_operations_have_names_that_clients_can_be_made_of():
    names = [operation["operationId"] for methods in api.document()["paths"].values() for operation in methods.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]+", name) for name in names)


def test_the_documentation_page_shows_every_operation(client, db):
    page = client.get("/api/docs").content.decode()
    for path, methods in api.document()["paths"].items():
        assert f"<code>{path}</code>" in page
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    assert all(f'id="{anchor}"' in page for anchor in re.findall(r'href="#([^"]+)"', page)), (
        "every link leads somewhere"
    )
