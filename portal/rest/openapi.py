"""How operations refuse, in the OpenAPI document."""

from typing import Any

from pydantic import BaseModel, Field

from portal.rest.problems import CODES, MEDIA_TYPE


class ProblemDocument(BaseModel):
    """What every error looks like."""

    type: str = Field(description="Names the kind of problem: `urn:portal:problem:` and the code.")
    title: str
    status: int
    detail: str = Field(description="What happened this time, as a sentence.")
    code: str = Field(description="Stable, for programs.")
    errors: dict[str, list[str]] = Field(default={}, description="Sentences per field; absent where no field is meant.")


def answers(model: Any, *codes: str, status: int = 200, **others: Any) -> dict[str, Any]:
    """Keywords of an operation: what it answers with (`others` are `status_201=…`), and with which codes it refuses."""
    given = {status: model, **{int(name.removeprefix("status_")): other for name, other in others.items()}}
    by_status: dict[int, list[str]] = {}
    for code in ("unauthenticated", *codes, "unavailable"):
        by_status.setdefault(CODES[code][0], []).append(f"`{code}`")
    words = {status: {"description": " · ".join(found)} for status, found in sorted(by_status.items())}
    return {
        "response": given | dict.fromkeys(words, ProblemDocument),
        "openapi_extra": {"responses": words},
    }


def documented(openapi: dict[str, Any]) -> dict[str, Any]:
    """The OpenAPI document as JSON has it, with problems under their own media type."""
    for operations in openapi["paths"].values():
        for operation in operations.values():
            operation["responses"] = {str(status): response for status, response in operation["responses"].items()}
            for response in operation["responses"].values():
                content = response.get("content", {})
                if "ProblemDocument" in str(content):
                    content[MEDIA_TYPE] = content.pop("application/json")
    return openapi
