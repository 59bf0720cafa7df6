"""Accounts and what they were granted, for whoever may see them: admins all, owners the members of their agents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Greatest

from portal.accounts.models import Account, Grant, Token
from portal.accounts.names import GrantRole, Role
from portal.accounts.permissions import NotAllowed, NotVisible, Principal, Verb, agents_q, allows
from portal.accounts.queries import second_factor


@dataclass(frozen=True, slots=True)
class Granted:
    agent_id: int
    slug: str
    agent: str
    role: GrantRole
    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """An account as whoever asks sees it: `grants` are those on agents whose members they see; `email`, and whether
    there is a `second_factor`, are for admins. `invited` until they have chosen a password; `last_seen_at` is their
    last sign-in, or their programs' last call."""

    id: int
    username: str
    name: str
    email: str | None
    role: Role
    active: bool
    invited: bool
    second_factor: bool | None
    last_seen_at: datetime | None
    grants: tuple[Granted, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for. Empty means: not filtered by."""

    q: str = ""
    role: str = ""
    agent: str = ""
    active: bool | None = None


def demand_any(principal: Principal) -> None:
    """Return for whoever sees people at all, even where there are none yet. Raises NotAllowed."""
    mine = (*principal.owns, *(principal.agents or ()))
    if allows(principal, Verb.SEE_PEOPLE) or allows(principal, Verb.CREATE_AGENT):
        return
    if not any(allows(principal, Verb.SEE_MEMBERS, agent_id=agent) for agent in mine):
        raise NotAllowed


def page(principal: Principal, wanted: Filter, *, limit: int, after: str | None = None) -> tuple[list[Person], bool]:
    """By user name, those after `after`; and whether there are more. Two queries. Raises NotAllowed."""
    demand_any(principal)
    found = _matching(principal, wanted)
    rows = list((found if after is None else found.filter(username__gt=after))[: limit + 1])
    return _people(principal, rows[:limit]), len(rows) > limit


def one(principal: Principal, id: int) -> Person:
    """Raises NotVisible."""
    found = list(_shown(visible(principal).filter(pk=id)))
    if not found:
        raise NotVisible
    return _people(principal, found)[0]


def visible(principal: Principal) -> QuerySet[Account]:
    """The accounts that there are for this principal."""
    if allows(principal, Verb.SEE_PEOPLE):
        return Account.objects.all()
    members = Grant.objects.filter(agents_q(principal, Verb.SEE_MEMBERS, agent="agent_id"))
    return Account.objects.filter(pk__in=members.values("account_id"))


def _matching(principal: Principal, wanted: Filter) -> QuerySet[Account]:
    found = visible(principal)
    if wanted.q:
        names = ("username", "first_name", "last_name", *(("email",) if allows(principal, Verb.SEE_PEOPLE) else ()))
        found = found.filter(_any_has(names, wanted.q))
    if wanted.role:
        found = found.filter(role=wanted.role)
    if wanted.active is not None:
        found = found.filter(is_active=wanted.active)
    if wanted.agent:
        members = Grant.objects.filter(
            agents_q(principal, Verb.SEE_MEMBERS, agent="agent_id"), agent__slug=wanted.agent
        )
        found = found.filter(pk__in=members.values("account_id"))
    return _shown(found.order_by("username"))


def _any_has(names: Sequence[str], words: str) -> Q:
    """Every word in one of the names."""
    found = Q()
    for word in words.split():
        one = Q()
        for name in names:
            one |= Q(**{f"{name}__icontains": word})
        found &= one
    return found


def _shown(accounts: QuerySet[Account]) -> QuerySet[Account]:
    mine = Token.objects.filter(account=OuterRef("pk")).order_by().values("account")
    called = Subquery(mine.annotate(at=Max("last_used_at")).values("at"))
    return accounts.annotate(
        last_seen_at=Greatest(F("last_login"), called),
        second_factor=Exists(second_factor.of(OuterRef("pk"))),
    )


def _people(principal: Principal, accounts: Sequence[Account]) -> list[Person]:
    grants = _grants(principal, accounts)
    sees_all = allows(principal, Verb.SEE_PEOPLE)
    return [
        Person(
            id=account.pk,
            username=account.username,
            name=account.name,
            email=account.email if sees_all else None,
            role=Role(account.role),
            active=account.is_active,
            invited=account.last_login is None and account.password.startswith(UNUSABLE_PASSWORD_PREFIX),
            second_factor=account.second_factor if sees_all else None,  # type: ignore[attr-defined]  # annotated
            last_seen_at=account.last_seen_at,  # type: ignore[attr-defined]  # annotated
            grants=tuple(grants.get(account.pk, ())),
        )
        for account in accounts
    ]


def _grants(principal: Principal, accounts: Sequence[Account]) -> Mapping[int, list[Granted]]:
    found = Grant.objects.filter(agents_q(principal, Verb.SEE_MEMBERS, agent="agent_id"), account__in=accounts)
    rows = found.order_by("agent__name", "agent", "role").values_list(
        "account_id", "agent_id", "agent__slug", "agent__name", "role", "languages"
    )
    grants: dict[int, list[Granted]] = {}
    for account, agent, slug, name, role, languages in rows:
        grants.setdefault(account, []).append(Granted(agent, slug, name, GrantRole(role), tuple(languages)))
    return grants
