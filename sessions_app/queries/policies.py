"""Policy versions for those who look at them: the current one, an older one, and what each of them changed."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from portal.agents.core.platforms import Platform
from sessions_app.core import policy as core
from sessions_app.core import policy_words
from sessions_app.core.policy import BY_FIELD, Policy, Reach
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
    reach: Reach

    @property
    def running(self) -> bool:
        """Whether it is for sessions that were open when it was saved, too."""
        return self.reach is Reach.RUNNING


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that a version changed, in words."""

    title: str
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A version in the list of them, with the one before it. The first of an agent has none, and changed nothing."""

    version: Version
    before: Version | None

    @property
    def changes(self) -> Mapping[str, tuple[Any, Any]]:
        """Setting → (old, new), where they differ; `platform` first, where the agent has moved."""
        if self.before is None:
            return {}
        old, new = self.before, self.version
        moved = {"platform": (old.platform, new.platform)} if old.platform != new.platform else {}
        return moved | core.changes(old.policy, new.policy)

    @property
    def differences(self) -> list[Difference]:
        """The same in words."""
        return [_in_words(field, was, now) for field, (was, now) in self.changes.items()]


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
    older = (*found[1:], None)
    return [Entry(version, older[place]) for place, version in enumerate(found[:limit])]


def _in_words(field: str, was: Any, now: Any) -> Difference:
    if field == "platform":
        return Difference("Platform", was.label, now.label)
    setting = BY_FIELD[field]
    return Difference(setting.title, policy_words.value(setting, was), policy_words.value(setting, now))


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
            reach=Reach(row["reach"]),
        )
