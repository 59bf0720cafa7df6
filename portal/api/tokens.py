"""Tokens: list one's own, make, change and revoke them."""

from collections.abc import Mapping
from typing import Annotated, Any

from ninja import Query, Router, Status
from pydantic import BaseModel, Field, StringConstraints

from portal.accounts.actions import tokens as actions
from portal.accounts.actions.refusals import Refused
from portal.accounts.actions.tokens import LONGEST_NAME, Settings
from portal.accounts.names import Scope
from portal.accounts.queries import tokens
from portal.accounts.queries.tokens import Listed
from portal.accounts.sign_in import recent
from portal.lib import clock
from portal.rest import pagination
from portal.rest.errors import Translate
from portal.rest.fields import PRINTABLE, Instant, SentInstant
from portal.rest.idempotency import secret_answer
from portal.rest.openapi import answers
from portal.rest.pagination import Paged
from portal.rest.problems import Problem
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.fields import Body, Slug

router = Router(tags=["Tokens"])
router.add_decorator(recent.present, mode="operation")
MOST_AGENTS = 1000

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME), PRINTABLE]
Agents = Annotated[list[Slug], Field(min_length=1, max_length=MOST_AGENTS)]


class Token(BaseModel):
    """A token without its secret. `agents` is null for all that its account sees, now and later; of those it is bound
    to, the list has the ones its account sees at the moment. `last_used_at` is to the minute."""

    id: int
    name: str
    scope: Scope
    read_only: bool
    agents: list[str] | None
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None

    @classmethod
    def fields_of(cls, listed: Listed) -> dict[str, Any]:
        names = ("id", "name", "scope", "read_only", "created_at", "expires_at", "last_used_at")
        slugs = None if listed.agents is None else [agent.slug for agent in listed.agents]
        return {name: getattr(listed, name) for name in names} | {"agents": slugs}


class MadeToken(Token):
    token: str = Field(description="The secret: shown this once, kept as a digest.")


class TokenList(BaseModel):
    items: list[Token]
    next_cursor: str | None
    server_now: Instant


class TokenFields(Body):
    scope: Scope = Field(
        default=Scope.ACCOUNT,
        description="`account` does what the account may do; `backend` starts sessions, writes messages as any side, "
        "reads and writes session data, and does nothing else.",
    )
    read_only: bool = Field(default=False, description="It changes nothing.")
    agents: Agents | None = Field(default=None, description="The only agents there are for it; null for all.")

    @property
    def values(self) -> dict[str, Any]:
        """Fields of Settings, as far as they were sent."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        if given.get("agents") is not None:
            given["agents"] = tuple(dict.fromkeys(given["agents"]))
        return given


class NewToken(TokenFields):
    name: Name
    expires_at: SentInstant | None = Field(description="Null if it is to count until it is revoked.")


class TokenChange(TokenFields):
    """Any of these; the others stay as they are."""

    name: Name = Field(default="")
    expires_at: SentInstant | None = None


@router.get("/tokens", summary="List your tokens", **answers(TokenList, "forbidden", "invalid"))
def list_tokens(request: ApiRequest, query: Query[Paged]) -> TokenList:
    """The newest first, those that have expired as well. A token that is bound to agents, or is a back end's, sees
    none."""
    found, more = tokens.page(request.auth, limit=query.limit, before=pagination.place(query.cursor, int))
    return TokenList(
        items=[Token(**Token.fields_of(listed)) for listed in found],
        next_cursor=pagination.cursor(found[-1].id) if more else None,
        server_now=clock.now(),
    )


@router.post("/tokens", summary="Make a token", **answers(MadeToken, "forbidden", "invalid", status=201))
@secret_answer
def make_token(request: ApiRequest, body: NewToken) -> Status[MadeToken]:
    """For the account you call with. Called with a token that expires, it makes none that lasts longer."""
    made = actions.make(principal=request.auth, settings=Settings(**body.values))
    listed = tokens.one(request.auth, made.token.pk)
    return Status(201, MadeToken(**Token.fields_of(listed), token=made.secret))


@router.patch("/tokens/{int:id}", summary="Change a token", **answers(Token, "forbidden", "not_found", "invalid"))
def change_token(request: ApiRequest, id: int, body: TokenChange) -> Token:
    """Its secret stays. What changes holds from the next call on."""
    actions.change(principal=request.auth, id=id, values=body.values)
    return Token(**Token.fields_of(tokens.one(request.auth, id)))


@router.delete("/tokens/{int:id}", summary="Revoke a token", **answers(None, "forbidden", "not_found", status=204))
def revoke_token(request: ApiRequest, id: int) -> Status[None]:
    """From the next call on nobody comes in with it; also not you, if it is the one you call with."""
    actions.revoke(principal=request.auth, id=id)
    return Status(204, None)


PROBLEMS: Mapping[type[Exception], Translate] = {
    Refused: lambda refused: Problem("invalid", str(refused), errors=refused.errors)
}
