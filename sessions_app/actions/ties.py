"""What ties an agent to others: who owns it, where it may hand its users to, whose users it shares. Whether that can
be, only the database knows. Everything here is asked, and done, in the transaction of the deed."""

import re
from collections.abc import Iterator, Sequence

from django.db import connection

from portal.accounts.models import Account, Grant
from portal.accounts.names import GrantRole, Role
from portal.accounts.permissions import Principal, Verb, agents_q, allows
from portal.agents.models import Agent
from sessions_app.core.agents import Settings
from sessions_app.core.policy import Refusal
from sessions_app.models import ChatUser
from sessions_app.queries import pasts

OWN_BUILDERS = (Role.ADMIN, Role.OWNER)
_OF_AN_ACCOUNT = re.compile(r"account-\d+")
_REALMS = 0x5EA1  # names the lock under which realms are claimed


def realm_of(account_id: int) -> str:
    """The name space of user ids that all agents of one owner share (1-product.md, "Words")."""
    return f"account-{account_id}"


def refusals(
    principal: Principal, slug: str, new: Settings, *, old: Settings | None = None, agent: Agent | None = None
) -> tuple[Refusal, ...]:
    """Each tie of `new` that cannot be. What was so before (`old`) may stay, also where this principal could not have
    made it so; without `old` the agent is being made. No new target is removed before the transaction has ended."""
    return tuple(_refusals(principal, slug, new, old, agent))


def _refusals(
    principal: Principal, slug: str, new: Settings, old: Settings | None, agent: Agent | None
) -> Iterator[Refusal]:
    wrong_owners = list(_of_owners(principal, new.owners, old)) if old is None or new.owners != old.owners else []
    yield from wrong_owners
    before = old.transfer_targets if old else ()
    yield from _of_targets(principal, slug, [target for target in new.transfer_targets if target not in before])
    # Last: its lock is held to the end, and nobody who holds it waits for an agent.
    if not wrong_owners and (old is None or new.realm != old.realm):
        yield from _of_realm(principal, new.realm, agent)


# ── owners ─────────────────────────────────────────────────────────────────────────────────────────────────────────
def owners(agent_id: int) -> tuple[str, ...]:
    """Their user names."""
    return tuple(Grant.objects.filter(agent=agent_id, role=GrantRole.OWNER).values_list("account__username", flat=True))


def username(account_id: int) -> str:
    return Account.objects.values_list("username", flat=True).get(pk=account_id)


def ids_of(usernames: Sequence[str]) -> list[int]:
    """The ids of these accounts, in order: the audit log names nobody otherwise."""
    return sorted(Account.objects.filter(username__in=usernames).values_list("pk", flat=True))


def put_owners(agent: Agent, usernames: Sequence[str]) -> None:
    """Let these own the agent, and nobody else."""
    grants = Grant.objects.filter(agent=agent, role=GrantRole.OWNER)
    grants.exclude(account__username__in=usernames).delete()
    new = set(ids_of(usernames)) - set(grants.values_list("account_id", flat=True))
    Grant.objects.bulk_create(Grant(account_id=id, agent=agent, role=GrantRole.OWNER) for id in sorted(new))


def _of_owners(principal: Principal, names: Sequence[str], old: Settings | None) -> Iterator[Refusal]:
    if not names:
        yield Refusal("owners", "An agent has at least one owner.")
    elif old is None and not principal.is_admin and principal.account_id not in ids_of(names):
        yield Refusal("owners", "You own what you build: be among the owners, and hand it over afterwards.")
    able = Account.objects.filter(username__in=names, is_active=True, role__in=OWN_BUILDERS)
    known = {*able.values_list("username", flat=True), *(old.owners if old else ())}
    for name in names:
        if name not in known:
            yield Refusal("owners", f"There is no agent owner or admin named “{name}”.")


# ── transfer targets ───────────────────────────────────────────────────────────────────────────────────────────────
def _of_targets(principal: Principal, slug: str, added: Sequence[str]) -> Iterator[Refusal]:
    seen = _seen_and_kept(principal, added) if added else frozenset()
    for target in added:
        if target == slug:
            yield Refusal("transfer_targets", "An agent does not hand its users to itself.")
        elif target not in seen:
            yield Refusal("transfer_targets", f"There is no agent “{target}”, or not for you.")


def _seen_and_kept(principal: Principal, slugs: Sequence[str]) -> frozenset[str]:
    """Those of these agents that the principal sees. None is removed before this transaction has ended: its name could
    be another agent's by then."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, slug FROM agents_agent WHERE slug = ANY(%s) ORDER BY id FOR KEY SHARE", [list(slugs)]
        )
        found = cursor.fetchall()
    return frozenset(slug for id, slug in found if allows(principal, Verb.SEE_AGENT, agent_id=id))


# ── the realm ──────────────────────────────────────────────────────────────────────────────────────────────────────
def _of_realm(principal: Principal, realm: str, agent: Agent | None) -> Iterator[Refusal]:
    if agent is not None and pasts.exists(agent.pk):
        yield Refusal(
            "realm",
            "People have chatted with this agent: in another realm they would be other people. It keeps its realm.",
        )
    elif not _is_open_to(principal, realm):
        yield Refusal("realm", f"The realm “{realm}” is somebody else's; name one of yours, or one nobody has.")


def _is_open_to(principal: Principal, realm: str) -> bool:
    """Whoever shares a realm meets its users: one's own, one of the agents one runs, or one that nobody has yet."""
    if principal.is_admin or (principal.account_id is not None and realm == realm_of(principal.account_id)):
        return True
    with connection.cursor() as cursor:  # two who claim the same name come one after the other
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_REALMS])
    there = Agent.objects.filter(realm=realm)
    if there.filter(agents_q(principal, Verb.EDIT_AGENT)).exists():
        return True
    taken = there.exists() or ChatUser.objects.filter(realm=realm).exists()
    return not taken and not _OF_AN_ACCOUNT.fullmatch(realm)
