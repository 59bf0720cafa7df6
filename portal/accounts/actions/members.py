"""Who owns an agent, and who translates it into which languages: given and taken by its owners, and by admins."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.db import transaction

from portal.accounts.actions.refusals import Refused
from portal.accounts.models import Account, Grant
from portal.accounts.names import GrantRole, Role
from portal.accounts.permissions import NotVisible, Principal, Verb, demand
from portal.accounts.queries import agents
from portal.audit import actions as audit

# Who may hold a grant: an end user enters no page on which it would be of use.
HOLDERS = {
    GrantRole.OWNER: frozenset({Role.ADMIN, Role.OWNER}),
    GrantRole.TRANSLATOR: frozenset({Role.ADMIN, Role.OWNER, Role.TRANSLATOR}),
}


@transaction.atomic
def grant(
    *, principal: Principal, agent_id: int, username: str, role: GrantRole, languages: Iterable[str] = ()
) -> Grant:
    """Let somebody own an agent, or translate it into these languages, in place of those they had.
    Raises NotVisible, NotAllowed, Refused."""
    demand(principal, Verb.EDIT_MEMBERS, see=Verb.SEE_AGENT, agent_id=agent_id)
    account = _holder(username, role)
    spoken = _checked(agent_id, languages) if role == GrantRole.TRANSLATOR else []
    _lock([agent_id])
    before = Grant.objects.filter(account=account, agent_id=agent_id, role=role).first()
    if before is not None and before.languages == spoken:
        return before
    given, _ = Grant.objects.update_or_create(
        account=account, agent_id=agent_id, role=role, defaults={"languages": spoken}
    )
    _record("grant.changed", principal, given, before=_said(before), after=_said(given))
    return given


@transaction.atomic
def ungrant(*, principal: Principal, agent_id: int, username: str, role: GrantRole | None = None) -> None:
    """Take one of the two grants, or whatever of them there is. An agent keeps at least one owner. Raises NotVisible,
    NotAllowed, Refused."""
    demand(principal, Verb.EDIT_MEMBERS, see=Verb.SEE_AGENT, agent_id=agent_id)
    _lock([agent_id])
    held = Grant.objects.filter(account__username=username, agent_id=agent_id)
    taken = list(held if role is None else held.filter(role=role))
    if not taken:
        raise NotVisible
    for grant in taken:
        if grant.role == GrantRole.OWNER and (alone := _owned_alone(grant.account_id, [agent_id])):
            raise Refused({"role": [_only_owner(alone)]})
        _record("grant.taken", principal, grant, before=_said(grant))
        grant.delete()


def let_translate(*, principal: Principal, account: Account, agent_id: int, languages: Iterable[str]) -> Grant:
    """Assign these languages of an agent to an account, in place of those it had. As `grant`."""
    return grant(
        principal=principal,
        agent_id=agent_id,
        username=account.username,
        role=GrantRole.TRANSLATOR,
        languages=languages,
    )


def take_what_does_not_fit(account: Account, role: Role) -> list[dict[str, Any]]:
    """Take the grants from an account that one of this role cannot hold; what they were. In the transaction of whoever
    changes the role. Raises Refused where an agent would be left without an owner."""
    lost = [kind for kind, holders in HOLDERS.items() if role not in holders]
    _lock(account.grants.filter(role__in=lost).values_list("agent_id", flat=True))
    grants = list(account.grants.filter(role__in=lost).order_by("agent_id", "role"))
    owned = [grant.agent_id for grant in grants if grant.role == GrantRole.OWNER]
    if alone := _owned_alone(account.pk, owned):
        raise Refused({"role": [_only_owner(alone)]})
    account.grants.filter(pk__in=[grant.pk for grant in grants]).delete()
    return [{"agent": grant.agent_id, **(_said(grant) or {})} for grant in grants]


def _holder(username: str, role: GrantRole) -> Account:
    account = Account.objects.select_for_update(no_key=True).filter(username=username, is_active=True).first()
    if account is None:
        raise Refused({"username": [f"There is no active account “{username}”."]})
    if account.role not in HOLDERS[role]:
        kind = account.get_role_display()
        raise Refused({"username": [f"“{username}” is here as: {kind}. An admin gives them another role first."]})
    return account


def _checked(agent_id: int, languages: Iterable[str]) -> list[str]:
    wanted = sorted(set(languages))
    if not wanted:
        raise Refused({"languages": ["Choose at least one language."]})
    spoken = {tag for agent in agents.by_id([agent_id]) for tag in agent.languages}
    unknown = [tag for tag in wanted if tag not in spoken]
    if unknown:
        raise Refused({"languages": [f"The agent does not speak “{tag}”." for tag in unknown]})
    return wanted


def _lock(agent_ids: Iterable[int]) -> None:
    """As those do who change an agent's settings, its owners among them."""
    model: Any = apps.get_model("agents", "Agent")
    list(model.objects.select_for_update(no_key=True).filter(pk__in=list(agent_ids)).order_by("pk"))


def _owned_alone(account_id: int, agent_ids: Iterable[int]) -> list[str]:
    """The slugs of those of these agents that nobody else owns."""
    owners = Grant.objects.filter(role=GrantRole.OWNER, agent_id__in=list(agent_ids))
    others = owners.exclude(account=account_id).values_list("agent_id", flat=True)
    return [each.slug for each in agents.by_id(set(agent_ids) - set(others))]


def _only_owner(slugs: Iterable[str]) -> str:
    return f"Nobody else owns {', '.join(slugs)}. Give it another owner first."


def _said(grant: Grant | None) -> dict[str, Any] | None:
    return None if grant is None else {"role": grant.role, "languages": grant.languages}


def _record(verb: str, principal: Principal, grant: Grant, **what: Any) -> None:
    audit.record(
        verb,
        account_id=principal.account_id,
        agent_id=grant.agent_id,
        subject=f"account {grant.account_id}",
        **what,
    )
