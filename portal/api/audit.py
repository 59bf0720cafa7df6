"""The audit log: who did what, to what, and why."""

from typing import Annotated, Any

from ninja import Query, Router
from pydantic import BaseModel, Field, StringConstraints

from portal.accounts.queries import audit
from portal.audit.queries import Filter, Place, Shown
from portal.lib import clock
from portal.rest import pagination
from portal.rest.fields import PRINTABLE, Instant, SentInstant
from portal.rest.openapi import answers
from portal.rest.pagination import Paged
from sessions_app.api.caller import ApiRequest

router = Router(tags=["Audit log"])
Word = Annotated[str, StringConstraints(max_length=200), PRINTABLE]
AS_THEY_ARE = ("id", "at", "verb", "subject", "reason", "before", "after", "request_id")


class AuditQuery(Paged):
    person: Word | None = Field(default=None, description="A user name.")
    verb: Word | None = Field(default=None, description="What was done, as `session.end`.")
    agent: Word | None = Field(default=None, description="The slug the agent had then.")
    since: SentInstant | None = Field(default=None, alias="from", description="This instant included.")
    until: SentInstant | None = Field(default=None, alias="to", description="This instant not included.")
    q: Word | None = Field(default=None, description="How words of the subject begin.")

    @property
    def filter(self) -> Filter:
        words = {name: getattr(self, name) or "" for name in ("person", "verb", "agent", "q")}
        return Filter(**words, since=self.since, until=self.until)


class Person(BaseModel):
    """The name is null where the account is gone."""

    id: int
    username: str | None


class AuditEntry(BaseModel):
    """One deed. `before` and `after` are what it changed, as far as it did; `erased` names what stood here and was
    erased with the person it was about."""

    id: int
    at: Instant
    person: Person | None
    verb: str
    agent: str | None
    subject: str
    before: Any
    after: Any
    reason: str
    address: str | None
    request_id: str
    erased: list[str]

    @classmethod
    def of(cls, shown: Shown) -> "AuditEntry":
        person = shown.account_id and Person(id=shown.account_id, username=shown.username or None)
        return cls(
            **{name: getattr(shown, name) for name in AS_THEY_ARE},
            person=person or None,
            agent=shown.agent_slug or None,
            address=shown.address or None,
            erased=list(shown.erased),
        )


class AuditList(BaseModel):
    items: list[AuditEntry]
    next_cursor: str | None
    server_now: Instant


@router.get("/audit", summary="List what was done", **answers(AuditList, "forbidden", "invalid"))
def list_audit(request: ApiRequest, query: Query[AuditQuery]) -> AuditList:
    """Newest first: all for admins, of their agents for owners, their own edits for translators."""
    after = pagination.place(query.cursor, Place.parse)
    items, until = audit.page(request.auth, query.filter, limit=query.limit, after=after)
    return AuditList(
        items=[AuditEntry.of(shown) for shown in items],
        next_cursor=pagination.cursor(until) if until else None,
        server_now=clock.now(),
    )
