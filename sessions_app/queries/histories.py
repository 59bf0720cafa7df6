"""A session's history as the core replays it: its events, and of its messages what counts for the clocks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Self
from uuid import UUID

from django.db.models import Q

from sessions_app.core import decision
from sessions_app.core.commands import Kind, Sender
from sessions_app.core.facts import Facts
from sessions_app.core.policy import Policy
from sessions_app.models import ChatSession, Event, Message, PolicyVersion
from sessions_app.queries import agents, facts

_EVENT = ("seq", "at", "type", "actor", "cause", "policy_version", "detail")
# Without text and payload: nobody's words are read to tell what the clocks did.
_LINE = (
    *("id", "seq", "at", "sender", "kind", "event", "language", "held", "after_end", "interaction", "answers"),
    "received_at",
)


class Place(NamedTuple):
    """Where a line stands in a history: after the message of that `seq`; `event` is 0 for the message itself."""

    seq: int
    event: int

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """None for what no page has ever given out."""
        parts = text.split(".")
        fits = len(parts) == 2 and all(part.isascii() and part.isdigit() and len(part) < 16 for part in parts)
        return cls(int(parts[0]), int(parts[1])) if fits else None

    def __str__(self) -> str:
        return f"{self.seq}.{self.event}"


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """`ids` are of the events, in their order. `policies` are those that the history names, by version."""

    session: Facts
    events: list[decision.Event]
    ids: list[int]
    messages: list[decision.Message]
    policies: Mapping[int, Policy]
    answers: bool


def history(session: UUID) -> History:
    """Five queries, however long it is. The session is there."""
    row = ChatSession.objects.filter(pk=session).values(*facts.COLUMNS).get()
    present = facts.facts_from(row, facts.policies([row["policy_id"]]))
    events = list(Event.objects.filter(session=session).order_by("pk").values("pk", *_EVENT))
    lines = Message.objects.filter(session=session).order_by("seq").values(*_LINE)
    return History(
        session=present,
        ids=[event.pop("pk") for event in events],
        events=[decision.Event(session=session, **event) for event in events],
        messages=[_line(session, **line) for line in lines],
        policies=_policies(present.agent, {event["policy_version"] for event in events}),
        answers=agents.for_lifecycle([present.agent])[present.agent].answers,
    )


def goes_on(session: UUID, after: Place) -> bool:
    """Whether anything has been written since that place."""
    later = Message.objects.filter(session=session, seq__gt=after.seq)
    more = Q(seq__gt=after.seq) | Q(seq=after.seq, pk__gt=after.event)
    return later.exists() or Event.objects.filter(more, session=session).exists()


def _line(session: UUID, *, sender: str, kind: str, **values: Any) -> decision.Message:
    return decision.Message(session=session, sender=Sender(sender), kind=Kind(kind), **values)


def _policies(agent: int, numbers: set[int]) -> Mapping[int, Policy]:
    found = PolicyVersion.objects.filter(agent=agent, number__in=numbers).values_list("pk", flat=True)
    return {number: policy for policy, number in facts.policies(found).values()}
