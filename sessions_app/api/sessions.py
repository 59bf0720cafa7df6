"""Sessions: list, start, look at one, end, pause, resume, clear."""

from collections.abc import Callable
from uuid import UUID

from ninja import Query, Router, Status

from portal.accounts.permissions import NotAllowed, NotVisible, Principal
from portal.rest import pagination
from portal.rest.openapi import answers
from portal.rest.problems import Problem
from sessions_app.actions import Outcome, chats, deeds
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.sessions import Deed, Session, SessionAnswer, SessionList, SessionQuery, StartSession
from sessions_app.queries import agents, sessions
from sessions_app.queries.live import Place
from sessions_app.queries.sessions import Filter
from sessions_app.queries.shown import private_id

router = Router(tags=["Sessions"])
AS_ASKED = ("state", "user", "version", "channel", "language", "archived", "started_after", "started_before", "q")
NO_REASON = Deed()


@router.get("/sessions", summary="List sessions", **answers(SessionList, "invalid"))
def list_sessions(request: ApiRequest, query: Query[SessionQuery]) -> SessionList:
    """Those you may see, newest first; open ones unless `state` says otherwise."""
    asked = {name: getattr(query, name) for name in AS_ASKED}
    wanted = Filter(agent_ids=_agent_ids(request.auth, query.agent), end_reason=query.end_reason or "", **asked)
    page = sessions.page(request.auth, wanted, limit=query.limit, after=pagination.place(query.cursor, Place.parse))
    return SessionList(
        items=[Session.of(shown, request.auth) for shown in page.items],
        next_cursor=pagination.cursor(Place(*page.after)) if page.after else None,
        server_now=page.now,
    )


@router.post(
    "/sessions",
    summary="Start a session",
    **answers(SessionAnswer, "forbidden", "not_found", "agent_disabled", "invalid", status_201=SessionAnswer),
)
def start_session(request: ApiRequest, body: StartSession) -> Status[SessionAnswer]:
    """201 with a new session; 200 with the open one of `thread`, if it has one."""
    outcome = _start(request.auth, body)
    return Status(201 if outcome.result == "done" else 200, _answer(request.auth, outcome))


@router.get("/sessions/{session}", summary="Look at a session", **answers(SessionAnswer, "not_found"))
def get_session(request: ApiRequest, session: str) -> SessionAnswer:
    return _shown(request.auth, named(session))


@router.post(
    "/sessions/{session}/end",
    summary="End a session",
    **answers(SessionAnswer, "forbidden", "not_found", "state_changed", "invalid"),
)
def end_session(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """Ending one that has ended changes nothing, and is no error."""
    return _do(deeds.end, request.auth, session, body)


@router.post(
    "/sessions/{session}/pause",
    summary="Pause a session",
    **answers(SessionAnswer, "forbidden", "not_found", "session_ended", "state_changed", "invalid"),
)
def pause_session(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """Both clocks stand until it is resumed."""
    return _do(deeds.pause, request.auth, session, body)


@router.post(
    "/sessions/{session}/resume",
    summary="Resume a session",
    **answers(SessionAnswer, "forbidden", "not_found", "session_ended", "state_changed", "invalid"),
)
def resume_session(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """It goes on with exactly the time that was left; messages that were held are put to the bot."""
    return _do(deeds.resume, request.auth, session, body)


@router.post(
    "/sessions/{session}/clear-history",
    summary="Clear one's own view",
    **answers(SessionAnswer, "forbidden", "not_found", "agent_disabled", "state_changed", "invalid"),
)
def clear_history(request: ApiRequest, session: str, body: Deed = NO_REASON) -> SessionAnswer:
    """For the session's user. Answers with the new session, which begins with the prompt."""
    return _do(deeds.clear_history, request.auth, session, body)


def named(session: str) -> UUID:
    """The session's private id. Raises NotVisible for what is no id."""
    id = private_id(session)
    if id is None:
        raise NotVisible
    return id


def _agent_ids(caller: Principal, slug: str | None) -> tuple[int, ...] | None:
    if slug is None:
        return None
    try:
        return (agents.known(caller, slug).pk,)
    except NotVisible:
        sentence = f"There is no agent “{slug}”, or not for you."
        raise Problem("invalid", f"agent: {sentence}", errors={"agent": [sentence]}) from None


def _start(caller: Principal, body: StartSession) -> Outcome:
    agent = agents.known(caller, body.agent)
    if caller.kind != "visitor":
        if body.user is None:
            raise Problem("invalid", "user: This is required.", errors={"user": ["This is required."]})
        user = body.user.model_dump(exclude_none=True)
        return chats.start_for(principal=caller, agent=agent, user=user, thread=body.thread, start=body.start)
    if body.user is not None or body.version == "DRAFT":
        raise NotAllowed
    return chats.start_own(principal=caller, agent=agent, thread=body.thread, start=body.start)


def _do(deed: Callable[..., Outcome], caller: Principal, session: str, body: Deed) -> SessionAnswer:
    outcome = deed(principal=caller, session=named(session), reason=body.reason, seen_state=body.seen_state)
    return _answer(caller, outcome)


def _answer(caller: Principal, outcome: Outcome) -> SessionAnswer:
    assert outcome.session is not None, "what was not refused has a session"
    return _shown(caller, outcome.session.id)


def _shown(caller: Principal, session: UUID) -> SessionAnswer:
    shown = sessions.one(caller, session)
    if shown is None:
        raise NotVisible
    return SessionAnswer.now(shown, caller)
