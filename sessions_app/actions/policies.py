"""Saving a policy: every save is a new numbered version (1-product.md, "Changing a policy").

A version with reach "running" is in force for open sessions from its `saved_at` on, whoever decides upon them next
(`core.lifecycle`). Before a save returns, each of them is looked at; what takes longer than a moment is the sweep's
(`rollout`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple, TypedDict, Unpack

from django.db import connection, transaction
from django.db.models import QuerySet

from portal.accounts.permissions import NotVisible, Principal, Verb, demand
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.lib import clock
from sessions_app.actions import rollout
from sessions_app.core import policy as core
from sessions_app.core.policy import Policy, Reach, Refusal
from sessions_app.models import PolicyVersion


class OutOfBounds(Exception):
    """Values that are outside their bounds; nothing was saved."""

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__(" ".join(refusal.sentence for refusal in refusals))
        self.refusals = refusals


@dataclass
class PolicyChanged(Exception):
    """Somebody saved a newer version since the form was opened. `theirs` is that version."""

    theirs: PolicyVersion

    def __str__(self) -> str:
        return f"Version {self.theirs.number} was saved meanwhile."


class Saved(NamedTuple):
    """The version there is now, and whether it was made by this."""

    version: PolicyVersion
    made: bool


class Saving(TypedDict, total=False):
    """How a version is saved: for whom ("running" unless said otherwise), why, and which number the version before it
    must have, None where it may have any."""

    reach: Reach
    reason: str
    expected_version: int | None


def first_version(*, agent: Agent, policy: Policy | None = None, author_id: int | None = None) -> PolicyVersion:
    """Version 1 of a new agent, with the platform's defaults unless a policy is given. No session is to follow it."""
    version = _insert(agent, 1, policy or core.default_policy(Platform(agent.platform)), author_id=author_id)
    version.reached_at = version.saved_at
    version.save(update_fields=["reached_at"])
    return version


def save(*, principal: Principal, agent: Agent, policy: Policy, **saving: Unpack[Saving]) -> PolicyVersion:
    """The next version; or the current one when nothing differs and nobody would have to follow.

    Raises NotVisible, NotAllowed, OutOfBounds, PolicyChanged.
    """
    return _save(principal, agent, lambda _: policy, **saving).version


def change(*, principal: Principal, agent: Agent, values: Mapping[str, Any], **saving: Unpack[Saving]) -> PolicyVersion:
    """The next version with these settings changed and all others as they are when the lock is held. As `save`."""
    return _save(principal, agent, lambda current: replace(current, **values), **saving).version


def restore(*, principal: Principal, agent: Agent, number: int, **saving: Unpack[Saving]) -> Saved:
    """The next version, equal to that of `number`, if it is within the bounds of today. As `save`; NotVisible where
    there is none of that number."""
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent.pk)
    policy = _found(PolicyVersion.objects.filter(agent=agent, number=number)).policy
    saving["reason"] = saving.get("reason") or f"As in version {number}."
    return _save(principal, agent, lambda _: policy, **saving)


def candidate(*, agent: Agent, values: Mapping[str, Any]) -> Policy:
    """The current policy with these settings changed, as `change` would save it. Raises NotVisible, OutOfBounds."""
    current = _found(PolicyVersion.objects.filter(agent=agent))
    policy = replace(current.policy, **values)
    _refuse_out_of_bounds(policy, Platform(agent.platform))
    return policy


def follow_platform(*, agent: Agent, author_id: int | None) -> PolicyVersion:
    """The policy of an agent that has moved to another platform: the same values, found to be within its bounds, as
    the next version, for whom the current one is. Within the transaction of the move. Raises OutOfBounds."""
    current = _locked_current(agent)
    if current.platform == agent.platform:
        return current
    reason = f"The agent moved to {Platform(agent.platform).label}."
    return _next(current, agent, current.policy, author_id=author_id, reach=Reach(current.reach), reason=reason)


def _save(
    principal: Principal,
    agent: Agent,
    change: Callable[[Policy], Policy],
    *,
    reach: Reach = Reach.RUNNING,
    reason: str = "",
    expected_version: int | None = None,
) -> Saved:
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent.pk)
    with transaction.atomic():
        current = _locked_current(agent)
        agent.refresh_from_db(fields=["platform"])  # it may have moved since the agent was read
        if expected_version not in (None, current.number):
            raise PolicyChanged(current)
        policy = change(current.policy)
        if policy == current.policy and not _goes_farther(current, reach):
            return Saved(current, made=False)
        version = _next(current, agent, policy, author_id=principal.account_id, reach=reach, reason=reason)
        _record(principal, agent, current, version)
    return Saved(version, made=True)


def _goes_farther(current: PolicyVersion, reach: Reach) -> bool:
    """Whether the same values are for more sessions now than they were saved for."""
    return reach is Reach.RUNNING and current.reach == Reach.NEW


def _record(principal: Principal, agent: Agent, before: PolicyVersion, version: PolicyVersion) -> None:
    differences = core.changes(before.policy, version.policy)
    audit.record(
        "policy.changed",
        account_id=principal.account_id,
        agent_id=agent.pk,
        subject=f"policy v{version.number} of {agent.slug}",
        before={name: _plain(was) for name, (was, _) in differences.items()},
        after={name: _plain(now) for name, (_, now) in differences.items()} | {"reach": str(version.reach)},
        reason=version.reason,
    )


def _locked_current(agent: Agent) -> PolicyVersion:
    """The agent's row is the lock that makes the next number unique. Raises NotVisible if it is gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM agents_agent WHERE id = %s FOR NO KEY UPDATE", [agent.pk])
    return _found(PolicyVersion.objects.select_related("author").filter(agent=agent))


def _found(versions: QuerySet[PolicyVersion]) -> PolicyVersion:
    """The newest of these."""
    version = versions.order_by("-number").first()
    if version is None:
        raise NotVisible
    return version


def _next(current: PolicyVersion, agent: Agent, policy: Policy, **about: Any) -> PolicyVersion:
    version = _insert(agent, current.number + 1, policy, **about)
    if version.reach == Reach.RUNNING:
        # The version is saved whatever becomes of this: what is left undone, the sweep goes on with.
        transaction.on_commit(lambda: rollout.reach(agent.pk), robust=True)
    return version


def _insert(
    agent: Agent, number: int, policy: Policy, *, author_id: int | None, reach: Reach = Reach.RUNNING, reason: str = ""
) -> PolicyVersion:
    """It is in force from the instant at which the lock is held: who waited for it knew nothing of it before."""
    _refuse_out_of_bounds(policy, Platform(agent.platform))
    values = {field.name: getattr(policy, field.name) for field in fields(Policy)}
    about = {"author_id": author_id, "reason": reason, "reach": reach.value, "saved_at": clock.now()}
    return PolicyVersion.objects.create(agent=agent, number=number, platform=agent.platform, **about, **values)


def _refuse_out_of_bounds(policy: Policy, platform: Platform) -> None:
    if refusals := core.refusals(policy, platform):
        raise OutOfBounds(refusals)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)
