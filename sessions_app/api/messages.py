"""What is said in a session, and its timeline."""

from uuid import UUID

from ninja import Query, Router

from portal.accounts.permissions import Principal
from portal.lib import clock
from portal.rest import pagination
from portal.rest.openapi import answers
from portal.rest.pagination import Paged
from sessions_app.actions import messages, reading
from sessions_app.actions.messages import Said
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.messages import Event, EventList, Exchange, Message, MessageList, Say
from sessions_app.api.schemas.sessions import Session
from sessions_app.api.sessions import named
from sessions_app.core.commands import Kind
from sessions_app.queries import exchanges
from sessions_app.queries.exchanges import Place

router = Router(tags=["Messages"])


@router.post(
    "/sessions/{session}/messages",
    summary="Say something",
    by_alias=True,
    exclude_unset=True,
    **answers(Exchange, "forbidden", "not_found", "agent_disabled", "invalid", "session_limit_reached"),
)
def say(request: ApiRequest, session: str, body: Say) -> Exchange:
    """Waits up to 25 s for the bot's answer. A message after the end of its session is answered in a new one, where the
    user has room for one: `session_limit_reached` names the `open_sessions` in the way, and nothing was kept."""
    addressed = named(session)
    said = messages.say(
        principal=request.auth,
        session=addressed,
        sender=body.said_by,
        kind=Kind(body.kind),
        event=body.event or "",
        **body.model_dump(include={"text", "payload", "client_id"}),
    )
    return _exchange(request.auth, addressed, said)


@router.get(
    "/sessions/{session}/messages",
    summary="Read the transcript",
    by_alias=True,
    **answers(MessageList, "not_found", "invalid"),
)
def list_messages(request: ApiRequest, session: str, query: Query[Paged]) -> MessageList:
    """In order. Its user sees what they have not cleared; everybody else's reading is audited."""
    after = pagination.place(query.cursor, int) or 0
    entries, more = reading.transcript(principal=request.auth, session=named(session), limit=query.limit, after=after)
    return MessageList(
        items=[Message.of(entry, session) for entry in entries],
        next_cursor=pagination.cursor(entries[-1].seq) if more else None,
        server_now=clock.now(),
    )


@router.get(
    "/sessions/{session}/events",
    summary="Read the timeline",
    **answers(EventList, "forbidden", "not_found", "invalid"),
)
def list_events(request: ApiRequest, session: str, query: Query[Paged]) -> EventList:
    """What happened to the session, in order; for those who run its agent."""
    after = pagination.place(query.cursor, int) or 0
    events, more = reading.timeline(principal=request.auth, session=named(session), limit=query.limit, after=after)
    return EventList(
        items=[Event.of(event) for event in events],
        next_cursor=pagination.cursor(events[-1].id) if more else None,
        server_now=clock.now(),
    )


def _exchange(caller: Principal, addressed: UUID, said: Said) -> Exchange:
    """Read after the wait: a bot may have ended the session meanwhile."""
    found = exchanges.exchange(Place(said.message, said.thread, said.seq, addressed))
    sessions, taken_by = found.sessions, found.message.session
    before = {} if taken_by == addressed else {"previous_session": Session.of(sessions[addressed], caller)}
    lines = [Message.of(entry, sessions[entry.session].id) for entry in (found.message, *found.replies)]
    session = Session.of(sessions[taken_by], caller)
    return Exchange(message=lines[0], replies=lines[1:], session=session, server_now=found.now, **before)
