"""Sessions: list, start, look at one, do something to many. What is done to one is in `deeds`."""

from typing import Any
from uuid import UUID

from ninja import Query, Router, Status

from portal.accounts.permissions import NotAllowed, NotVisible, Principal
from portal.lib import clock
from portal.rest import pagination
from portal.rest.openapi import answers
from portal.rest.problems import Problem
from sessions_app.actions import Outcome, bulk, chats
from sessions_app.api.caller import ApiRequest
from sessions_app.api.schemas.sessions import (
    Bulk,
    BulkAnswer,
    BulkItem,
    Session,
    SessionAnswer,
    SessionFilter,
    SessionList,
    SessionQuery,
    SessionsWanted,
    StartSession,
)
from sessions_app.queries import agents, sessions
from sessions_app.queries.live import Place
from sessions_app.queries.sessions import Filter
from sessions_app.queries.shown import private_id

router = Router(tags=["Sessions"])
AS_ASKED = ("state", "version", "archived", "started_after", "started_before")
WHY_NOT_STARTED = ("state_changed", "live_chat_running", "agent_disabled", "session_limit_reached")
IF_GIVEN = ("user", "channel", "language", "end_reason", "q")


@router.get("/sessions", summary="List sessions", **answers(SessionList, "invalid"))
def list_sessions(request: ApiRequest, query: Query[SessionQuery]) -> SessionList:
    """Those you may see, newest first; open ones unless `state` says otherwise."""
    wanted = filter_of(request.auth, query)
    page = sessions.page(request.auth, wanted, limit=query.limit, after=pagination.place(query.cursor, Place.parse))
    return SessionList(
        items=[Session.of(shown, request.auth) for shown in page.items],
        next_cursor=pagination.cursor(Place(*page.after)) if page.after else None,
        server_now=page.now,
    )


@router.post(
    "/sessions",
    summary="Start a session",
    **answers(SessionAnswer, "forbidden", "not_found", *WHY_NOT_STARTED, "invalid", status_201=SessionAnswer),
)
def start_session(request: ApiRequest, body: StartSession) -> Status[SessionAnswer]:
    """201 with a new session; 200 with the open one of `thread`, if it has one."""
    outcome = _start(request.auth, body)
    return Status(201 if outcome.result == "done" else 200, answer(request.auth, outcome))


@router.post(
    "/sessions/bulk",
    summary="Do one thing to many sessions",
    **answers(BulkAnswer, "state_changed", "invalid"),
)
def bulk_sessions(request: ApiRequest, body: Bulk) -> BulkAnswer:
    """Each is done, or told why not, by itself. With `expect`, nothing is done when there are more or fewer."""
    ids = None if body.ids is None else [private_id(id) for id in body.ids]
    found = bulk.bulk(
        principal=request.auth,
        action=body.action,
        ids=[id for id in ids if id is not None] if ids is not None else None,
        wanted=filter_of(request.auth, body.filter) if body.filter else None,
        expect=body.expect,
        reason=body.reason,
    )
    return BulkAnswer(items=_bulk_items(body.ids, found), server_now=clock.now())


@router.get("/sessions/{session}", summary="Look at a session", **answers(SessionAnswer, "not_found"))
def get_session(request: ApiRequest, session: str) -> SessionAnswer:
    return shown(request.auth, named(session))


def _bulk_items(asked: list[str] | None, found: list[bulk.Item]) -> list[BulkItem]:
    """In the order asked, under the ids asked by."""
    if asked is None:
        return [BulkItem(id=item.public_id, result=item.result, reason=item.reason) for item in found]
    by_id = {item.id: item for item in found}
    return [_bulk_item(id, by_id.get(private_id(id) or UUID(int=0))) for id in dict.fromkeys(asked)]


def _bulk_item(id: str, item: bulk.Item | None) -> BulkItem:
    if item is None:
        return BulkItem(id=id, result="denied", reason="not_found")
    return BulkItem(id=id, result=item.result, reason=item.reason)


def named(session: str) -> UUID:
    """The session's private id. Raises NotVisible for what is no id."""
    id = private_id(session)
    if id is None:
        raise NotVisible
    return id


def filter_of(caller: Principal, asked: SessionsWanted | SessionFilter) -> Filter:
    """Raises Problem for an agent that is not there for this caller."""
    given: dict[str, Any] = {name: getattr(asked, name) for name in AS_ASKED}
    given |= {name: getattr(asked, name) or "" for name in IF_GIVEN}
    return Filter(agent_ids=_agent_ids(caller, asked.agent), **given)


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


def answer(caller: Principal, outcome: Outcome) -> SessionAnswer:
    assert outcome.session is not None, "what was not refused has a session"
    return shown(caller, outcome.session.id)


def shown(caller: Principal, session: UUID) -> SessionAnswer:
    found = sessions.one(caller, session)
    if found is None:
        raise NotVisible
    return SessionAnswer.now(found, caller)
