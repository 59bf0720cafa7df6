"""Ada chats with the shop, and olga has the page of her session open."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from portal.accounts.models import Account
from portal.agents.models import Agent
from portal.audit.models import Entry, Words
from sessions_app.models import ChatSession
from tests import cast


@dataclass
class Desk:
    """Somebody's browser, before the pages of sessions."""

    account: Account
    client: Client

    def page(self, session: ChatSession, **asked: Any) -> str:
        answer = self.client.get(address(session), asked)
        assert answer.status_code == 200, answer.content
        return answer.text

    def words(self, session: ChatSession, **asked: Any) -> str:
        """What is to be read on it, each word after the other."""
        inside = self.page(session, **asked).split("<main", 1)[1].split("</main>", 1)[0]
        return " ".join(unescape(re.sub(r"<[^>]*>", " ", inside)).split())

    def status(self, session: ChatSession, path: str = "") -> int:
        return self.client.get(address(session) + path).status_code

    def do(self, session: ChatSession, deed: str, seen: str = "live", **more: str) -> str:
        """What they are told."""
        answer = self.client.post(address(session) + "do/", {"deed": deed, "seen_state": seen} | more)
        assert (answer.status_code, answer.headers["Location"]) == (302, address(session))
        (told,) = (str(message) for message in get_messages(answer.wsgi_request))
        self.client.get("/agents/")
        session.refresh_from_db()
        return told

    def write(self, session: ChatSession, text: str, *, htmx: bool = False, **more: str) -> Any:
        headers = {"HX-Request": "true"} if htmx else {}
        return self.client.post(address(session) + "write/", {"text": text} | more, headers=headers)


def address(session: ChatSession) -> str:
    return f"/sessions/{session.pk}/"


def desk(account: Account) -> Desk:
    return Desk(account, cast.sign_in(Client(), account))


def deeds(verb: str) -> list[Mapping[str, Any]]:
    """What the audit log says of that verb, oldest first."""
    found = Entry.objects.filter(verb=verb).order_by("pk")
    subjects = dict(Words.objects.values_list("entry_id", "subject"))
    return [{"by": entry.account_id, "what": subjects[entry.pk]} for entry in found]


@pytest.fixture
def ada(shop: Agent) -> ChatSession:
    return cast.chatting(shop, cast.user("ada"))


@pytest.fixture
def at(olga: Account) -> Desk:
    """olga's desk."""
    return desk(olga)
