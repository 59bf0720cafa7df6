"""Reading somebody's transcript or timeline: the right is asked, time has its effect, and staff is audited."""

from uuid import UUID

from django.db.models.functions import Now

from portal.accounts.permissions import Principal, Verb
from portal.audit import actions as audit
from sessions_app.actions._apply import apply
from sessions_app.actions.deeds import demanded
from sessions_app.core.commands import Tick
from sessions_app.models import ChatSession
from sessions_app.queries import transcripts
from sessions_app.queries.transcripts import Entry, TimelineEvent


def transcript(*, principal: Principal, session: UUID, limit: int, after: int) -> tuple[list[Entry], bool]:
    """Lines after that `seq`, and whether there are more. Its user sees what is not cleared. Raises NotVisible."""
    owner = demanded(principal, session, Verb.SEE_SESSION)
    _let_time_pass(session)
    if principal.user_id is not None:
        return transcripts.lines_in_view(session, limit=limit, after=after)
    audit.record(
        "session.transcript_read",
        account_id=principal.account_id,
        agent_id=owner.agent_id,
        subject=f"session {session}",
    )
    return transcripts.lines(session, limit=limit, after=after)


def timeline(*, principal: Principal, session: UUID, limit: int, after: int) -> tuple[list[TimelineEvent], bool]:
    """Events after that id, and whether there are more. For those who run the agent. Raises NotVisible, NotAllowed."""
    demanded(principal, session, Verb.SEE_SESSIONS)
    _let_time_pass(session)
    return transcripts.timeline(session, limit=limit, after=after)


def _let_time_pass(session: UUID) -> None:
    """Its end belongs into the history from the deadline on, also when no sweep has come by. So does that of a later
    session of its thread, which may have cleared the user's view of this one."""
    if ChatSession.objects.filter(thread__sessions=session, due_at__lte=Now()).exists():
        apply([Tick(session=session)])
