"""Removing an agent with all it has behind it, in one transaction: it is there whole, or gone.

Nothing with an open session is removed. Its sessions, what was said in them, its policy versions, texts and grants go.
Its users go where no other agent shares their realm. A chat that a transfer has led on to another agent stays with that
one, without the sessions of this one. The audit log keeps its entries, and says who removed what.
"""

from dataclasses import asdict
from typing import Any

from django.db import connection, transaction
from django.db.models import CASCADE, Exists, F, Func, ManyToOneRel, OuterRef, QuerySet, Subquery, Value

from portal.accounts.permissions import NotVisible, Principal, Verb, demand
from portal.agents.models import Agent
from portal.audit import actions as audit
from portal.lib import clock
from sessions_app.actions import agents
from sessions_app.actions._apply import apply
from sessions_app.core.commands import Tick
from sessions_app.models import ChatSession, ChatUser, Thread
from sessions_app.queries import pasts


class HasOpenSessions(Exception):
    """Somebody is in a session with the agent, or on the way to one. Nothing was removed."""

    def __init__(self, count: int) -> None:
        sessions = "1 session is" if count == 1 else f"{count} sessions are"
        advice = "End what is open, or disable the agent and wait until it has ended."
        super().__init__(f"{sessions} open with this agent. Nothing was removed. {advice}")
        self.count = count


def remove(*, principal: Principal, agent: Agent) -> int:
    """Remove the agent; how many sessions went with it. A number of statements that does not depend on how many.

    Raises NotVisible, NotAllowed, HasOpenSessions.
    """
    demand(principal, Verb.EDIT_AGENT, see=Verb.SEE_AGENT, agent_id=agent.pk)
    with transaction.atomic():
        locked = _locked(agent)
        if count := pasts.open_now(agent.pk, clock.now()):
            raise HasOpenSessions(count)
        before = agents.kept(asdict(agents.settings_of(locked)))
        sessions = _remove_past(locked)
        after = {"sessions": sessions, "no_longer_a_target_of": _drop_from_targets(locked.slug)}
        audit.record(
            "agent.removed",
            account_id=principal.account_id,
            agent_id=locked.pk,
            subject=f"agent {locked.slug}",
            before=before,
            after=after,
        )
        locked.delete()
        _remove_users(locked.realm)
    return sessions


def _locked(agent: Agent) -> Agent:
    """With its chats first, as everybody locks who starts a session in one of them: none begins until all is done."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '10min'")  # a long past takes longer than a page may
        cursor.execute(
            "SELECT 1 FROM chat_thread WHERE agent_id = %(agent)s"
            " OR id IN (SELECT thread_id FROM chat_session WHERE agent_id = %(agent)s OR pending_to_id = %(agent)s)"
            " ORDER BY id FOR UPDATE",
            {"agent": agent.pk},
        )
    found = Agent.objects.select_for_update().filter(pk=agent.pk).first()
    if found is None:
        raise NotVisible
    return found


def _remove_past(agent: Agent) -> int:
    """How many sessions it had. What was on its way to it has lapsed, and nobody noticed yet."""
    lapsed = ChatSession.objects.filter(pending_to=agent).exclude(agent=agent).values_list("pk", flat=True)
    apply([Tick(session=id) for id in lapsed])
    others = ChatSession.objects.filter(thread=OuterRef("pk")).exclude(agent=agent)
    led_on = Thread.objects.filter(Exists(others), agent=agent)
    led_on.update(agent=Subquery(others.order_by("-started_at", "-id").values("agent")[:1]), ends_with_prompt=False)
    sessions = _clear(ChatSession.objects.filter(agent=agent))
    _clear(Thread.objects.filter(agent=agent))
    return sessions


def _remove_users(realm: str) -> None:
    """Those whom no agent can meet any more."""
    if not Agent.objects.filter(realm=realm).exists():
        chats = Thread.objects.filter(user=OuterRef("pk"))
        _clear(ChatUser.objects.filter(~Exists(chats), realm=realm))


def _drop_from_targets(slug: str) -> list[str]:
    """The agents that had it as a transfer target: its name may be another agent's one day."""
    sources = Agent.objects.filter(transfer_targets__contains=[slug])
    found = sorted(sources.values_list("slug", flat=True))
    sources.update(transfer_targets=Func(F("transfer_targets"), Value(slug), function="array_remove"))
    return found


def _clear(rows: QuerySet[Any]) -> int:
    """Delete these rows and whatever hangs on them, a statement per table, none of them read. How many rows."""
    for relation in rows.model._meta.get_fields(include_hidden=True):
        if isinstance(relation, ManyToOneRel):  # one-to-one included
            field = relation.field
            hanging = field.model._base_manager.filter(**{f"{field.name}__in": rows})
            if relation.on_delete is CASCADE:
                _clear(hanging)
            elif field.null:
                hanging.update(**{field.name: None})
    return rows._raw_delete(rows.db)
