"""emil, an end user with an account, at a browser in which he is signed in."""

import re
from dataclasses import dataclass
from html import unescape

import pytest
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.lib import redis_client
from sessions_app.models import ChatSession, Thread
from tests import cast
from tests.integration.api.conftest import Program


@pytest.fixture(autouse=True)
def _all_limits() -> None:
    """Every test has all its limits."""
    redis_client.client().flushdb()


@dataclass
class Browser:
    """Somebody's browser. `chat` comes to an agent as the widget of the hosted page does."""

    account: Account
    client: Client

    def identity(self, slug: str = "shop") -> str | None:
        """With which the hosted page vouches for who looks at it; None where it does for nobody."""
        page = self.client.get(f"/chat/{slug}/").text
        found = re.search(r' identity="([^"]+)"', page)
        return unescape(found[1]) if found else None

    def chat(self, slug: str = "shop", **body: object) -> Thread:
        """In which nothing has been said yet."""
        answer = Program().post(f"/chat/{slug}", {"identity": self.identity(slug)} | body)
        assert answer.status_code in (200, 201), answer.content
        return Thread.objects.get(pk=answer.body["thread"])

    def chatting(self, slug: str = "shop", text: str = "hello") -> ChatSession:
        """A session in which they have said something."""
        outcome = cast.say(self.chat(slug), text)
        assert outcome.session is not None
        return ChatSession.objects.get(pk=outcome.session.id)

    def sign_out(self) -> None:
        self.client.post("/logout/")


def browser(account: Account) -> Browser:
    client = Client()
    client.force_login(account)
    return Browser(account, client)


@pytest.fixture
def emil(db: None) -> Browser:
    return browser(cast.account("emil", Role.USER, first_name="Emil", last_name="Eriksson"))


@pytest.fixture
def dora(db: None) -> Browser:
    """Another end user."""
    return browser(cast.account("dora", Role.USER))
