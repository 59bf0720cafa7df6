"""End, pause, resume from the table: each hits what it was aimed at, or nothing (7-screens.md, 9 and 10)."""

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpResponse
from django.test import Client

from portal.accounts.models import Account
from portal.accounts.names import Role
from portal.agents.models import Agent
from portal.audit.models import Entry
from sessions_app.actions import apply
from sessions_app.core.commands import USER, Pause
from sessions_app.models import ChatSession
from tests import cast

pytestmark = pytest.mark.django_db

JSON = {"Accept": "application/json"}


@pytest.fixture
def session(shop: Agent) -> ChatSession:
    return cast.chatting(shop, cast.user("ada"))


def do(account: Account, session: ChatSession, deed: str, headers: Any = JSON, **sent: str) -> HttpResponse:
    client = Client(headers=headers)
    client.force_login(account)
    return client.post(f"/sessions/{session.pk}/{deed}/", {"seen_state": "live", "agent": "shop", "query": "", **sent})


def state(session: ChatSession) -> str:
    session.refresh_from_db()
    return session.state


def test_pause_and_resume_answer_with_the_row_as_it_is_now(olga: Account, session: ChatSession) -> None:
    paused = do(olga, session, "pause").json()
    assert state(session) == "paused"
    assert (paused["row"]["state"], paused["row"]["row_version"], paused["row"]["fits"]) == ("paused", 2, True)
    assert re.search(r">59:\d\d left<", paused["row"]["html"])
    assert paused["detail"] == "The session of Ada is paused; both clocks stand."

    resumed = do(olga, session, "resume", seen_state="paused").json()
    assert (state(session), resumed["row"]["state"]) == ("live", "live")


def test_end_keeps_the_reason_and_says_that_the_row_leaves_the_view(olga: Account, session: ChatSession) -> None:
    ended = do(olga, session, "end", reason="asked to").json()
    assert state(session) == "ended"
    assert session.end_reason == "owner_ended"
    assert session.events.get(type="session.ended").detail["given"] == "asked to"
    assert (ended["row"]["fits"], "leaves this view" in ended["row"]["html"]) == (False, True)
    entry = Entry.objects.get(verb="session.end")
    assert (entry.account_id, entry.reason) == (olga.pk, "asked to")


def test_an_admin_ends_for_everybody(session: ChatSession) -> None:
    assert do(cast.admin(), session, "end").status_code == 200
    assert state(session) == "ended"
    assert session.end_reason == "admin_ended"


def test_what_has_changed_meanwhile_is_not_hit_and_is_said_in_words(olga: Account, session: ChatSession) -> None:
    apply([Pause(session=session.pk, actor=USER)])
    refused = do(olga, session, "end", seen_state="live")
    assert refused.status_code == 409
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "state_changed"
    assert refused.json()["row"]["state"] == "paused"
    assert refused.json()["detail"].startswith("Nothing was done: you saw this session live, and it is paused by now.")
    assert state(session) == "paused"


def test_what_time_alone_has_changed_is_not_hit_either(olga: Account, session: ChatSession) -> None:
    cast.pass_time(session.pk, timedelta(minutes=40))
    refused = do(olga, session, "pause", seen_state="live")
    assert (refused.status_code, refused.json()["row"]["state"]) == (409, "idle")


def test_ending_what_has_ended_changes_nothing_and_is_no_error(olga: Account, session: ChatSession) -> None:
    do(olga, session, "end")
    ended_at = ChatSession.objects.get(pk=session.pk).ended_at
    assert do(olga, session, "end", seen_state="live").status_code == 200
    assert ChatSession.objects.get(pk=session.pk).ended_at == ended_at
    assert session.events.filter(type="session.ended").count() == 1


def test_the_row_comes_as_its_page_shows_it(olga: Account, session: ChatSession) -> None:
    with_agent = do(olga, session, "pause", agent="").json()["row"]["html"]
    assert 'href="/agents/shop/sessions/"' in with_agent
    fits = do(olga, session, "resume", seen_state="paused", query="state=paused").json()["row"]["fits"]
    assert fits is False


def test_without_a_script_it_goes_back_to_the_page_with_a_sentence(olga: Account, session: ChatSession) -> None:
    done = do(olga, session, "pause", headers={"Accept": "text/html"}, query="state=live&q=ad")
    assert done.headers["Location"] == "/agents/shop/sessions/?state=live&q=ad"
    refused = do(olga, session, "pause", headers={"Accept": "text/html"}, agent="", seen_state="live")
    assert refused.headers["Location"] == "/sessions/"
    assert "Nothing was done: you saw this session live" in refused.client.get("/sessions/").text


def test_nobody_else_may(session: ChatSession, shop: Agent) -> None:
    tara = cast.account("tara", Role.TRANSLATOR)
    cast.translate(tara, shop, "de")
    assert do(cast.account("otto"), session, "end", agent="").status_code == 404
    assert do(cast.account("emil", Role.USER), session, "end", agent="").status_code == 403
    assert do(tara, session, "end").status_code == 403
    assert do(tara, session, "end", agent="").status_code == 403
    assert state(session) == "live"


def test_who_is_not_signed_in_is_sent_there(session: ChatSession) -> None:
    answer = Client().post(f"/sessions/{session.pk}/end/", {"seen_state": "live"}, headers=JSON)
    assert answer.headers["Location"].startswith("/login/")


def test_a_foreign_page_cannot_make_a_browser_do_it(olga: Account, session: ChatSession) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(olga)
    assert client.post(f"/sessions/{session.pk}/end/", {"seen_state": "live"}).status_code == 403
    assert state(session) == "live"


def test_broken_requests_are_no_error_of_the_server(olga: Account, session: ChatSession) -> None:
    client = Client()
    client.force_login(olga)
    assert client.get(f"/sessions/{session.pk}/end/").status_code == 405
    assert client.post("/sessions/nonsense/end/").status_code == 404
    assert client.post(f"/sessions/{uuid4()}/end/").status_code == 404
    assert do(olga, session, "end", seen_state="asleep").status_code == 400
    assert do(olga, session, "pause", reason="\0" * 5 + "x" * 2000).status_code == 200
    assert do(olga, session, "end", agent="nowhere").status_code == 404
