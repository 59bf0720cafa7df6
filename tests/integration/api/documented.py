"""Which codes the OpenAPI document says an operation refuses with."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from portal import api


def each() -> Iterator[tuple[str, str, str]]:
    """Operation, status, code."""
    for path, operations in api.document()["paths"].items():
        for method, operation in operations.items():
            for status, response in operation["responses"].items():
                for code in re.findall(r"`(\w+)`", response["description"]):
                    yield f"{method.upper()} {path}", status, code


def codes(response: Any) -> set[str]:
    """Those of the operation that has answered."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"/{response.resolver_match.route}")
    return _codes(f"{response.request['REQUEST_METHOD']} {path}")


@lru_cache
def _codes(asked: str) -> set[str]:
    found = {code for operation, _, code in each() if operation == asked}
    assert found, f"{asked} is not in the document"
    return found
