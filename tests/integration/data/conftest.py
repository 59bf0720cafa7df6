"""A session whose data is looked at and changed, and what is in the tables about it."""

import json
import threading
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import pytest
from django.db import connections

from portal.agents.models import Agent
from portal.lib import redis_client
from sessions_app.actions import Outcome, apply
from sessions_app.core.commands import ChangeData
from sessions_app.models import ChatSession, ChatUser, SessionData, Variable
from tests import cast

PATIENCE_SECONDS = 60


@pytest.fixture(autouse=True)
def _all_limits() -> None:
    """Every test has all its limits."""
    redis_client.client().flushdb()


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    """Ada's, with one turn in it."""
    return cast.chatting(shop, cast.user("ada"))


def patch(session: ChatSession, **variables: Any) -> Outcome:
    (outcome,) = apply([ChangeData(session=session.pk, actor="account:1", patch=variables)])
    return outcome


def variables(session: UUID) -> dict[str, Any]:
    return {row.name: json.loads(row.value) for row in Variable.objects.filter(session=session)}


def kept_bytes(session: UUID) -> int:
    """What is kept as the sum, held against the rows and against the object itself."""
    rows = list(Variable.objects.filter(session=session))
    kept = SessionData.objects.filter(pk=session).values_list("bytes", flat=True).first() or 0
    assert kept == sum(row.size for row in rows)
    whole = {row.name: json.loads(row.value) for row in rows}
    measured = len(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode())
    assert measured == (kept + 1 if rows else 2)
    return kept


def identified(external_id: str = "ada", **values: Any) -> ChatUser:
    """Somebody the site has vouched for."""
    user = cast.user(external_id, **values)
    ChatUser.objects.filter(pk=user.pk).update(identified=True)
    return user


def together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """Do all of it at the same time, each on a connection of its own; what each returned or raised."""
    found: list[Any] = [None] * len(works)
    begin = threading.Barrier(len(works))

    def run(place: int) -> None:
        try:
            begin.wait(PATIENCE_SECONDS)
            found[place] = works[place]()
        except Exception as error:
            found[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)
        assert not thread.is_alive()
    return found
