"""Bringing in what happened before: the history of an agent that has no sessions here yet.

The past goes through the same decisions as the present, at the instants given, and is stored by the same statements: so
a history that was brought in obeys every law that one that happened here obeys. What is not over yet goes on.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from django.db import connection, transaction

from portal.accounts.permissions import Principal, Verb, demand
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.lib import clock
from sessions_app.actions import _batch, _past
from sessions_app.actions._batch import Batch
from sessions_app.actions._load import Loaded
from sessions_app.actions._past import PastChat, PastPolicy, PastUser
from sessions_app.actions._replay import Answered, Bot, Replay, Step
from sessions_app.core import facts as f
from sessions_app.models import ChatSession, PolicyVersion
from sessions_app.queries import agents

__all__ = ["Answered", "Bot", "HasSessions", "NotPast", "PastChat", "PastPolicy", "PastUser", "Step", "write_history"]


class HasSessions(Exception):
    """The agent has sessions: its history is not written anew."""


class NotPast(ValueError):
    """A chat has no step, or one whose instant has not come or is before that of the step it follows."""


def write_history(
    *, principal: Principal, agent: Agent, policies: Sequence[PastPolicy], chats: Sequence[PastChat], bot: Bot
) -> int:
    """Write the versions of an agent's policy, in place of those it was made with, and its chats; how many sessions
    there are then. `bot` says what the agent's bot answered to each turn. A step that could not be done then is left
    out. The number of statements does not depend on the number of chats.

    Raises NotVisible, NotAllowed, HasSessions, NotPast, policies.OutOfBounds.
    """
    for verb in (Verb.EDIT_AGENT, Verb.START_FOR_USER):
        demand(principal, verb, see=Verb.SEE_AGENT, agent_id=agent.pk)
    with transaction.atomic():
        _lock(agent)
        if ChatSession.objects.filter(agent=agent).exists():
            raise HasSessions
        if policies:
            _past.write_policies(agent, policies)
        batch = _replayed(agent, chats, bot)
        _batch.write(batch)
        audit.record(
            "history.imported",
            account_id=principal.account_id,
            agent_id=agent.pk,
            subject=f"agent {agent.slug}",
            after={"policies": len(policies), "chats": len(chats), "sessions": len(batch.started)},
        )
    return len(batch.started)


def _lock(agent: Agent) -> None:
    """As those do who save a policy."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM agents_agent WHERE id = %s FOR NO KEY UPDATE", [agent.pk])


def _replayed(agent: Agent, chats: Sequence[PastChat], bot: Bot) -> Batch:
    now = clock.now()
    for chat in chats:
        _check(chat.steps, now)
    eras = _eras(agent)
    threads = _past.insert_threads(agent, chats)
    empty = {id: f.Thread(id=id, user=user, agent=eras[0][1]) for id, user in threads.items()}
    # What was, was: the limit of open sessions is not kept in hindsight.
    batch = Batch(Loaded(now=now, threads=empty, agents={agent.pk: eras[-1][1]}, seats=None), {}, set())
    replay = Replay(batch, agent, eras, bot, now)
    for thread, chat in zip(threads, chats, strict=True):
        name = chat.user.name if chat.user.identified else ""
        replay.play(thread, chat.steps, user_name=name)
    return batch


def _check(steps: Sequence[Step], now: datetime) -> None:
    instants = [at for at, _ in steps]
    if not instants or instants != sorted(instants) or instants[-1] > now:
        raise NotPast


def _eras(agent: Agent) -> list[tuple[datetime, f.Agent]]:
    """The agent as it is, with each version of its policy from when that was saved."""
    now = agents.for_lifecycle([agent.pk])[agent.pk]
    versions = PolicyVersion.objects.filter(agent=agent).order_by("number")
    return [(row.saved_at, _as_of(now, row)) for row in versions]


def _as_of(agent: f.Agent, version: PolicyVersion) -> f.Agent:
    policy, number = version.policy, version.number
    running = f.InForce(policy=policy, id=version.pk, version=number, since=version.saved_at)
    return replace(agent, policy=policy, policy_id=version.pk, policy_version=number, running=running)
