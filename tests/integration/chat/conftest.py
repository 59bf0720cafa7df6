"""A visitor of an agent, without the HTTP door in front."""

from typing import NamedTuple

import pytest

from sessions_app.actions import chats
from tests import cast
from tests.integration.chat.client import Client


class Visitor(NamedTuple):
    site: str
    token: str
    thread: str

    def connect(self, **values: object) -> Client:
        return Client(self.site, self.token, **values)  # type: ignore[arg-type]


@pytest.fixture
def visitor(site: str) -> Visitor:
    """Of the agent `shop`, an external one: nothing answers by itself."""
    opened = chats.visit(agent=cast.agent(), user_id=None, secret=None)
    return Visitor(site, opened.visitor_token, str(opened.thread_id))
