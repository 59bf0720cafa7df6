"""Whether the audit log is what was written: each link is recomputed from the entry and from the link before it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from portal.audit.core import digests
from portal.audit.core.digests import BEGINNING, FIELDS


@dataclass(frozen=True, slots=True)
class Words:
    """One of the texts of an entry as it is stored. `salt` and `text` are None once it is erased."""

    digest: bytes | None
    salt: bytes | None
    text: str | None

    @property
    def erased(self) -> bool:
        return self.digest is not None and self.salt is None and self.text is None

    @property
    def as_written(self) -> bool:
        if self.digest is None or self.salt is None or self.text is None:
            return self.erased or (self.digest, self.salt, self.text) == (None, None, None)
        return digests.of_text(self.text, salt=self.salt) == self.digest


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as it is stored. `words` are those of FIELDS; `with_words` is whether their row is there."""

    id: int
    at: datetime
    verb: str
    account_id: int | None
    agent_id: int | None
    agent_slug: str
    request_id: str
    digest: bytes
    words: Mapping[str, Words]
    with_words: bool


@dataclass(frozen=True, slots=True)
class Link:
    """A link as it is stored, and its entry; None where there is no such entry."""

    seq: int
    digest: bytes
    entry_id: int
    entry: Entry | None


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain goes: its last link."""

    seq: int = 0
    digest: bytes = BEGINNING


@dataclass(frozen=True, slots=True)
class Fault:
    """What does not fit first: the entry, where one is meant, and what is wrong with it in a sentence."""

    entry: int | None
    sentence: str


def next_head(head: Head, *, entry: int, at: datetime, agent_slug: str, digest: bytes) -> Head:
    """The head of the chain when this entry has been linked to it."""
    seq = head.seq + 1
    linked = digests.of_link(previous=head.digest, seq=seq, entry=entry, at=at, agent_slug=agent_slug, digest=digest)
    return Head(seq, linked)


def fault(head: Head, link: Link) -> Fault | None:
    """What is wrong with the link that stands where the one after `head` should."""
    if link.seq != head.seq + 1:
        return Fault(None, f"Link {head.seq + 1} of the chain is missing: an entry was taken out of the chain.")
    return next(_faults(head, link), None)


def _faults(head: Head, link: Link) -> Iterator[Fault]:
    entry = link.entry
    if entry is None:
        yield Fault(link.entry_id, f"Entry {link.entry_id} was deleted.")
        return
    if not entry.with_words:
        yield Fault(entry.id, f"The words of entry {entry.id} were deleted.")
    for name in FIELDS:
        if not entry.words[name].as_written:
            yield Fault(entry.id, f"What entry {entry.id} says in “{name}” was changed.")
    if _of(entry) != entry.digest:
        yield Fault(entry.id, f"Entry {entry.id} was changed: who, what, which agent or which request.")
    if _next(head, entry).digest != link.digest:
        yield Fault(
            entry.id, f"Entry {entry.id} does not fit into the chain: its time, its place or its link was changed."
        )


def _of(entry: Entry) -> bytes:
    return digests.of_entry(
        verb=entry.verb,
        account_id=entry.account_id,
        agent_id=entry.agent_id,
        request_id=entry.request_id,
        texts={name: words.digest for name, words in entry.words.items()},
    )


def _next(head: Head, entry: Entry) -> Head:
    return next_head(head, entry=entry.id, at=entry.at, agent_slug=entry.agent_slug, digest=entry.digest)


def at_the_end(walked: Head, kept: Head) -> Fault | None:
    """What is wrong when all links there are fit, up to `walked`, and the chain is known to go to `kept`."""
    if walked.seq < kept.seq:
        return Fault(
            None,
            f"The chain ends at link {walked.seq}, but {kept.seq} were sealed: the last entries were taken out.",
        )
    if walked != kept:
        return Fault(None, f"Where the chain ends, at link {walked.seq}, is not what was noted when it was sealed.")
    return None
