"""Pages of lists: `?limit=` and `?cursor=`, the answer has `items` and `next_cursor` (3-api.md)."""

import base64
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, Field, StringConstraints, ValidationInfo, model_validator

from portal.rest.fields import STORABLE
from portal.rest.problems import Problem

T = TypeVar("T")
MOST = 500
USUAL = 100


class Query(BaseModel):
    """Parameters of an address. An empty one is one not given; an unknown one is refused: a filter with a typing
    mistake in its name would show, or end, everything."""

    @model_validator(mode="before")
    @classmethod
    def _only_known(cls, values: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
        asked = info.context["request"].GET if info.context else values
        known = {field.alias or name for name, field in cls.model_fields.items()}
        if unknown := [name for name in asked if name not in known]:
            raise ValueError(f"There is no parameter “{unknown[0][:40]}” here.")
        return {name: value for name, value in values.items() if value != ""}


class Paged(Query):
    """Parameters of a list."""

    limit: int = Field(default=USUAL, ge=1, le=MOST)
    cursor: Annotated[str, StringConstraints(max_length=500), STORABLE] | None = Field(
        default=None, description="`next_cursor` of the page before."
    )


def cursor(place: object) -> str:
    """Where the next page begins, as a text opaque to callers."""
    return base64.urlsafe_b64encode(str(place).encode()).decode().rstrip("=")


def place(cursor: str | None, read: Callable[[str], T | None]) -> T | None:
    """What `cursor` was made of, None for the first page. `read` gives None, or raises ValueError, for what is none.
    Raises Problem for a cursor that no list has given."""
    if cursor is None:
        return None
    try:
        found = read(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True).decode())
    except ValueError:  # of base64 and UTF-8 as well
        found = None
    if found is None:
        sentence = "This cursor is not one that this list has given."
        raise Problem("invalid", f"cursor: {sentence}", errors={"cursor": [sentence]})
    return found
