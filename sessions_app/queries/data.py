"""The data of a session, for those who may read it: the `internal` object, and variables as they are stored."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from sessions_app.core import data, internal
from sessions_app.core.commands import Kind, Sender
from sessions_app.models import ChatSession, Event, Message, SessionData, Variable
from sessions_app.queries.shown import public_id

_ABOUT = (
    *("thread_id", "agent_id", "version", "channel", "language", "locale", "started_at"),
    *("agent__slug", "agent__sensitive_variables", "data__understood"),
    *(f"user__{name}" for name in ("external_id", "name", "email", "attributes", "identified")),
)
# What the user said, and what was put to the bot in their name: the prompt.
_SAID = Q(sender=Sender.USER.value) | Q(sender=Sender.PORTAL.value, kind=Kind.EVENT.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """A session's `internal` object, and which of its variables are sensitive."""

    internal: Mapping[str, Any]
    sensitive: frozenset[str]


@dataclass(frozen=True, slots=True)
class Changed:
    """Who changed which variables, after the message `seq` of the transcript."""

    at: datetime
    actor: str
    seq: int
    names: tuple[str, ...]


def about(session: UUID) -> About:
    """Two queries; three for a session in which nobody has said anything yet. The session is there."""
    before = ChatSession.objects.filter(
        user=OuterRef("user"), agent=OuterRef("agent"), started_at__lt=OuterRef("started_at")
    )
    found = ChatSession.objects.filter(pk=session).annotate(returning=Exists(before))
    row = found.values(*_ABOUT, "returning").get()
    return About(internal=_internal(session, row), sensitive=frozenset(row["agent__sensitive_variables"]))


def _internal(session: UUID, row: Mapping[str, Any]) -> dict[str, Any]:
    return internal.fields(
        agent=row["agent__slug"],
        session=public_id(session, row["version"]),
        **{name: row[name] for name in ("version", "channel", "language", "locale")},
        user=internal.User(
            id=row["user__external_id"],
            returning=row["returning"],
            **{name: row[f"user__{name}"] for name in ("name", "email", "attributes", "identified")},
        ),
        said=_said_last(session, row["thread_id"]),
        understood=row["data__understood"],
    )


def _said_last(session: UUID, thread: UUID) -> internal.Said | None:
    """Read backwards along the thread. A preset prompt is nothing the user has said: it counts until they do."""
    lines = Message.objects.filter(thread=thread, session=session)
    last = lines.filter(_SAID).order_by("-seq").values_list("sender", "kind", "text", "event", "payload").first()
    if last is not None:
        sender, kind, text, event, payload = last
        return internal.Said(sender=Sender(sender), kind=Kind(kind), text=text, event=event, payload=payload)
    prompted = lines.filter(kind=Kind.PRESET.value).exists()
    return internal.Said(sender=Sender.BOT, kind=Kind.PRESET) if prompted else None


def variables(session: UUID, *, names: Collection[str] | None = None) -> list[tuple[str, str]]:
    """Name and compact JSON of each variable, or of those among `names`; by name."""
    found = Variable.objects.filter(session=session)
    if names is not None:
        found = found.filter(name__in=names)
    return list(found.order_by("name").values_list("name", "value"))


def sizes(session: UUID, *, after: str, limit: int) -> tuple[list[tuple[str, int]], bool]:
    """Name of each variable after that one, by name, with the bytes that it takes; and whether there are more."""
    found = Variable.objects.filter(session=session, name__gt=after).order_by("name").values_list("name", "size")
    rows = list(found[: limit + 1])
    return rows[:limit], len(rows) > limit


def changes(session: UUID, *, limit: int) -> list[Changed]:
    """When variables changed, the latest first."""
    found = Event.objects.filter(session=session, type="session.data_changed", detail__has_key="variables")
    rows = found.order_by("-pk").values_list("at", "actor", "seq", "detail__variables")[:limit]
    return [Changed(at, actor, seq, tuple(names)) for at, actor, seq, names in rows]


def size(session: UUID) -> int:
    """Bytes of the variables as one object of compact JSON; 0 without any."""
    taken = SessionData.objects.filter(pk=session).values_list("bytes", flat=True).first()
    return data.total(taken) if taken else 0
