"""What session data looks like (3-api.md, "Session data"). The names within `internal` are those that bots know."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from portal.rest.fields import STORABLE, Instant
from sessions_app.api.schemas.fields import Version

Path = Annotated[str, StringConstraints(min_length=1, max_length=1000), STORABLE]
Reveal = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE]


class Scored(BaseModel):
    """A guess and how sure it is, 0 to 1."""

    name: str | None
    score: float | None


class Dialogstate(BaseModel):
    """A dialog of the bot, or a block of one."""

    id: str
    name: str
    type: str


class Nlp(BaseModel):
    """What the bot made of the latest expression; all null before there is one."""

    expression: str | None
    intent: Scored | None
    entities: list[Any] | None
    intents: list[Scored] | None
    sentiment: Scored | None


class SessionUser(BaseModel):
    """Whose session it is. `firstName` is “Guest” where nobody has said who it is."""

    id: str
    firstName: str
    lastName: str | None
    name: str | None
    email: str | None
    identified: bool
    returning: bool
    attributes: dict[str, Any]


class Internal(BaseModel):
    """Read-only, at most 64 kB in all: what is longer is cut."""

    botId: str
    sessionId: str
    version: Version
    channel: str
    user: SessionUser
    preferredLanguage: str
    locale: str
    nlp: Nlp
    currentDialogstate: Dialogstate | None
    previousDialogstate: Dialogstate | None
    messageContent: str | None
    messageType: Literal["intro", "postback", "text", "upload"] | None


class SessionData(BaseModel):
    """The whole document: `internal`, and beside it every variable by its name."""

    model_config = ConfigDict(extra="allow")

    internal: Internal


class Sizes(BaseModel):
    """`data_bytes` is what the variables take now, as one object of compact UTF-8 JSON."""

    data_bytes: int
    server_now: Instant


class DataQuery(BaseModel):
    path: Path | None = Field(
        default=None, description="Answer with what is there instead, as `internal.user.firstName` or `basket.lines.0`."
    )
    reveal: list[Reveal] = Field(
        default_factory=list, description="A sensitive variable to show as it is; `*` for all. The audit log notes it."
    )
