"""The one permission function, and its query twin (1-product.md, "Permissions").

Every door asks here, at the moment of the deed: pages, API, sockets, downloads, background work. An object a
principal may not SEE does not exist for it (404); one it sees but may not touch is forbidden (403).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    CREATE_AGENT = "create_agent"
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
    Verb.BACK_OFFICE: frozenset({"admin"}),
}
READING = frozenset({Verb.SEE_AGENT, Verb.SEE_SESSIONS, Verb.SEE_SESSION, Verb.SESSION_DATA})


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever asks. Loaded once per request (or re-check of a socket) and never kept longer.

    `user_id` is the end user a visitor token speaks for; staff have none.
    """

    kind: Literal["account", "visitor", "anonymous"]
    account_id: int | None = None
    name: str = ""
    role: Role | None = None
    owns: frozenset[int] = frozenset()
    translates: Mapping[int, frozenset[str]] = field(default_factory=dict)
    user_id: UUID | None = None
    read_only: bool = False

    @property
    def is_admin(self) -> bool:
        return self.kind == "account" and self.role == Role.ADMIN


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
    if principal.read_only and verb not in READING:
        return False
    if verb is Verb.CREATE_AGENT:
        return principal.role in (Role.ADMIN, Role.OWNER)
    held = MATRIX[verb] & _relations(principal, agent_id, user_id)
    if held == {"translator"} and language is not None and agent_id is not None:
        return language in principal.translates[agent_id]
    return bool(held)


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
    if not allows(replace(principal, read_only=False), see, agent_id=agent_id, user_id=user_id):
        raise NotVisible
    if not allows(principal, verb, agent_id=agent_id, user_id=user_id, language=language):
        raise NotAllowed


def _relations(principal: Principal, agent_id: int | None, user_id: UUID | None) -> frozenset[Relation]:
    return frozenset(_each_relation(principal, agent_id, user_id))


def _each_relation(principal: Principal, agent_id: int | None, user_id: UUID | None) -> Iterable[Relation]:
    if principal.is_admin:
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
    if principal.read_only and verb not in READING:
        return Q(pk__in=())
    holders = MATRIX[verb]
    if principal.is_admin and "admin" in holders:
        return Q()
    ids: set[int] = set()
    if "owner" in holders:
        ids |= principal.owns
    if "translator" in holders:
        ids |= set(principal.translates)
    mine = Q(**{f"{agent}__in": sorted(ids)})
    if user is not None and "self" in holders and principal.user_id is not None:
        mine |= Q(**{user: principal.user_id})
    return mine
