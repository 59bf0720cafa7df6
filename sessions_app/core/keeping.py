"""What time does to a session after its end: a transfer lapses, it is archived, what was said is erased."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sessions_app.core import deadlines
from sessions_app.core.decision import Draft
from sessions_app.core.facts import Facts


def tick(draft: Draft, facts: Facts) -> Facts:
    """Each in its order, stamped with the instant at which it was due."""
    for what, at in deadlines.after_the_end(facts, draft.agent_of(facts).keeps(facts)):
        if at <= draft.now:
            facts = _DO[what](draft, facts, at)
    return facts


def _lapse(draft: Draft, facts: Facts, at: datetime) -> Facts:
    """The user did not come back in time: the source agent answers the next turn."""
    return call_off(draft, facts, at=at, cause="lapsed")


def call_off(draft: Draft, facts: Facts, *, at: datetime, cause: str, actor: str = "portal", given: str = "") -> Facts:
    """A transfer that nobody has picked up is off; the place at the other agent is free again."""
    detail = {"given": given} if given else {}
    draft.note(facts, "session.transfer_cancelled", at=at, actor=actor, cause=cause, detail=detail)
    return draft.change(facts, pending_to=None, pending_until=None)


def _archive(draft: Draft, facts: Facts, at: datetime) -> Facts:
    draft.note(facts, "session.archived", at=at, cause="auto_archive_after")
    return draft.change(facts, archived_at=at)


def _erase_data(draft: Draft, facts: Facts, at: datetime) -> Facts:
    draft.erased_data.append(facts.id)
    draft.note(facts, "session.erased", at=at, cause="session_data_retention", detail={"what": "data"})
    return draft.change(facts, data_erased_at=at)


def _erase_transcript(draft: Draft, facts: Facts, at: datetime) -> Facts:
    draft.erased_transcripts.append(facts.id)
    draft.note(facts, "session.erased", at=at, cause="transcript_retention", detail={"what": "transcript"})
    return draft.change(facts, transcript_erased_at=at)


_DO: Mapping[deadlines.AfterTheEnd, Callable[[Draft, Facts, datetime], Facts]] = {
    "lapse": _lapse,
    "archive": _archive,
    "erase_data": _erase_data,
    "erase_transcript": _erase_transcript,
}
