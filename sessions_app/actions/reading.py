"""Reading somebody's transcript or timeline: the right is asked, time has its effect, and staff is audited."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.core import signing
from django.db.models.functions import Now

from portal.accounts.permissions import Principal, Verb
from portal.audit import actions as audit
from sessions_app.actions._apply import apply
from sessions_app.actions.deeds import demanded
from sessions_app.core.commands import Tick
from sessions_app.models import ChatSession
from sessions_app.queries import histories, transcript_pages, transcripts
from sessions_app.queries.histories import History, Place
from sessions_app.queries.owners import Owner
from sessions_app.queries.transcript_pages import Page
from sessions_app.queries.transcripts import Entry, TimelineEvent

OPENED = "a transcript was opened"  # the salt of what proves it
STAYS_OPEN = timedelta(hours=12)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page of a transcript. Who has `proof` goes on reading what is added: that is the same reading still."""

    page: Page
    proof: str


def transcript(*, principal: Principal, session: UUID, limit: int, after: int) -> tuple[list[Entry], bool]:
    """Lines after that `seq`, and whether there are more. Its user sees what is not cleared. Raises NotVisible."""
    owner = demanded(principal, session, Verb.SEE_SESSION)
    _let_time_pass(session)
    if principal.user_id is not None:
        return transcripts.lines_in_view(session, limit=limit, after=after)
    _record(principal, owner, "session.transcript_read")
    return transcripts.lines(session, limit=limit, after=after)


def opening(
    *, principal: Principal, session: UUID, limit: int, before: int | None = None, after: int | None = None
) -> Opened:
    """A page of the transcript, for those who run the agent. Raises NotVisible, NotAllowed."""
    owner = demanded(principal, session, Verb.SEE_SESSIONS)
    _let_time_pass(session)
    _record(principal, owner, "session.transcript_read")
    page = transcript_pages.page(session, limit=limit, before=before, after=after)
    return Opened(page, signing.dumps(_opener(principal, session), salt=OPENED))


def news(*, principal: Principal, session: UUID, limit: int, after: int, proof: str) -> Opened:
    """Lines that were added since. Without a proof that whoever asks has it open, this opens it."""
    if not _is_open(principal, session, proof):
        return opening(principal=principal, session=session, limit=limit, after=after)
    demanded(principal, session, Verb.SEE_SESSIONS)
    return Opened(transcript_pages.page(session, limit=limit, after=after), proof)


def download(*, principal: Principal, session: UUID, form: str, limit: int, after: int) -> Page:
    """Lines after that `seq`, to be taken away as a file. Raises NotVisible, NotAllowed."""
    owner = demanded(principal, session, Verb.SEE_SESSIONS)
    _let_time_pass(session)
    _record(principal, owner, "session.transcript_downloaded", after={"form": form, "after": after})
    return transcript_pages.page(session, limit=limit, after=after)


def timeline(*, principal: Principal, session: UUID, limit: int, after: int) -> tuple[list[TimelineEvent], bool]:
    """Events after that id, and whether there are more. For those who run the agent. Raises NotVisible, NotAllowed."""
    demanded(principal, session, Verb.SEE_SESSIONS)
    _let_time_pass(session)
    return transcripts.timeline(session, limit=limit, after=after)


def history(*, principal: Principal, session: UUID, unless_at: Place | None = None) -> History | None:
    """What happened, line by line, without the words of it; None where nothing has after the place `unless_at`. For
    those who run the agent. Raises NotVisible, NotAllowed."""
    demanded(principal, session, Verb.SEE_SESSIONS)
    _let_time_pass(session)
    if unless_at is not None and not histories.goes_on(session, unless_at):
        return None
    return histories.history(session)


def _record(principal: Principal, owner: Owner, verb: str, *, after: Any = None) -> None:
    audit.record(
        verb,
        account_id=principal.account_id,
        agent_id=owner.agent_id,
        subject=f"session {owner.session}",
        after=after,
    )


def _opener(principal: Principal, session: UUID) -> list[str]:
    return [str(principal.account_id), str(session)]


def _is_open(principal: Principal, session: UUID, proof: str) -> bool:
    try:
        found: list[str] = signing.loads(proof, salt=OPENED, max_age=STAYS_OPEN)
    except signing.BadSignature:
        return False
    return found == _opener(principal, session)


def _let_time_pass(session: UUID) -> None:
    """Its end belongs into the history from the deadline on, also when no sweep has come by. So does that of a later
    session of its thread, which may have cleared the user's view of this one."""
    if ChatSession.objects.filter(thread__sessions=session, due_at__lte=Now()).exists():
        apply([Tick(session=session)])
