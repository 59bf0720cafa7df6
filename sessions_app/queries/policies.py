"""Policy versions for those who look at them: the current one, an older one, and what each of them changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.agents.core.platforms import Platform
from sessions_app.core import policy as core
from sessions_app.core import policy_words
from sessions_app.core.policy import BY_FIELD, Policy
from sessions_app.models import PolicyVersion, policy_from


@dataclass(frozen=True, slots=True)
class Version:
    """One numbered version. `author` is empty when nobody did it, or nobody is left who did."""

    agent_id: int
    number: int
    platform: Platform
    policy: Policy
    author: str
    reason: str
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that a version changed, in words."""

    title: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the list of them. The first of an agent has no differences."""

    version: Version
    differences: Sequence[Difference]


def current(agent_ids: Iterable[int]) -> dict[int, Version]:
    """Agent id → its current version. One query, however many agents."""
    rows = PolicyVersion.objects.filter(agent__in=list(agent_ids)).order_by("agent_id", "-number").distinct("agent_id")
    return {version.agent_id: version for version in _versions(rows)}


def one(agent_id: int, number: int) -> Version | None:
    return next(_versions(PolicyVersion.objects.filter(agent=agent_id, number=number)), None)


def history(agent_id: int, *, limit: int, before: int | None = None) -> list[Entry]:
    """Versions, newest first, those under number `before` only; each with what it changed. One query."""
    rows = PolicyVersion.objects.filter(agent=agent_id).order_by("-number")
    if before is not None:
        rows = rows.filter(number__lt=before)
    found = list(_versions(rows[: limit + 1]))
    older = [*found[1:], None]
    entries = [Entry(version, differences(under, version)) for version, under in zip(found, older, strict=True)]
    return entries[:limit]


def differences(old: Version | None, new: Version) -> list[Difference]:
    """What `new` changed, the platform first. Nothing without an old one."""
    return list(_differences(old, new)) if old else []


def _differences(old: Version, new: Version) -> Iterator[Difference]:
    if old.platform != new.platform:
        yield Difference("Platform", old.platform.label, new.platform.label)
    for field, (was, now) in core.changes(old.policy, new.policy).items():
        setting = BY_FIELD[field]
        yield Difference(setting.title, policy_words.value(setting, was), policy_words.value(setting, now))


def _versions(rows: Any) -> Iterator[Version]:
    names = ("author__first_name", "author__last_name", "author__username")
    for row in rows.values(*(field.attname for field in PolicyVersion._meta.concrete_fields), *names):
        first, last, username = (row[name] or "" for name in names)
        yield Version(
            agent_id=row["agent_id"],
            number=row["number"],
            platform=Platform(row["platform"]),
            policy=policy_from(row),
            author=f"{first} {last}".strip() or username,
            reason=row["reason"],
            saved_at=row["saved_at"],
        )
