"""What time does to a session after its end: a transfer lapses, it is archived, what was said is erased."""

from datetime import datetime

from sessions_app.core import deadlines
from sessions_app.core.decision import Draft
from sessions_app.core.facts import Facts
from sessions_app.core.policy import Policy


def tick(draft: Draft, facts: Facts) -> Facts:
    """Each is stamped with the instant at which it was due."""
    policy = draft.agent_of(facts).keeps(facts)
    facts = _lapse(draft, facts)
    facts = _archive(draft, facts, policy)
    facts = _erase_data(draft, facts, policy)
    return _erase_transcript(draft, facts, policy)


def _lapse(draft: Draft, facts: Facts) -> Facts:
    """The user did not come back in time: the source agent answers the next turn."""
    if facts.pending_until is None or facts.pending_until > draft.now:
        return facts
    return call_off(draft, facts, at=facts.pending_until, cause="lapsed")


def call_off(draft: Draft, facts: Facts, *, at: datetime, cause: str, actor: str = "portal", given: str = "") -> Facts:
    """A transfer that nobody has picked up is off; the place at the other agent is free again."""
    detail = {"given": given} if given else {}
    draft.note(facts, "session.transfer_cancelled", at=at, actor=actor, cause=cause, detail=detail)
    return draft.change(facts, pending_to=None, pending_until=None)


def _archive(draft: Draft, facts: Facts, policy: Policy) -> Facts:
    at = deadlines.archived_at(facts, policy)
    if facts.archived_at is not None or at > draft.now:
        return facts
    draft.note(facts, "session.archived", at=at, cause="auto_archive_after")
    return draft.change(facts, archived_at=at)


def _erase_data(draft: Draft, facts: Facts, policy: Policy) -> Facts:
    at = deadlines.data_erased_at(facts, policy)
    if facts.data_erased_at is not None or at > draft.now:
        return facts
    draft.erased_data.append(facts.id)
    draft.note(facts, "session.erased", at=at, cause="session_data_retention", detail={"what": "data"})
    return draft.change(facts, data_erased_at=at)


def _erase_transcript(draft: Draft, facts: Facts, policy: Policy) -> Facts:
    at = deadlines.transcript_erased_at(facts, policy)
    if facts.transcript_erased_at is not None or at is None or at > draft.now:
        return facts
    draft.erased_transcripts.append(facts.id)
    draft.note(facts, "session.erased", at=at, cause="transcript_retention", detail={"what": "transcript"})
    return draft.change(facts, transcript_erased_at=at)
