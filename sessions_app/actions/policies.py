"""Saving a policy: every save is a new numbered version (1-product.md, "Changing a policy")."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from django.db import connection, transaction

from portal.accounts.permissions import Principal, Verb, demand
from portal.agents.core.platforms import Platform
from portal.agents.models import Agent
from portal.audit import actions as audit
from sessions_app.core import policy as core
from sessions_app.core.policy import Policy, Refusal
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


def first_version(*, agent: Agent, policy: Policy | None = None, author_id: int | None = None) -> PolicyVersion:
    """Version 1 of a new agent, with the platform's defaults unless a policy is given."""
    platform = Platform(agent.platform)
    return _insert(agent, 1, policy or core.default_policy(platform), author_id=author_id, reason="")


def save(
    *, principal: Principal, agent: Agent, policy: Policy, reason: str = "", expected_version: int | None = None
) -> PolicyVersion:
    """The next version, for sessions that start from now on; or the current one when nothing differs.

    `expected_version` is the number the form was filled from.
    Raises NotVisible, NotAllowed, OutOfBounds, PolicyChanged.
    """
    return _save(principal, agent, lambda _: policy, reason, expected_version)


def change(
    *,
    principal: Principal,
    agent: Agent,
    values: Mapping[str, Any],
    reason: str = "",
    expected_version: int | None = None,
) -> PolicyVersion:
    """The next version with these settings changed and all others as they are when the lock is held. As `save`."""
    return _save(principal, agent, lambda current: replace(current, **values), reason, expected_version)


def _save(
    principal: Principal, agent: Agent, change: Callable[[Policy], Policy], reason: str, expected_version: int | None
) -> PolicyVersion:
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent.pk)
    with transaction.atomic():
        current = _locked_current(agent)
        agent.refresh_from_db(fields=["platform"])  # it may have moved since the agent was read
        if expected_version is not None and expected_version != current.number:
            raise PolicyChanged(current)
        policy = change(current.policy)
        differences = core.changes(current.policy, policy)
        if not differences:
            return current
        version = _insert(agent, current.number + 1, policy, author_id=principal.account_id, reason=reason)
        audit.record(
            "policy.changed",
            account_id=principal.account_id,
            agent_id=agent.pk,
            subject=f"policy v{version.number} of {agent.slug}",
            before={name: _plain(was) for name, (was, _) in differences.items()},
            after={name: _plain(now) for name, (_, now) in differences.items()},
            reason=reason,
        )
    return version


def follow_platform(*, agent: Agent, author_id: int | None) -> PolicyVersion:
    """The policy of an agent that has moved to another platform: the same values, found to be within its bounds, as
    the next version. Within the transaction of the move. Raises OutOfBounds."""
    current = _locked_current(agent)
    if current.platform == agent.platform:
        return current
    reason = f"The agent moved to {Platform(agent.platform).label}."
    return _insert(agent, current.number + 1, current.policy, author_id=author_id, reason=reason)


def _locked_current(agent: Agent) -> PolicyVersion:
    """The agent's row is the lock that makes the next number unique."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM agents_agent WHERE id = %s FOR NO KEY UPDATE", [agent.pk])
    return PolicyVersion.objects.select_related("author").filter(agent=agent).latest("number")


def _insert(agent: Agent, number: int, policy: Policy, *, author_id: int | None, reason: str) -> PolicyVersion:
    if refusals := core.refusals(policy, Platform(agent.platform)):
        raise OutOfBounds(refusals)
    values = {field.name: getattr(policy, field.name) for field in fields(Policy)}
    return PolicyVersion.objects.create(
        agent=agent, number=number, platform=agent.platform, author_id=author_id, reason=reason, **values
    )


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int) else str(value)
