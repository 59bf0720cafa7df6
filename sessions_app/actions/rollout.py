"""Telling open sessions of a new version of the policy (2-lifecycle.md, "Policy changes on open sessions").

A session follows the version in force whenever it is decided upon. Looking at each is all there is to do.
"""

from uuid import UUID

from django.db.models import Max

from sessions_app.actions._apply import apply
from sessions_app.core.commands import Tick
from sessions_app.core.facts import State
from sessions_app.core.policy import Reach
from sessions_app.models import ChatSession, PolicyVersion

BATCH = 500


def reach(agent_id: int) -> int:
    """Let every open session of the agent follow the version in force; how many had to."""
    found = PolicyVersion.objects.filter(agent=agent_id, reach=Reach.RUNNING.value)
    number = found.aggregate(Max("number"))["number__max"]
    told = 0
    while number is not None and (behind := _behind(agent_id, number)):
        apply([Tick(session=id) for id in behind])
        told += len(behind)
    return told


def _behind(agent_id: int, number: int) -> list[UUID]:
    found = ChatSession.objects.filter(agent=agent_id, policy__number__lt=number).exclude(state=State.ENDED.value)
    return list(found.order_by("pk").values_list("pk", flat=True)[:BATCH])
