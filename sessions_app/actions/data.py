"""Reading and changing session data (3-api.md, "Session data"): the right is asked, and revealing what is sensitive is
a deed in the audit log."""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from portal.accounts.permissions import Principal, Verb
from portal.audit import actions as audit
from sessions_app.actions._apply import apply
from sessions_app.actions.deeds import Refused, actor, demanded
from sessions_app.core import commands as c
from sessions_app.core import data
from sessions_app.core.limits import LONGEST_VARIABLE
from sessions_app.queries import data as stored
from sessions_app.queries.owners import Owner

MASK = data.compact("•••")
ALL = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """The whole session data. `variables` are names with compact JSON; `masked` the names of those that show MASK."""

    internal: Mapping[str, Any]
    variables: Sequence[tuple[str, str]]
    masked: frozenset[str]

    def pieces(self) -> Iterator[str]:
        """The text of the JSON document. Values are written as they are stored: none of it is parsed."""
        yield f'{{"{data.READ_ONLY}":{data.compact(self.internal)}'
        for name, text in self.variables:
            yield f",{data.compact(name)}:{text}"
        yield "}"


def read(
    *, principal: Principal, session: UUID, names: Collection[str] | None = None, reveal: Collection[str] = ()
) -> Document:
    """All of it, or of the variables those among `names`. Sensitive ones are masked but for those in `reveal`, names or
    ALL, which the audit log notes. Raises NotVisible, NotAllowed."""
    owner = demanded(principal, session, Verb.SESSION_DATA)
    about = stored.about(session)
    return _shown(principal, owner, about, stored.variables(session, names=names), reveal)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Some of the session data, for whoever reads it page by page. `sizes` are the names of those variables with the
    bytes each takes, `bytes` is what all of them take."""

    document: Document
    sizes: Sequence[tuple[str, int]]
    more: bool
    bytes: int
    changes: Sequence[stored.Changed]


def contents(*, principal: Principal, session: UUID, after: str = "", limit: int, changes: int) -> Contents:
    """`internal`, the variables after that name, and the latest changes. Sensitive variables are masked. Raises
    NotVisible, NotAllowed."""
    demanded(principal, session, Verb.SESSION_DATA)
    sizes, more = stored.sizes(session, after=after, limit=limit)
    return Contents(
        document=read(principal=principal, session=session, names=[name for name, _ in sizes]),
        sizes=sizes,
        more=more,
        bytes=stored.size(session),
        changes=stored.changes(session, limit=changes),
    )


def value(*, principal: Principal, session: UUID, path: str, reveal: Collection[str] = ()) -> str:
    """Compact JSON of what is at a path as `internal.user.firstName` or `basket.lines.0`. Raises NotVisible,
    NotAllowed, data.NothingThere."""
    owner = demanded(principal, session, Verb.SESSION_DATA)
    about = stored.about(session)
    first, _, rest = path.partition(".")
    if first == data.READ_ONLY:
        return data.compact(data.at(about.internal, rest) if rest else about.internal)
    named = {name: rest for name, rest in data.splits(path) if len(name) <= LONGEST_VARIABLE}
    found = _shown(principal, owner, about, stored.variables(session, names=named), reveal)
    if not found.variables:
        raise data.NothingThere(path)
    name, text = max(found.variables, key=lambda variable: len(variable[0]))
    within = named[name]
    return text if within is None or name in found.masked else data.compact(data.at(json.loads(text), within))


def change(*, principal: Principal, session: UUID, patch: Mapping[str, Any]) -> int:
    """Change variables by a JSON merge patch; the size of all of them afterwards, in bytes. The timeline names them.
    Raises NotVisible, NotAllowed, Refused, data.Unusable."""
    demanded(principal, session, Verb.EDIT_SESSION_DATA)
    (outcome,) = apply([c.ChangeData(session=session, actor=actor(principal), patch=patch)])
    if outcome.refusal is not None:
        raise Refused(outcome.refusal, outcome)
    return stored.size(session)


def _shown(
    principal: Principal,
    owner: Owner,
    about: stored.About,
    variables: Sequence[tuple[str, str]],
    reveal: Collection[str],
) -> Document:
    sensitive = about.sensitive.intersection(name for name, _ in variables)
    revealed = sensitive if ALL in reveal else sensitive.intersection(reveal)
    if revealed:
        _note(principal, owner, revealed)
    masked = sensitive - revealed
    shown = [(name, MASK if name in masked else text) for name, text in variables]
    return Document(internal=about.internal, variables=shown, masked=masked)


def _note(principal: Principal, owner: Owner, revealed: frozenset[str]) -> None:
    audit.record(
        "session.data_revealed",
        account_id=principal.account_id,
        agent_id=owner.agent_id,
        subject=f"session {owner.session}",
        after={"variables": sorted(revealed)},
    )
