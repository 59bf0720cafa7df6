"""What `POST /interactions` takes and answers."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, model_validator

from portal.rest.fields import Instant, SentInstant
from sessions_app.actions.interactions import MOST
from sessions_app.api.schemas.fields import Body, SiteUserId, Slug
from sessions_app.api.schemas.messages import Say
from sessions_app.api.schemas.sessions import SessionId

OLDEST = datetime(1970, 1, 1, tzinfo=UTC)


def _readable(at: datetime) -> datetime:
    """In UTC the first instants of the calendar are before the year 1: stored, they could not be read again."""
    if at < OLDEST:
        raise ValueError("Nothing was said before 1970.")
    return at


class Interaction(Say):
    """A message, and where it goes: to a `session`; or with `agent` to a `thread`, or to the latest thread of a `user`,
    which begins with it where there is none."""

    session: SessionId | None = None
    agent: Slug | None = None
    thread: UUID | None = None
    user: SiteUserId | None = None
    at: Annotated[SentInstant, AfterValidator(_readable)] | None = Field(
        default=None, description="When it was said, for imports: dates the message, never a deadline."
    )

    @model_validator(mode="after")
    def _addressed(self) -> Self:
        if self.session is not None:
            fits = self.agent is None and self.thread is None and self.user is None
        else:
            fits = self.agent is not None and (self.thread is None) != (self.user is None)
        if not fits:
            raise ValueError("Send a session, or an agent with a thread or a user.")
        return self


class Interactions(Body):
    items: list[Interaction] = Field(min_length=1, max_length=MOST)


class Recorded(BaseModel):
    """What became of one item. Of a refused one `code` says why, and nothing of it was kept."""

    result: Literal["ok", "already", "refused"]
    message: UUID | None = None
    seq: int | None = None
    thread: UUID | None = None
    session: str | None = None
    previous_session: str | None = None
    code: str | None = None
    detail: str | None = None


class InteractionsAnswer(BaseModel):
    items: list[Recorded]
    server_now: Instant
