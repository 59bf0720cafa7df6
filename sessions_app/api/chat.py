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
from portal.agents import models
from portal.agents.core.origins import may_chat
from portal.lib import clock, origin
from portal.rest.fields import STORABLE, Instant
from portal.rest.idempotency import secret_answer
from portal.rest.openapi import answers
from portal.rest.problems import Problem, unauthenticated
from portal.rest.throttling import Limit, network
from sessions_app.actions import chats
from sessions_app.api.agents import AgentName
from sessions_app.api.schemas.fields import Body, Language
from sessions_app.queries import agents, visitors

router = Router(tags=["Chat"])
LIMIT = Limit("chat", most=settings.CHAT_STARTS_PER_MINUTE, seconds=60)


Token = Annotated[str, StringConstraints(max_length=200), STORABLE]


class StartChat(Body):
    visitor_token: Token | None = None
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
    **answers(Chat, "forbidden", "not_found", "agent_disabled", "invalid", "rate_limited", status_201=Chat, status=200),
)
@secret_answer
def start_chat(request: ChatRequest, slug: str, body: StartChat = NEW_VISITOR) -> Status[Chat]:  # noqa: ARG001
    """201 for a new visitor, 200 for one who comes back with a token. No session starts before the chat is opened."""
    agent = _open(request.agent)
    known = _known(agent, body.visitor_token)
    opened = chats.visit(agent=agent, user_id=known, secret=body.visitor_token)
    chat = Chat(
        visitor_token=opened.visitor_token,
        agent=AgentName.model_validate(agent, from_attributes=True),
        thread=opened.thread_id,
        language=spoken(body.language, agent.languages) or agent.default_language,
        server_now=clock.now(),
    )
    return Status(200 if known else 201, chat)


def _open(agent: models.Agent | None) -> models.Agent:
    if agent is None:
        raise NotVisible
    if agent.status == models.Status.DISABLED:
        raise Problem("agent_disabled", f"{agent.name} is not open for chats at the moment.")
    return agent


def _known(agent: models.Agent, token: str | None) -> UUID | None:
    """The user of the token, counted by themselves; everybody else is new and counted by their address."""
    user = visitors.user_of(token, realm=agent.realm) if token else None
    LIMIT.take(f"user-{user}" if user else network(origin.current().address))
    if token and user is None:
        raise unauthenticated("This visitor token is unknown or has expired; ask again without it.")
    return user
