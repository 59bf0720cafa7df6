"""The one permission function, and its query twin (1-product.md, "Permissions").

Every door asks here, at the moment of the deed: pages, API, sockets, downloads, background work. An object a
principal may not SEE does not exist for it (404); one it sees but may not touch is forbidden (403).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from django.db.models import Q

from portal.accounts.models import Account, Grant
from portal.accounts.names import GrantRole, Role
from portal.lib.prepared import Prepared, among


class Verb(StrEnum):
    SEE_AGENT = "see_agent"  # its name and languages
    SEE_SESSIONS = "see_sessions"  # the metadata of an agent's sessions
    SEE_SESSION = "see_session"  # one session with its transcript
    CONTROL_SESSION = "control_session"  # end, pause, resume, extend, transfer, cancel a transfer
    TAKE_OVER = "take_over"  # talk instead of the bot, hand back
    OVERRIDE_MODEL = "override_model"  # for one session, where its policy lets
    EMULATE = "emulate"  # sessions of the emulator, and their time
    SESSION_DATA = "session_data"  # read it
    EDIT_SESSION_DATA = "edit_session_data"
    START_FOR_USER = "start_for_user"  # start for somebody, write as bot or human
    CHAT = "chat"  # start and write as oneself, clear one's view
    EDIT_AGENT = "edit_agent"  # policy, settings
    EDIT_MESSAGES = "edit_messages"  # in one language
    SEE_MEMBERS = "see_members"  # who owns an agent, who translates it
    EDIT_MEMBERS = "edit_members"
    CREATE_AGENT = "create_agent"
    SEE_TOKENS = "see_tokens"  # one's own
    EDIT_TOKENS = "edit_tokens"
    SEE_PEOPLE = "see_people"  # every account
    EDIT_PEOPLE = "edit_people"  # invite, give roles, switch off and on
    OPEN_AUDIT = "open_audit"  # the audit log, whatever of it is theirs
    SEE_AUDIT = "see_audit"  # all that was done to an agent
    SEE_OWN_EDITS = "see_own_edits"  # what they did to it themselves
    VERIFY_AUDIT = "verify_audit"
    BACK_OFFICE = "back_office"  # the stock admin


# Who holds a verb by standing in this relation to the object. `translator` is further bound to the granted languages.
Relation = Literal["admin", "owner", "translator", "self"]
MATRIX: Mapping[Verb, frozenset[Relation]] = {
    Verb.SEE_AGENT: frozenset({"admin", "owner", "translator"}),
    Verb.SEE_SESSIONS: frozenset({"admin", "owner"}),
    Verb.SEE_SESSION: frozenset({"admin", "owner", "self"}),
    Verb.CONTROL_SESSION: frozenset({"admin", "owner", "self"}),
    Verb.TAKE_OVER: frozenset({"admin", "owner"}),
    Verb.OVERRIDE_MODEL: frozenset({"admin"}),
    Verb.EMULATE: frozenset({"admin", "owner"}),
    Verb.SESSION_DATA: frozenset({"admin", "owner"}),
    Verb.EDIT_SESSION_DATA: frozenset({"admin", "owner"}),
    Verb.START_FOR_USER: frozenset({"admin", "owner"}),
    Verb.CHAT: frozenset({"self"}),
    Verb.EDIT_AGENT: frozenset({"admin", "owner"}),
    Verb.EDIT_MESSAGES: frozenset({"admin", "owner", "translator"}),
    Verb.SEE_MEMBERS: frozenset({"admin", "owner"}),
    Verb.EDIT_MEMBERS: frozenset({"admin", "owner"}),
    Verb.SEE_AUDIT: frozenset({"admin", "owner"}),
    Verb.SEE_OWN_EDITS: frozenset({"admin", "owner", "translator"}),
}
# Verbs that are done to no agent in particular: the roles that hold them. Who is bound to some agents holds none.
OF_ROLES: Mapping[Verb, frozenset[Role]] = {
    Verb.CREATE_AGENT: frozenset({Role.ADMIN, Role.OWNER}),
    Verb.SEE_TOKENS: frozenset(Role),
    Verb.EDIT_TOKENS: frozenset(Role),
    Verb.SEE_PEOPLE: frozenset({Role.ADMIN}),
    Verb.EDIT_PEOPLE: frozenset({Role.ADMIN}),
    Verb.OPEN_AUDIT: frozenset({Role.ADMIN, Role.OWNER, Role.TRANSLATOR}),
    Verb.VERIFY_AUDIT: frozenset({Role.ADMIN}),
    Verb.BACK_OFFICE: frozenset({Role.ADMIN}),
}
READING = frozenset(
    {
        *(Verb.SEE_AGENT, Verb.SEE_SESSIONS, Verb.SEE_SESSION, Verb.SESSION_DATA),
        *(Verb.SEE_MEMBERS, Verb.SEE_TOKENS, Verb.SEE_PEOPLE),
        *(Verb.OPEN_AUDIT, Verb.SEE_AUDIT, Verb.SEE_OWN_EDITS),
    }
)
# What a bot back end needs for its agents: start, messages as any side, data (3-api.md, "Who is calling").
BACKEND = frozenset({Verb.SEE_AGENT, Verb.SEE_SESSION, Verb.START_FOR_USER, Verb.SESSION_DATA, Verb.EDIT_SESSION_DATA})


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks. Loaded once per request (or re-check of a socket) and never kept longer.

    `user_id` is the end user a visitor token speaks for; staff have none. The last five are those of a token, which may
    do less than its account: `agents` are the only ones there are for it, `until` is when it expires.
    """

    kind: Literal["account", "visitor", "anonymous"]
    account_id: int | None = None
    name: str = ""
    role: Role | None = None
    owns: frozenset[int] = frozenset()
    translates: Mapping[int, frozenset[str]] = field(default_factory=dict)
    user_id: UUID | None = None
    read_only: bool = False
    backend: bool = False
    agents: frozenset[int] | None = None
    token_id: int | None = None
    until: datetime | None = None

    @property
    def is_admin(self) -> bool:
        """Of everything: a token that is bound to some agents, or to what a back end needs, makes nobody an admin."""
        return self.role == Role.ADMIN and self.agents is None and not self.backend


ANONYMOUS = Principal(kind="anonymous")


class NotVisible(Exception):
    """The object does not exist for this principal: 404."""


class NotAllowed(Exception):
    """The principal sees the object and may not do this to it: 403."""


_GRANTS = Prepared(
    lambda: Grant.objects.filter(among("account_id", "accounts")).values_list(
        "account_id", "agent_id", "role", "languages"
    )
)


def principal_of(account: Account, *, read_only: bool = False) -> Principal:
    """The principal of an active account, with its grants (one query). An inactive one is nobody."""
    (found,) = principals_of([account])
    return replace(found, read_only=read_only) if read_only else found


def principals_of(accounts: Sequence[Account]) -> list[Principal]:
    """The same of several, in one query."""
    grants: dict[int, list[tuple[int, str, list[str]]]] = {}
    for account, *grant in _GRANTS.rows(accounts=[account.pk for account in accounts]):
        grants.setdefault(account, []).append(tuple(grant))
    return [_principal(account, grants.get(account.pk, ())) for account in accounts]


def _principal(account: Account, grants: Sequence[tuple[int, str, list[str]]]) -> Principal:
    if not account.is_active:
        return ANONYMOUS
    return Principal(
        kind="account",
        account_id=account.pk,
        name=account.name,
        role=Role(account.role),
        owns=frozenset(agent for agent, role, _ in grants if role == GrantRole.OWNER),
        translates={agent: frozenset(tags) for agent, role, tags in grants if role == GrantRole.TRANSLATOR},
    )


def bound(principal: Principal, agents: Iterable[int]) -> Principal:
    """The same, for whom there are no other agents than these."""
    only = frozenset(agents)
    translates = {agent: languages for agent, languages in principal.translates.items() if agent in only}
    return replace(principal, agents=only, owns=principal.owns & only, translates=translates)


def visitor(user_id: UUID) -> Principal:
    """The principal of a chat's end user."""
    return Principal(kind="visitor", user_id=user_id)


def allows(
    principal: Principal,
    verb: Verb,
    *,
    agent_id: int | None = None,
    user_id: UUID | None = None,
    language: str | None = None,
) -> bool:
    """May this principal do this verb to this agent, or to this user's session with it?"""
    if not _is_for(principal, verb) or (principal.agents is not None and agent_id not in principal.agents):
        return False
    if verb in OF_ROLES:
        return principal.agents is None and principal.role in OF_ROLES[verb]
    held = MATRIX[verb] & _relations(principal, agent_id, user_id)
    if held == {"translator"} and language is not None and agent_id is not None:
        return language in principal.translates[agent_id]
    return bool(held)


def _is_for(principal: Principal, verb: Verb) -> bool:
    """Whether what it came with is for such a verb at all."""
    return (not principal.read_only or verb in READING) and (not principal.backend or verb in BACKEND)


def demand(
    principal: Principal,
    verb: Verb,
    *,
    see: Verb,
    agent_id: int | None = None,
    user_id: UUID | None = None,
    language: str | None = None,
) -> None:
    """Return if `allows`; raise NotVisible where not even `see` is allowed, else NotAllowed."""
    if not allows(_unlimited(principal), see, agent_id=agent_id, user_id=user_id):
        raise NotVisible
    if not allows(principal, verb, agent_id=agent_id, user_id=user_id, language=language):
        raise NotAllowed


def _unlimited(principal: Principal) -> Principal:
    """What a token is not made for is there all the same: refused, not hidden."""
    if principal.read_only or principal.backend:
        return replace(principal, read_only=False, backend=False)
    return principal


def _relations(principal: Principal, agent_id: int | None, user_id: UUID | None) -> frozenset[Relation]:
    return frozenset(_each_relation(principal, agent_id, user_id))


def _each_relation(principal: Principal, agent_id: int | None, user_id: UUID | None) -> Iterable[Relation]:
    if principal.role == Role.ADMIN:
        yield "admin"
    if agent_id in principal.owns:
        yield "owner"
    if agent_id in principal.translates:
        yield "translator"
    if user_id is not None and user_id == principal.user_id:
        yield "self"


def agents_q(principal: Principal, verb: Verb, *, agent: str = "pk", user: str | None = None) -> Q:
    """The query twin of `allows`: rows whose agent (field `agent`) or user (field `user`) lets this principal do
    this verb. `agents_q(p, v)` filters agents, `agents_q(p, v, agent="agent_id", user="user_id")` sessions."""
    if not _is_for(principal, verb):
        return Q(pk__in=())
    holders = MATRIX[verb]
    if principal.role == Role.ADMIN and "admin" in holders:
        return Q() if principal.agents is None else Q(**{f"{agent}__in": sorted(principal.agents)})
    ids: set[int] = set()
    if "owner" in holders:
        ids |= principal.owns
    if "translator" in holders:
        ids |= set(principal.translates)
    mine = Q(**{f"{agent}__in": sorted(ids)})
    if user is not None and "self" in holders and principal.user_id is not None:
        mine |= Q(**{user: principal.user_id})
    return mine
