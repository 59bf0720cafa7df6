"""People: see them, invite somebody, give roles, switch accounts off and on; and the members of an agent."""

from typing import Annotated, Any, Self

from ninja import Path, Query, Router, Status
from pydantic import BaseModel, Field, StringConstraints

from portal.accounts.actions import members
from portal.accounts.actions import people as actions
from portal.accounts.actions.people import LONGEST_NAME, NewPerson
from portal.accounts.names import GrantRole, Role
from portal.accounts.queries import people
from portal.accounts.queries.people import Filter, Granted, Person
from portal.accounts.sign_in import recent
from portal.lib import clock
from portal.rest import pagination
from portal.rest.fields import PRINTABLE, Instant
from portal.rest.idempotency import secret_answer
from portal.rest.openapi import answers
from portal.rest.pagination import Paged
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.fields import Body, Language, Slug
from sessions_app.queries import agents

router = Router(tags=["People"])
router.add_decorator(recent.present, mode="operation")
MOST_LANGUAGES = 100

Username = Annotated[str, StringConstraints(min_length=1, max_length=150), PRINTABLE]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME), PRINTABLE]
Email = Annotated[str, StringConstraints(max_length=254), PRINTABLE]
Words = Annotated[str, StringConstraints(max_length=200), PRINTABLE]


class GrantOf(BaseModel):
    """What somebody may do with one agent. `languages` are a translator's."""

    agent: str
    role: GrantRole
    languages: list[str]

    @classmethod
    def of(cls, granted: Granted) -> Self:
        return cls(agent=granted.slug, role=granted.role, languages=list(granted.languages))


class Account(BaseModel):
    """Somebody who signs in. `grants` are those on agents whose members you see; `email` and `second_factor` are for
    admins. `invited` until they have chosen a password; `last_seen_at` is their last sign-in, or the last call of their
    programs."""

    id: int
    username: str
    name: str
    email: str | None
    role: Role
    active: bool
    invited: bool
    second_factor: bool | None
    last_seen_at: Instant | None
    grants: list[GrantOf]

    @classmethod
    def of(cls, seen: Person, **more: Any) -> Self:
        names = ("id", "username", "name", "email", "role", "active", "invited", "second_factor", "last_seen_at")
        grants = [GrantOf.of(granted) for granted in seen.grants]
        return cls(**{name: getattr(seen, name) for name in names}, grants=grants, **more)


class InvitedAccount(Account):
    invitation: str = Field(description="The address under which they choose a password: once, and for three days.")


class AccountList(BaseModel):
    items: list[Account]
    next_cursor: str | None
    server_now: Instant


class PeopleQuery(Paged):
    q: Words | None = Field(default=None, description="Words of the name or user name; for admins of the e-mail too.")
    role: Role | None = None
    agent: Slug | None = Field(default=None, description="Its members only.")
    active: bool | None = None


class Invitation(Body):
    username: Username
    name: Name
    email: Email
    role: Role


class AccountChange(Body):
    """Either of these; the other stays as it is. Who loses a role loses what they own or translate and could not in the
    new one."""

    role: Role = Field(default=Role.USER)
    active: bool = Field(default=True)


class Membership(Body):
    role: GrantRole
    languages: list[Language] = Field(default=[], max_length=MOST_LANGUAGES, description="What a translator edits.")


class OneRole(pagination.Query):
    role: GrantRole | None = Field(default=None, description="Which of the two is taken; both without it.")


# ── accounts ───────────────────────────────────────────────────────────────────────────────────────────────────────
@router.get("/people", summary="List people", **answers(AccountList, "forbidden", "invalid"))
def list_people(request: ApiRequest, query: Query[PeopleQuery]) -> AccountList:
    """By user name: to admins all accounts, to owners the members of their agents."""
    after = pagination.place(query.cursor, lambda name: name if name.isprintable() else None)
    wanted = Filter(q=query.q or "", role=query.role or "", agent=query.agent or "", active=query.active)
    found, more = people.page(request.auth, wanted, limit=query.limit, after=after)
    return AccountList(
        items=[Account.of(seen) for seen in found],
        next_cursor=pagination.cursor(found[-1].username) if more else None,
        server_now=clock.now(),
    )


@router.post("/people", summary="Invite somebody", **answers(InvitedAccount, "forbidden", "invalid", status=201))
@secret_answer
def invite_person(request: ApiRequest, body: Invitation) -> Status[InvitedAccount]:
    """For admins. The account has no password: give its person the address in `invitation`."""
    invited = actions.invite(principal=request.auth, person=NewPerson(**body.model_dump()))
    return _invited(request, invited)


@router.get("/people/{int:id}", summary="Look at somebody", **answers(Account, "not_found"))
def get_person(request: ApiRequest, id: int) -> Account:
    return Account.of(people.one(request.auth, id))


@router.patch("/people/{int:id}", summary="Change somebody", **answers(Account, "forbidden", "not_found", "invalid"))
def change_person(request: ApiRequest, id: int, body: AccountChange) -> Account:
    """For admins. There is always one, and nobody switches off themselves. It holds from the next call on; open pages
    notice within seconds."""
    actions.change(principal=request.auth, id=id, values={name: getattr(body, name) for name in body.model_fields_set})
    return Account.of(people.one(request.auth, id))


@router.post(
    "/people/{int:id}/invitation",
    summary="Invite somebody again",
    **answers(InvitedAccount, "forbidden", "not_found", "invalid", status=201),
)
@secret_answer
def invite_again(request: ApiRequest, id: int) -> Status[InvitedAccount]:
    """Another address for somebody who has not chosen a password yet."""
    return _invited(request, actions.invite_again(principal=request.auth, id=id))


@router.delete(
    "/people/{int:id}/second-factor",
    summary="Remove somebody's second factor",
    **answers(None, "forbidden", "not_found", "invalid", status=204),
)
def remove_second_factor(request: ApiRequest, id: int) -> Status[None]:
    """For admins, when it is lost: apps, passkeys and recovery codes are all gone, and their person gets a letter."""
    actions.remove_second_factor(principal=request.auth, id=id)
    return Status(204, None)


def _invited(request: ApiRequest, invited: actions.Invited) -> Status[InvitedAccount]:
    seen = people.one(request.auth, invited.account.pk)
    return Status(201, InvitedAccount.of(seen, invitation=invited.address))


# ── members of an agent ────────────────────────────────────────────────────────────────────────────────────────────
@router.put(
    "/agents/{slug:slug}/members/{username}",
    summary="Let somebody own or translate an agent",
    **answers(Account, "forbidden", "not_found", "invalid"),
)
def put_member(request: ApiRequest, slug: str, username: Path[Username], body: Membership) -> Account:
    """A translator's languages take the place of those they had. Owners give what they have; roles are given by
    admins."""
    agent = agents.named(request.auth, slug)
    given = members.grant(
        principal=request.auth,
        agent_id=agent.pk,
        username=username,
        role=body.role,
        languages=body.languages,
    )
    return Account.of(people.one(request.auth, given.account_id))


@router.delete(
    "/agents/{slug:slug}/members/{username}",
    summary="Take an agent from somebody",
    **answers(None, "forbidden", "not_found", "invalid", status=204),
)
def remove_member(request: ApiRequest, slug: str, username: Path[Username], query: Query[OneRole]) -> Status[None]:
    """An agent keeps at least one owner."""
    agent = agents.named(request.auth, slug)
    members.ungrant(principal=request.auth, agent_id=agent.pk, username=username, role=query.role)
    return Status(204, None)
