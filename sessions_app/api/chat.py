"""Where a chat begins: a visitor gets a token and a thread (3-api.md, "Chat"; docs/chat-protocol.md)."""

from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from pydantic import BaseModel, StringConstraints

from localization.core.languages import spoken
from portal.accounts.permissions import NotVisible
from portal.agents import auth, models
from portal.agents.core.identity import LONGEST as LONGEST_IDENTITY
from portal.agents.core.identity import Identity
from portal.agents.core.origins import may_chat
from portal.lib import clock, origin
from portal.rest.auth import not_known
from portal.rest.fields import STORABLE, Instant
from portal.rest.idempotency import secret_answer
from portal.rest.openapi import answers
from portal.rest.problems import Problem, unauthenticated
from portal.rest.throttling import Limit, network
from sessions_app.actions import chats, identifying
from sessions_app.actions.visiting import Opened
from sessions_app.api.agents import AgentName
from sessions_app.api.schemas.fields import Body, Language
from sessions_app.queries import agents, visitors

router = Router(tags=["Chat"])
LIMIT = Limit("chat", most=settings.CHAT_STARTS_PER_MINUTE, seconds=60)


Token = Annotated[str, StringConstraints(max_length=200), STORABLE]
SignedIdentity = Annotated[str, StringConstraints(max_length=LONGEST_IDENTITY), STORABLE]


class StartChat(Body):
    """Who comes: `visitor_token` as an earlier answer gave it; `identity`, a JWT with which your site vouches for its
    user, signed with HS256 and the agent's identity secret: `sub`, `exp` at most 24 hours ahead, and if you like
    `name`, `email`, `locale`."""

    visitor_token: Token | None = None
    identity: SignedIdentity | None = None
    language: Language | None = None


NEW_VISITOR = StartChat()


class Chat(BaseModel):
    """A visitor's way in. `language` is the agent's that comes nearest to the one asked for. No session has started."""

    visitor_token: str
    agent: AgentName
    thread: UUID
    language: str
    server_now: Instant


class ChatRequest(HttpRequest):
    agent: models.Agent | None  # of the address


# ── pages of other origins ───────────────────────────────────────────────────────────────────────────────────────────
View = Callable[..., HttpResponse]


def from_allowed_origins(view: View) -> View:
    """The origins that the agent lists may read every answer, errors too; others get a 403. Programs send no origin."""

    @wraps(view)
    def guarded(request: ChatRequest, **address: Any) -> HttpResponse:
        request.agent = agents.by_slug(address["slug"])
        page = request.headers.get("Origin")
        allowed = request.agent.allowed_origins if request.agent else ()
        if not may_chat(page, allowed=allowed, own=settings.OWN_ORIGINS):
            raise Problem("forbidden", f"{page} is not among the origins that may chat with this agent.")
        return _readable_by(page, view(request, **address))

    return guarded


def _readable_by(page: str | None, response: HttpResponse) -> HttpResponse:
    response.headers["Vary"] = "Origin"
    if page is not None:
        response.headers["Access-Control-Allow-Origin"] = page
        response.headers["Access-Control-Expose-Headers"] = "Retry-After"
    return response


router.add_decorator(from_allowed_origins, mode="view")


REFUSALS = ("forbidden", "not_found", "agent_disabled", "invalid", "session_limit_reached", "rate_limited")


# ── the operations ───────────────────────────────────────────────────────────────────────────────────────────────────
@router.api_operation(["OPTIONS"], "/chat/{slug:slug}", auth=None, include_in_schema=False)
def preflight(request: ChatRequest, slug: str) -> HttpResponse:  # noqa: ARG001
    """What a browser asks before it lets a page of another origin send JSON."""
    headers = {
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "600",
    }
    return HttpResponse(status=204, headers=headers)


@router.post(
    "/chat/{slug:slug}",
    auth=None,
    summary="Begin a chat",
    **answers(Chat, *REFUSALS, status_201=Chat, status=200),
)
@secret_answer
def start_chat(request: ChatRequest, slug: str, body: StartChat = NEW_VISITOR) -> Status[Chat]:  # noqa: ARG001
    """201 with a new visitor token, 200 when the one that was sent goes on. With an `identity` the chat is that of the
    user your site vouches for, on whatever device; an anonymous visitor's becomes theirs. Without one, an agent that
    requires it answers 401. No session starts before the chat is opened."""
    agent = _open(request.agent)
    known = _known(agent, body)
    identity = _identity(agent, body.identity)
    opened = _enter(agent, known, body.visitor_token, identity)
    chat = Chat(
        visitor_token=opened.visitor_token,
        agent=AgentName.model_validate(agent, from_attributes=True),
        thread=opened.thread_id,
        language=_language(agent, body.language, identity.locale if identity else None),
        server_now=clock.now(),
    )
    return Status(200 if opened.visitor_token == body.visitor_token else 201, chat)


def _open(agent: models.Agent | None) -> models.Agent:
    if agent is None:
        raise NotVisible
    if agent.status == models.Status.DISABLED:
        raise Problem("agent_disabled", f"{agent.name} is not open for chats at the moment.")
    return agent


def _known(agent: models.Agent, body: StartChat) -> UUID | None:
    """The user of the token, counted by themselves; everybody else is new and counted by their address. The token of
    somebody who signed in to the Portal counts beside an identity alone: the browser may be another person's now."""
    token, vouched = body.visitor_token, body.identity is not None
    user = visitors.user_of(token, realm=agent.realm, of_accounts=vouched) if token else None
    LIMIT.take(f"user-{user}" if user else network(origin.current().address))
    if token and user is None:
        raise not_known("visitor token", "This visitor token is unknown or has expired; ask again without it.")
    return user


def _identity(agent: models.Agent, token: str | None) -> Identity | None:
    if token is None:
        return None
    if not auth.takes(agent, token):
        raise _not_identified("This agent takes no identity; its settings say so.")
    try:
        return auth.identified(agent, token)
    except auth.NotIdentified as refused:
        raise _not_identified(str(refused)) from None


def _not_identified(sentence: str) -> Problem:
    return Problem("invalid", f"identity: {sentence}", errors={"identity": [sentence]})


def _enter(agent: models.Agent, known: UUID | None, token: str | None, identity: Identity | None) -> Opened:
    try:
        if identity is None:
            return chats.visit(agent=agent, user_id=known, secret=token)
        return identifying.identify(agent=agent, identity=identity, user_id=known, secret=token)
    except chats.IdentityRequired:
        raise unauthenticated("This agent chats with people whom their site has identified: send `identity`.") from None
    except identifying.NoRoom as full:
        taken = [str(session) for session in full.open_sessions]
        raise Problem("session_limit_reached", identifying.FULL, members={"open_sessions": taken}) from None


def _language(agent: models.Agent, *wanted: str | None) -> str:
    """The agent's that comes nearest to the first it has something for."""
    found = (spoken(tag, agent.languages) for tag in wanted if tag)
    return next(filter(None, found), agent.default_language)
