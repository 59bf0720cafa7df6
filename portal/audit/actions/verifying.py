"""Verifying the audit log: everything that was sealed is recomputed, a batch at a time."""

from dataclasses import dataclass

from portal.audit import queries
from portal.audit.actions.sealing import seal
from portal.audit.core import chain
from portal.audit.core.chain import Fault, Head, Link


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. `links` fit, one after the other, up to `digest`; `erased` of their entries have lost words.
    `fault` is the first that does not fit, None where the whole log is as it was written."""

    links: int
    erased: int
    digest: str
    fault: Fault | None


def verify() -> Report:
    """Seal what waits, then recompute the chain from its beginning, with one batch in memory. What is sealed meanwhile
    is for the next time."""
    seal()
    kept, last = queries.ends()
    head, erased, fault = Head(), 0, None
    for link in queries.links(until=last):
        fault = chain.fault(head, link)
        if fault is not None:
            break
        head = Head(link.seq, link.digest)
        erased += _has_lost_words(link)
    fault = fault or chain.at_the_end(head, kept) or _beside_the_chain()
    return Report(links=head.seq, erased=erased, digest=head.digest.hex(), fault=fault)


def _has_lost_words(link: Link) -> bool:
    return link.entry is not None and any(words.erased for words in link.entry.words.values())


def _beside_the_chain() -> Fault | None:
    """What the chain does not lead to: an entry that no link waits for, a link that waits for no entry."""
    if (entry := queries.first_without_link()) is not None:
        return Fault(entry, f"Entry {entry} is in no link of the chain: its link was deleted, or it was slipped in.")
    if (entry := queries.first_link_without_entry()) is not None:
        return Fault(entry, f"Entry {entry} was deleted before it was sealed.")
    return None
