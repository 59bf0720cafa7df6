"""The fields that are sent, with their limits (3-api.md, "Errors": limits)."""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from portal.agents.core import identity
from portal.rest.fields import PRINTABLE, STORABLE
from sessions_app.core import limits


def _of_some_size(value: dict[str, Any]) -> dict[str, Any]:
    size = len(json.dumps(value, ensure_ascii=False))
    if size > limits.LARGEST_PAYLOAD:
        raise ValueError(f"At most {limits.LARGEST_PAYLOAD:,} characters of JSON; this has {size:,}.")
    return value


def _of_a_site(value: str) -> str:
    if identity.is_reserved(value):
        raise ValueError(identity.RESERVED)
    return value


Slug = Annotated[str, StringConstraints(min_length=1, max_length=63), PRINTABLE]
UserId = Annotated[str, StringConstraints(min_length=1, max_length=limits.LONGEST_USER_ID), PRINTABLE]
SiteUserId = Annotated[UserId, AfterValidator(_of_a_site)]  # with which a program says who somebody is
Name = Annotated[str, StringConstraints(max_length=200), PRINTABLE]
Email = Annotated[str, StringConstraints(max_length=254), PRINTABLE]
Language = Annotated[str, StringConstraints(min_length=1, max_length=35), PRINTABLE]
Channel = Annotated[str, StringConstraints(min_length=1, max_length=40), PRINTABLE]
EventName = Annotated[str, StringConstraints(min_length=1, max_length=limits.LONGEST_EVENT), PRINTABLE]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=limits.LONGEST_CLIENT_ID), PRINTABLE]
Text = Annotated[str, StringConstraints(max_length=limits.LONGEST_TEXT), STORABLE]
Reason = Annotated[str, StringConstraints(max_length=limits.LONGEST_REASON), STORABLE]
Payload = Annotated[dict[str, Any], AfterValidator(_of_some_size)]
Version = Literal["LIVE", "DRAFT"]


class Body(BaseModel):
    """What is sent. A field that does not exist is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")
