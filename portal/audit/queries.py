"""Reading the audit log: pages of it for whoever may see them, and the chain for verifying."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, F, Func, Q, QuerySet, Subquery, Value

from portal.audit.core import chain
from portal.audit.core.chain import Head, Link
from portal.audit.core.digests import BEGINNING, FIELDS
from portal.audit.models import Entry, Words

BATCH = 1000
HIGHEST_ID = 2**63 - 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PLACE = re.compile(r"([0-9a-f]{1,16})\.([0-9]{1,19})")


# ── pages ────────────────────────────────────────────────────────────────────────────────────────────────────────────
class Place(NamedTuple):
    """Where an entry stands in the list, newest first."""

    at: datetime
    id: int

    def __str__(self) -> str:
        return f"{(self.at - _EPOCH) // _MICROSECOND:x}.{self.id}"

    @classmethod
    def parse(cls, text: str) -> "Place | None":
        """The place behind a cursor; None where it is none."""
        found = _PLACE.fullmatch(text)
        if found is None or int(found[2]) > HIGHEST_ID:
            return None
        try:
            return cls(_EPOCH + int(found[1], 16) * _MICROSECOND, int(found[2]))
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What is asked for. Empty means: not filtered by. `person` is a user name, `agent` a slug as it was then, `q` the
    beginnings of words of the subject."""

    person: str = ""
    verb: str = ""
    agent: str = ""
    since: datetime | None = None  # included
    until: datetime | None = None  # not included
    q: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One deed. `username` and `name` are empty where the account is gone, `account_id` is None where nobody was signed
    in. `erased` names the texts that were erased."""

    id: int
    at: datetime
    account_id: int | None
    username: str
    name: str
    verb: str
    agent_slug: str
    subject: str
    reason: str
    before: Any
    after: Any
    address: str
    request_id: str
    erased: tuple[str, ...]


_NAME = ("account__username", "account__first_name", "account__last_name")
_PLAIN = ("id", "at", "account_id", "verb", "agent_slug", "subject", "reason", "before", "after", "request_id")
_SALTS = {f"words__{name}_salt": name for name in FIELDS}
_COLUMNS = (*_PLAIN, "address", *_NAME, *_SALTS, *(f"{name}_digest" for name in FIELDS))


def page(visible: Q, wanted: Filter, *, limit: int, after: Place | None = None) -> tuple[Sequence[Shown], Place | None]:
    """Entries among `visible`, newest first, those after that place; and where the next page begins, None on the last
    one. One query. The order is stable under writes."""
    found = _matching(Entry.objects.filter(visible), wanted)
    if after is not None:
        found = found.filter(Q(at__lt=after.at) | Q(at=after.at, id__lt=after.id))
    rows = list(found.order_by("-at", "-id").values(*_COLUMNS)[: limit + 1])
    items = [_shown(row) for row in rows[:limit]]
    return items, Place(items[-1].at, items[-1].id) if len(rows) > limit else None


def _matching(entries: QuerySet[Entry], wanted: Filter) -> QuerySet[Entry]:
    exact = {
        "verb": wanted.verb,
        "agent_slug": wanted.agent,
        "at__gte": wanted.since,
        "at__lt": wanted.until,
    }
    entries = entries.filter(**{name: value for name, value in exact.items() if value})
    if wanted.person:
        entries = entries.filter(account_id=Subquery(_named(wanted.person)))
    if wanted.q:
        entries = entries.filter(pk__in=_about(wanted.q))
    return entries


def _named(username: str) -> QuerySet[Any, Any]:
    """The id of the account, found first: joined, it would be looked for in every entry."""
    accounts = Entry._meta.get_field("account").related_model
    return accounts._base_manager.filter(username=username).values("pk")  # type: ignore[union-attr]


def _about(words: str) -> QuerySet[Words, Any]:
    """The entries whose words these are. Asked apart, or PostgreSQL would not use the index for it."""
    return Words.objects.filter(_begins(words)).values("entry")


def _begins(words: str) -> Func | Q:
    """That each of these words begins one of the subject's. As the index `audit_words_subject` has it."""
    wanted = [f"'{word}':*" for word in re.split(r"[\W_]+", words.lower()) if word]
    if not wanted:
        return Q(pk__in=())
    return Func(
        F("subject"),
        Value(" & ".join(wanted)),
        template="array_to_tsvector(array_remove(regexp_split_to_array(lower(%(expressions)s::tsquery",
        arg_joiner="), '[^[:alnum:]]+'), '')) @@ ",
        output_field=BooleanField(),
    )


def _shown(row: dict[str, Any]) -> Shown:
    plain = {name: row[name] for name in _PLAIN}
    name = " ".join(filter(None, (row["account__first_name"], row["account__last_name"])))
    erased = tuple(name for salt, name in _SALTS.items() if row[f"{name}_digest"] is not None and row[salt] is None)
    username = row["account__username"] or ""
    return Shown(**plain, address=row["address"] or "", username=username, name=name or username, erased=erased)


def verbs() -> list[str]:
    """All verbs there are entries of, by name. A step in the index for each, however many entries there are."""
    with connection.cursor() as cursor:
        cursor.execute("""
            WITH RECURSIVE known (verb) AS (
                (SELECT verb FROM audit_entry ORDER BY verb LIMIT 1)
                UNION ALL
                SELECT (SELECT verb FROM audit_entry WHERE verb > known.verb ORDER BY verb LIMIT 1)
                FROM known WHERE known.verb IS NOT NULL)
            SELECT verb FROM known WHERE verb IS NOT NULL""")
        return [verb for (verb,) in cursor.fetchall()]


# ── the chain ────────────────────────────────────────────────────────────────────────────────────────────────────────
_ENTRY = ("id", "at", "verb", "account_id", "agent_id", "agent_slug", "request_id", "digest")
_TEXTS = [column for name in FIELDS for column in (f"entry.{name}_digest", f"words.{name}_salt", f"words.{name}")]
_LINKS = f"""
SELECT link.seq, link.digest, link.entry_id, {", ".join(f"entry.{name}" for name in _ENTRY)},
    words.entry_id IS NOT NULL, {", ".join(_TEXTS)}
FROM audit_link AS link LEFT JOIN audit_entry AS entry ON entry.id = link.entry_id
LEFT JOIN audit_words AS words ON words.entry_id = link.entry_id
WHERE link.seq > %s AND link.seq <= %s ORDER BY link.seq LIMIT %s
"""  # noqa: S608


def ends() -> tuple[Head, int]:
    """The head as it was noted when it was sealed, and the number of the last link. One look at both: they are written
    together."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT head.seq, head.digest, last.seq FROM (SELECT max(seq) AS seq FROM audit_link) AS last"
            " LEFT JOIN audit_head AS head ON true"
        )
        seq, digest, last = cursor.fetchone()
    return Head(seq or 0, bytes(digest or BEGINNING)), last or 0


def links(*, until: int) -> Iterator[Link]:
    """The links of the chain in order up to that number, BATCH of them in memory at a time."""
    last = 0
    while rows := _rows(last, until):
        yield from map(_link, rows)
        last = rows[-1][0]


def _rows(after: int, until: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(_LINKS, [after, until, BATCH])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _link(row: tuple[Any, ...]) -> Link:
    seq, digest, entry_id, *rest = row
    entry = dict(zip(_ENTRY, rest, strict=False))
    with_words, *texts = rest[len(_ENTRY) :]
    if entry["id"] is None:
        return Link(seq, bytes(digest), entry_id, None)
    words = _words(texts)
    entry |= {"digest": bytes(entry["digest"]), "words": words, "with_words": with_words}
    return Link(seq, bytes(digest), entry_id, chain.Entry(**entry))


def _words(texts: Sequence[Any]) -> Mapping[str, chain.Words]:
    """From digest, salt and text of each of FIELDS, in a row."""
    triples = zip(*[iter(texts)] * 3, strict=True)
    return {
        name: chain.Words(digest=_bytes(digest), salt=_bytes(salt), text=text)
        for name, (digest, salt, text) in zip(FIELDS, triples, strict=True)
    }


def _bytes(value: Any) -> bytes | None:
    return None if value is None else bytes(value)


def first_without_link() -> int | None:
    """The first entry that has no link, not even one that waits to be filled in."""
    return _first(
        "SELECT min(entry.id) FROM audit_entry AS entry"
        " WHERE NOT EXISTS (SELECT FROM audit_link AS link WHERE link.entry_id = entry.id)"
    )


def first_link_without_entry() -> int | None:
    """The first entry that waits to be sealed and is not there."""
    return _first(
        "SELECT min(link.entry_id) FROM audit_link AS link WHERE link.seq IS NULL"
        " AND NOT EXISTS (SELECT FROM audit_entry AS entry WHERE entry.id = link.entry_id)"
    )


def _first(sql: str) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: int | None = cursor.fetchone()[0]
    return found
