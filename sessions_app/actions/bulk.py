"""One deed on many sessions (3-api.md, `POST /sessions/bulk`). Each is asked for, done and told of by itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, NamedTuple
from uuid import UUID

from portal.accounts.permissions import Principal, Verb, allows
from portal.audit import actions as audit
from sessions_app.actions._apply import Outcome, apply
from sessions_app.actions.deeds import actor, end_reason
from sessions_app.core import commands as c
from sessions_app.queries import sessions
from sessions_app.queries.sessions import Filter
from sessions_app.queries.shown import public_id

Action = Literal["end", "pause", "resume", "extend"]
MOST = 10_000  # sessions in one call
BATCH = 500

COMMANDS: Mapping[str, Callable[..., c.Command]] = {
    "pause": c.Pause,
    "resume": c.Resume,
    "extend": c.Extend,
}


@dataclass
class NotAsExpected(Exception):
    """There are not as many as whoever asked has seen; nothing was done."""

    expected: int
    found: int


@dataclass
class TooMany(Exception):
    found: int


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one session. `reason` is an error code where there is one."""

    id: UUID
    result: Literal["ok", "already", "skipped", "denied"]
    reason: str | None = None
    version: str = "LIVE"

    @property
    def public_id(self) -> str:
        return public_id(self.id, self.version)


class Target(NamedTuple):
    """A session that this principal sees."""

    agent: int
    user: UUID
    version: str


Targets = Mapping[UUID, Target]
ABOUT = ("pk", "agent_id", "user_id", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What is to be done, and to whom. Nothing of it is done yet: it is done batch by batch, each in a transaction of
    its own, so that who waits can be told how far it is."""

    principal: Principal
    action: Action
    order: Sequence[UUID]
    targets: Targets
    reason: str = ""

    @property
    def batches(self) -> Iterator[list[UUID]]:
        return _batches(_allowed(self.principal, self.targets))

    def do(self, batch: Sequence[UUID]) -> dict[UUID, Item]:
        return _do(self.principal, self.action, batch, self.targets, self.reason)

    def items(self, done: Mapping[UUID, Item]) -> list[Item]:
        """One each, in order. Those that are not among what was done were not allowed."""
        return [done[id] if id in done else _denied(id, self.targets) for id in self.order]


def work(
    *,
    principal: Principal,
    action: Action,
    ids: Sequence[UUID] | None = None,
    wanted: Filter | None = None,
    expect: int | None = None,
    reason: str = "",
) -> Work:
    """`action` on the sessions of `ids`, or on those that match a filter. Raises NotAsExpected, TooMany."""
    targets = _named(principal, ids) if ids is not None else _matching(principal, wanted or Filter())
    order = list(dict.fromkeys(ids)) if ids is not None else list(targets)
    if len(order) > MOST:
        raise TooMany(len(order))
    if expect is not None and expect != len(order):
        raise NotAsExpected(expect, len(order))
    return Work(principal=principal, action=action, order=order, targets=targets, reason=reason)


def bulk(
    *,
    principal: Principal,
    action: Action,
    ids: Sequence[UUID] | None = None,
    wanted: Filter | None = None,
    expect: int | None = None,
    reason: str = "",
) -> list[Item]:
    """Do `action` to the sessions of `ids`, or to those that match a filter, in batches; one item each, in order.

    Those not seen or not allowed are denied, those in no state for it skipped. Raises NotAsExpected, TooMany.
    """
    found = work(principal=principal, action=action, ids=ids, wanted=wanted, expect=expect, reason=reason)
    done: dict[UUID, Item] = {}
    for batch in found.batches:
        done |= found.do(batch)
    return found.items(done)


def _denied(id: UUID, targets: Targets) -> Item:
    if id not in targets:
        return Item(id, "denied", "not_found")
    return Item(id, "denied", "forbidden", targets[id].version)


def _named(principal: Principal, ids: Sequence[UUID]) -> Targets:
    return _targets(sessions.visible(principal).filter(pk__in=ids[: MOST + 1]).values_list(*ABOUT))


def _matching(principal: Principal, wanted: Filter) -> Targets:
    """The newest first, and one more than can be done: then there are too many."""
    found = sessions.all_matching(principal, wanted)
    return _targets(found.values_list(*ABOUT)[: MOST + 1])


def _targets(rows: Iterable[tuple[UUID, int, UUID, str]]) -> Targets:
    return {id: Target(agent, user, version) for id, agent, user, version in rows}


def _allowed(principal: Principal, targets: Targets) -> list[UUID]:
    return [id for id, about in targets.items() if _may(principal, about)]


def _may(principal: Principal, about: Target) -> bool:
    return allows(principal, Verb.CONTROL_SESSION, agent_id=about.agent, user_id=about.user)


def _batches(ids: Sequence[UUID]) -> Iterator[list[UUID]]:
    rest = iter(ids)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _do(principal: Principal, action: Action, ids: Sequence[UUID], targets: Targets, reason: str) -> dict[UUID, Item]:
    def record(outcomes: Sequence[Outcome]) -> None:
        done = [o.session for o in outcomes if o.result == "done" and o.session is not None]
        if principal.account_id is not None:
            audit.record_all(
                f"session.{action}",
                account_id=principal.account_id,
                subjects=[(f"session {session.id}", session.agent) for session in done],
                reason=reason,
            )

    commands = [_command(principal, action, id, agent=targets[id].agent, reason=reason) for id in ids]
    outcomes = apply(commands, record=record)
    return {id: _item(id, outcome, targets[id].version) for id, outcome in zip(ids, outcomes, strict=True)}


def _command(principal: Principal, action: Action, session: UUID, *, agent: int, reason: str) -> c.Command:
    values: dict[str, Any] = {"session": session, "actor": actor(principal), "reason": reason}
    if action == "end":
        return c.End(**values, end_reason=end_reason(principal, agent))
    return COMMANDS[action](**values)


def _item(id: UUID, outcome: Outcome, version: str) -> Item:
    if outcome.refusal is not None:
        return Item(id, "skipped", outcome.refusal.value, version)
    return Item(id, "ok" if outcome.result == "done" else "already", None, version)
