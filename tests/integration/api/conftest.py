"""Programs that call the API, each with the credential of somebody in the cast."""

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.test import Client

from portal.accounts import auth
from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.lib import redis_client
from sessions_app.actions import chats
from sessions_app.models import ChatSession, Thread
from tests import cast


@dataclass
class Program:
    """Calls below /api/v1 and reads the JSON of the answer."""

    token: str | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **query: Any) -> Any:
        return self.call("GET", path, query=query)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, headers=headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", path, body, headers=headers)

    def call(self, method: str, path: str, body: Any = None, *, query: Any = None, headers: Any = None) -> Any:
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        bearer = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        given = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        response = Client(headers={**bearer, **self.headers, **given}).generic(
            method, f"/api/v1{path}", content, content_type="application/json", query_params=query or {}
        )
        if response.content:
            response.body = json.loads(response.content)
        return response


def refused(response: Any, status: int, code: str) -> dict[str, Any]:
    """The problem document of a refusal; every one is held to the form of RFC 9457."""
    assert response.status_code == status, response.content
    assert response.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = response.body
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"] == f"urn:portal:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    return problem


def program(account: Account) -> Program:
    return Program(auth.mint_token(account=account, name="test"))


@pytest.fixture(autouse=True)
def _all_limits() -> None:
    """Every test has all its limits."""
    redis_client.client().flushdb()


@pytest.fixture
def owner(olga: Account, shop: Agent) -> Program:
    return program(olga)


@pytest.fixture
def admin(shop: Agent) -> Program:
    return program(cast.admin())


@pytest.fixture
def stranger(shop: Agent) -> Program:
    """The owner of another agent."""
    otto = cast.account("otto")
    cast.agent("helpdesk", owner=otto)
    return program(otto)


@pytest.fixture
def translator(shop: Agent) -> Program:
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    return program(tara)


@pytest.fixture
def nobody(db: None) -> Program:
    return Program()


@dataclass
class Visitor(Program):
    """Somebody with a chat; `session` is their session in it."""

    session: str = ""
    thread: str = ""


@pytest.fixture
def visitor(shop: Agent) -> Visitor:
    return come(shop)


@pytest.fixture
def other_visitor(shop: Agent) -> Visitor:
    return come(shop)


def come(agent: Agent) -> Visitor:
    opened = chats.visit(agent=agent, user_id=None, secret=None)
    (thread,) = Thread.objects.filter(pk=opened.thread_id)
    session = cast.say(thread).session
    assert session is not None
    return Visitor(opened.visitor_token, session=str(session.id), thread=str(thread.pk))


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    """Ada's, with one turn in it."""
    return cast.chatting(shop, cast.user("ada"))
